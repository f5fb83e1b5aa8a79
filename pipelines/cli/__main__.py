"""``python -m pipelines.cli`` is the command ``iccs``."""

from pipelines.cli.main import main

raise SystemExit(main())
