"""What pyproject.toml cannot say: the inputs of the demonstration and the notebooks become part of the wheel."""

from pathlib import Path
from shutil import copyfile, copytree

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithDemonstration(build_py):
    """Copies them from ``data`` and ``notebooks`` into ``pipelines.project``; a checkout has them where they are."""

    def run(self) -> None:
        """Build."""
        super().run()
        if not self.editable_mode:
            target = Path(self.build_lib, "pipelines", "project", "demonstration")
            copytree("data/input", target / "input", dirs_exist_ok=True)
            copyfile("data/README.md", target / "README.md")
            copytree("notebooks", target.parent / "notebooks", dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithDemonstration})
