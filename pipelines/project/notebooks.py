"""The package's notebooks in a project: as notebooks to open, and as HTML pages to read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from schemas.errors import UsageError

_NEEDED = ("jupyterlab", "jupytext", "nbclient", "nbconvert", "ipykernel")
_LONGEST_SECONDS = 600
_NO_ASSETS = {"mathjax_url": "", "require_js_url": "", "jquery_url": "", "mermaid_js_url": ""}
"""An HTML page must not load scripts from other machines."""


def write_notebooks(folder: Path) -> list[Path]:
    """Write the package's notebooks that a folder does not have yet; an existing one is somebody's work and stays.

    They are packaged as scripts (jupytext, ``py:percent``), which are reviewed line by line, and written as ``.ipynb``,
    which JupyterLab opens on a double click.

    Args:
        folder: created if it does not exist.

    Returns:
        The notebooks written.

    Raises:
        UsageError: the packages that notebooks need are not installed.
    """
    check_installed()
    import jupytext

    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for script in _packaged():
        target = folder / f"{script.stem}.ipynb"
        if not target.exists():
            jupytext.write(jupytext.read(script), target)
            written.append(target)
    return written


def open_jupyter(folder: Path, environment: Mapping[str, str], *, browser: bool = True) -> int:
    """Open JupyterLab on a folder, on this machine only, and return its exit code when it ends.

    Args:
        folder: with the notebooks.
        environment: variables to add to those of this process: where the release is.
        browser: open it in the browser; otherwise only print the address.
    """
    check_installed()
    command = [sys.executable, "-P", "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={folder}"]
    return subprocess.run(
        [*command, *([] if browser else ["--no-browser"])], env={**os.environ, **environment}, check=False
    ).returncode


def write_pages(folder: Path, environment: Mapping[str, str]) -> Iterator[Path]:
    """Run every notebook of a folder, one after the other and in that folder, and write each as an HTML page beside it.

    Raises:
        UsageError: the packages are not installed, there is no notebook, or a cell fails (which is named).
    """
    check_installed()
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from nbconvert import HTMLExporter

    paths = sorted(folder.glob("*.ipynb"))
    if not paths:
        raise UsageError(f"{folder}: there is no notebook; iccs notebook adds those of the package")
    for path in paths:
        notebook = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
        client = NotebookClient(notebook, timeout=_LONGEST_SECONDS, resources={"metadata": {"path": str(folder)}})
        try:
            client.execute(env={**os.environ, **environment})
        except CellExecutionError as error:
            raise UsageError(f"{path}: {error.ename}: {error.evalue}") from error
        except (CellTimeoutError, DeadKernelError) as error:
            raise UsageError(f"{path}: its kernel ended, or took more than {_LONGEST_SECONDS} s: {error}") from error
        page, _ = HTMLExporter(**_NO_ASSETS).from_notebook_node(notebook)
        target = path.with_suffix(".html")
        target.write_text(page, encoding="utf-8")
        yield target


def check_installed() -> None:
    """Check that the packages that notebooks need are installed.

    Raises:
        UsageError: they are not; says how to install them.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise UsageError(f"notebooks need {', '.join(missing)}: pip install 'iccs-pipelines[notebook]'")


def _packaged() -> list[Path]:
    """Return the folder of the scripts: in the built package, or in the checkout."""
    package = Path(str(resources.files("pipelines")))
    for folder in (package / "project" / "notebooks", package.parent / "notebooks"):
        if found := sorted(folder.glob("[1-9]_*.py")):
            return found
    raise UsageError("this installation does not include the notebooks; install the wheel, or use a checkout")
