"""Files packed in every way: read right, or refused with the kind of damage; the same for tables and for incidents.

What is right are the figures written here, 7 and 5; what is refused is known from how the file was made.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib

import pytest
from tiny_source import Tiny

from pipelines.collect.acquire import acquire
from pipelines.harmonise.reconcile import account
from pipelines.harmonise.tally import tally
from pipelines.system.connection import connect
from pipelines.system.errors import DataRefused
from pipelines.system.removal import make_work_folder

ROWS = b"area,year,code,n\n13,2024,HOM,7\n14,2024,HOM,5\n"
PACKED = gzip.compress(ROWS)


def archive(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as made:
        for name, text in members:
            made.writestr(name, text)
    return content.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    """An entry that is a link of Unix; what stands in it is where it leads to."""
    made = zipfile.ZipInfo(name)
    made.create_system, made.external_attr = 3, 0o120777 << 16
    return made


def zip64() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as made, made.open("t.csv", "w", force_zip64=True) as member:
        member.write(ROWS)
    return content.getvalue()


def tar(mode: str) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode=mode) as made:  # type: ignore[call-overload]
        entry = tarfile.TarInfo("t.csv")
        entry.size = len(ROWS)
        made.addfile(entry, io.BytesIO(ROWS))
    return content.getvalue()


ZIP = archive(("t.csv", ROWS))
LOCKED = bytearray(ZIP)  # the bit for encryption, in both places that have it
LOCKED[6] |= 1
LOCKED[ZIP.index(b"PK\x01\x02") + 8] |= 1

READ = {
    "plain": ("t.csv", ROWS),
    "gzip": ("t.csv.gz", PACKED),
    "gzip under the name of text": ("t.csv", PACKED),
    "text under the name of gzip": ("t.csv.gz", ROWS),
    "gzip in several members": ("t.csv.gz", gzip.compress(ROWS[:20]) + gzip.compress(b"") + gzip.compress(ROWS[20:])),
    "bzip2 under the name of gzip": ("t.csv.gz", bz2.compress(ROWS)),
    "xz under the name of text": ("t.csv", lzma.compress(ROWS)),
    "zip": ("t.csv.zip", ZIP),
    "zip under the name of text": ("t.csv", ZIP),
    "zip64": ("t.csv.zip", zip64()),
    "zip with bytes behind it": ("t.csv.zip", ZIP + b"junk"),
    "zip with a name from the root": ("t.csv.zip", archive(("/etc/t.csv", ROWS))),
    "zip with a name above the folder": ("t.csv.zip", archive(("../../t.csv", ROWS))),
    "zip packed with lzma": ("t.csv.zip", archive(("t.csv", ROWS), method=zipfile.ZIP_LZMA)),
}
REFUSED = {
    "gzip in gzip": ("t.csv.gz", gzip.compress(PACKED), "file_not_readable", "a gzip file; unpack it"),
    "gzip in zip": ("t.csv.zip", archive(("t.csv.gz", PACKED)), "file_not_readable", "a gzip file; unpack it"),
    "zip in gzip": ("t.csv.gz", gzip.compress(ZIP), "file_not_readable", "a zip archive"),
    "zip in zip": ("t.csv.zip", archive(("t.zip", ZIP)), "file_not_readable", "a zip archive"),
    "tar": ("t.csv", tar("w"), "file_not_readable", "a tar archive; unpack it"),
    "tar packed with gzip": ("t.csv.gz", tar("w:gz"), "file_not_readable", "a tar archive; unpack it"),
    "7-Zip": ("t.csv", b"7z\xbc\xaf\x27\x1c\x00\x04" + bytes(60), "file_not_readable", "a 7-Zip archive; unpack it"),
    "RAR": ("t.csv", b"Rar!\x1a\x07\x01\x00" + bytes(60), "file_not_readable", "a RAR archive; unpack it"),
    "compress": ("t.csv", b"\x1f\x9d\x90" + bytes(range(60)), "file_not_readable", "compress (.Z); unpack it"),
    "LZ4": ("t.csv", b"\x04\x22\x4d\x18" + bytes(range(60)), "file_not_readable", "an LZ4 file; unpack it"),
    "locked zip": ("t.csv.zip", bytes(LOCKED), "file_not_readable", "protected by a password"),
    "link in a zip": ("t.csv.zip", archive((link("t.csv"), b"/etc/passwd")), "file_not_readable", "'t.csv' is a link"),
    "link beside a file in a zip": (
        *("t.csv.zip", archive((link("a.csv"), b"/etc/passwd"), ("t.csv", ROWS))),
        *("file_not_readable", "'a.csv' is a link"),
    ),
    "gzip with a wrong size": (
        *("t.csv.gz", PACKED[:-4] + struct.pack("<I", len(ROWS) + 5)),
        *("file_truncated", "Incorrect length"),
    ),
    "gzip with a wrong checksum": ("t.csv.gz", PACKED[:-8] + bytes(4) + PACKED[-4:], "file_truncated", "CRC"),
    "gzip without its end": ("t.csv.gz", PACKED[:-8], "file_truncated", "truncated"),
    "gzip with text behind it": ("t.csv.gz", PACKED + b"and more", "file_truncated", ""),
    "second member of gzip cut": ("t.csv.gz", PACKED + gzip.compress(ROWS)[:-9], "file_truncated", "truncated"),
    "zip with a wrong checksum": (
        *("t.csv.zip", ZIP.replace(struct.pack("<I", zlib.crc32(ROWS)), b"\x01\x02\x03\x04")),
        *("file_truncated", "CRC"),
    ),
    "half a zip": ("t.csv.zip", ZIP[:-30], "file_truncated", "damaged"),
}


def declare(tiny: Tiny, kind: str) -> None:
    of_persons = "kind: incident\ndates: [YYYY]\nrows: parts\n" if kind == "incident" else ""
    tiny.declare(
        f"{of_persons}layouts:\n  - files: ['*.csv', '*.csv.gz', '*.zip']\n"
        "    read: {columns: [area, year, code, n]}\narea_scheme: inegi\n"
        "columns: {ref_area: area, time_period: year, national_code: code, value: n}\n"
        "measures:\n  victims: {stage: recorded, counting_unit: victim}\n"
    )


def figures(tiny: Tiny, kind: str) -> list[float]:
    """The values that the source has, by area, after every row was accounted for."""
    source, settings = tiny.source, tiny.settings
    with connect(settings) as connection:
        if kind == "incident":
            work = make_work_folder(settings) / source.source_id
            work.mkdir()
            account(
                source, tally(source, acquire(source, settings, tiny.given), settings, work), connection, settings, work
            )
        else:
            tiny.account(connection)
        return [value for (value,) in connection.execute("SELECT value FROM core ORDER BY ref_area").fetchall()]


@pytest.mark.parametrize("kind", ["table", "incident"])
@pytest.mark.parametrize("name", READ)
def test_a_packed_file_is_read_by_what_it_is_and_not_by_its_name(tiny: Tiny, name: str, kind: str) -> None:
    declare(tiny, kind)
    tiny.give(*READ[name])
    assert figures(tiny, kind) == [7, 5]


@pytest.mark.parametrize("kind", ["table", "incident"])
@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_unpacked_is_refused_with_its_kind(tiny: Tiny, name: str, kind: str) -> None:
    given, content, rule, said = REFUSED[name]
    declare(tiny, kind)
    tiny.give(given, content)
    with pytest.raises(DataRefused) as refused:
        figures(tiny, kind)
    (problem,) = refused.value.problems
    assert problem.rule == rule
    assert said in problem.found
    assert "IO Error" not in problem.found
    assert problem.file is not None and problem.file.startswith(given)
