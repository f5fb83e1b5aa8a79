"""``python -m pipelines.cli`` is the command ``iccs``.

Python puts the current folder first on the module path, so a ``numpy.py`` beside the data would be run. The folder is
removed before anything is imported that Python has not already loaded, unless the program itself is there.
"""

import os  # loaded already, as sys is
import sys

_HERE = os.path.realpath(os.getcwd())  # noqa: PTH109 (pathlib may be anybody's here)
if not os.path.realpath(__file__).startswith(os.path.join(_HERE, "pipelines", "")):  # noqa: PTH118
    sys.path[:] = [place for place in sys.path if place and os.path.realpath(place) != _HERE]

from pipelines.cli.main import main  # noqa: E402 (after the path is safe)

raise SystemExit(main())
