"""What pyproject.toml cannot say: the inputs of the demonstration and the notebooks become part of the wheel."""

import re
from hashlib import sha256
from pathlib import Path
from shutil import copyfile

from setuptools import setup
from setuptools.command.build_py import build_py

LISTED = re.compile(r"^\| `(\w+/[\w.-]+)` \|.*`([0-9a-f]{64})` \|$", re.MULTILINE)
NOTEBOOKS = (
    "1_first_look",
    "2_comparing_countries",
    "3_victims_by_sex_and_age",
    "4_regions",
    "5_what_changed",
    "6_did_it_work",
    "7_add_a_country",
)


class BuildWithDemonstration(build_py):
    """Copies the files that ``data/README.md`` lists, and the notebooks, but nothing that lies beside them."""

    def run(self) -> None:
        """Build."""
        super().run()
        if self.editable_mode:
            return  # a checkout has them where they are
        target = Path(self.build_lib, "pipelines", "project", "demonstration")
        for name, digest in LISTED.findall(Path("data/README.md").read_text(encoding="utf-8")):
            origin, copy = Path("data/input", name), target / "input" / name
            if sha256(origin.read_bytes()).hexdigest() != digest:
                raise SystemExit(f"{origin} is not the file that data/README.md lists: its sha256 differs")
            copy.parent.mkdir(parents=True, exist_ok=True)
            copyfile(origin, copy)
        copyfile("data/README.md", target / "README.md")
        for name in NOTEBOOKS:
            copy = target.parent / "notebooks" / f"{name}.py"
            copy.parent.mkdir(parents=True, exist_ok=True)
            copyfile(Path("notebooks", copy.name), copy)


setup(cmdclass={"build_py": BuildWithDemonstration})
