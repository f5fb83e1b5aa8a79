"""Bytes become text, or are refused: never replaced, never cut."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.collect.acquire import RawFile
from pipelines.collect.decode import check_start, decode_to_utf8
from pipelines.system.errors import DataRefused, Problem
from schemas.definition.layouts import ReadOptions

TEXT = ReadOptions(columns=("n",))
PIECE = 1 << 20  # the pieces in which files are read


def _file(folder: Path, content: bytes, name: str = "file.csv") -> RawFile:
    path = folder / name
    path.write_bytes(content)
    return RawFile(name=name, path=path, sha256="", size=len(content), layout=0, first_seen="2026-11-22")


def _decode(folder: Path, content: bytes, encoding: str = "utf-8", limit_mib: int = 16) -> str:
    target = folder / "decoded.csv"
    decode_to_utf8("xx", _file(folder, content), encoding, target, limit_mib)
    return target.read_bytes().decode("utf-8")


def _refused(folder: Path, content: bytes, encoding: str = "utf-8", limit_mib: int = 16) -> Problem:
    with pytest.raises(DataRefused) as refused:
        _decode(folder, content, encoding, limit_mib)
    (problem,) = refused.value.problems
    return problem


def _lines_up_to(size: int) -> str:
    """ASCII lines of exactly this many bytes."""
    line = "2024,14,HOM,1\n"
    return (line * (size // len(line) + 1))[: size - 1] + "\n"


@pytest.mark.parametrize("letter", ["ó", "€", "𝛿"])
@pytest.mark.parametrize("before", [1, 2, 3])
def test_letter_split_between_two_pieces_is_read_whole(tmp_path: Path, letter: str, before: int) -> None:
    # `before` bytes of the letter at the end of the first piece, where it has more than that.
    head = _lines_up_to(PIECE - before)
    text = f"{head}{letter}rdoba,5\nlast,1\n"

    assert _decode(tmp_path, text.encode()) == text


def test_latin_1_over_several_pieces(tmp_path: Path) -> None:
    text = _lines_up_to(PIECE - 3) + "Córdoba,Año\n" + _lines_up_to(PIECE) + "Ñuble\n"

    assert _decode(tmp_path, text.encode("latin-1"), "latin-1") == text


def test_byte_order_mark_goes_only_at_the_start(tmp_path: Path) -> None:
    assert _decode(tmp_path, "\ufeffaño,\ufeffn\n".encode()) == "año,\ufeffn\n"


def test_gzip_is_opened_whatever_the_name(tmp_path: Path) -> None:
    assert _decode(tmp_path, gzip.compress("año\n".encode(), mtime=0)) == "año\n"


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_other_packings_are_opened_whatever_the_name(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    assert _decode(tmp_path, pack("año\n".encode())) == "año\n"
    assert _refused(tmp_path, pack(b"one\n" * 100_000)[:-20]).rule == "file_truncated"


@pytest.mark.parametrize("end", [b"\x1a", b"\n\x1a", b"\r\n\x1a\r\n", b"\x1a" * 128])
def test_the_mark_by_which_old_programs_end_a_file_is_no_text(tmp_path: Path, end: bytes) -> None:
    assert _decode(tmp_path, b"n\n1" + end) in ("n\n1", "n\n1\n")


def test_the_same_mark_inside_a_text_stays(tmp_path: Path) -> None:
    assert _decode(tmp_path, b"n\n1\x1a2\n") == "n\n1\x1a2\n"


def test_utf_16(tmp_path: Path) -> None:
    text = "año,n\n" + _lines_up_to(PIECE)

    assert _decode(tmp_path, text.encode("utf-16"), "utf-16") == text


# --- what is refused -----------------------------------------------------------------------------


def test_wrong_byte_is_told_with_its_line_also_after_the_first_piece(tmp_path: Path) -> None:
    head = _lines_up_to(PIECE)
    good_lines = head.count("\n") + 2

    problem = _refused(tmp_path, head.encode() + b"one\ntwo\nC\xf3rdoba\n")

    assert problem.rule == "wrong_encoding"
    assert problem.row == good_lines + 1
    assert "0xf3" in problem.found
    assert "latin-1" in problem.found


def test_text_that_ends_in_half_a_letter(tmp_path: Path) -> None:
    problem = _refused(tmp_path, "one\nCórdob".encode() + "ó".encode()[:1])

    assert (problem.rule, problem.row) == ("wrong_encoding", 2)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "iso-8859-15"])
def test_utf8_declared_as_a_single_byte_encoding(tmp_path: Path, encoding: str) -> None:
    assert _refused(tmp_path, "Córdoba\n".encode(), encoding).rule == "wrong_encoding"


def test_a_file_without_the_mark_that_its_encoding_needs(tmp_path: Path) -> None:
    problem = _refused(tmp_path, b"area,year,code,n\n13,2024,HOM,7..\n", "utf-16")
    assert problem.rule == "wrong_encoding"
    assert "declare utf-16-le or utf-16-be" in problem.found


def test_plain_ascii_is_right_in_every_encoding(tmp_path: Path) -> None:
    assert _decode(tmp_path, b"Cordoba\n", "latin-1") == "Cordoba\n"


def test_cp1252_has_bytes_that_mean_nothing(tmp_path: Path) -> None:
    assert _refused(tmp_path, b"one\ntwo\x81\n", "cp1252").row == 2


def test_gzip_that_breaks_off_is_told_with_the_line(tmp_path: Path) -> None:
    import random

    digits = random.Random(1)
    text = "".join(f"{digits.random()}\n" for _ in range(80_000))  # does not compress well: several pieces
    whole = gzip.compress(text.encode(), mtime=0)

    problem = _refused(tmp_path, whole[: len(whole) // 2])

    assert problem.rule == "file_truncated"
    assert "line" in problem.found


def test_gzip_with_a_wrong_checksum(tmp_path: Path) -> None:
    whole = bytearray(gzip.compress(b"one\n" * 1000, mtime=0))
    whole[-8] ^= 0xFF

    assert _refused(tmp_path, bytes(whole)).rule == "file_truncated"


def test_file_that_unpacks_beyond_the_limit(tmp_path: Path) -> None:
    assert _refused(tmp_path, gzip.compress(b"0" * (2 * PIECE), mtime=0), limit_mib=1).rule == "file_too_large"


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><html></html>",
        b"\xef\xbb\xbf\r\n  <!doctype HTML>\n",
        b"<HTML><body>503</body></HTML>",
        b'<?xml version="1.0"?><!-- x --><html xmlns="http://www.w3.org/1999/xhtml">',
        gzip.compress(b"<html><head><title>404</title></head></html>", mtime=0),
    ],
)
def test_web_page_in_disguise(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataRefused) as refused:
        check_start("xx", _file(tmp_path, content), TEXT)

    assert [problem.rule for problem in refused.value.problems] == ["file_is_html"]


@pytest.mark.parametrize("content", [b"", b" \n\r\n\t", gzip.compress(b"", mtime=0)])
def test_nothing_in_the_file(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DataRefused) as refused:
        check_start("xx", _file(tmp_path, content), TEXT)

    assert [problem.rule for problem in refused.value.problems] == ["file_empty"]


def test_data_that_speak_of_html_are_data(tmp_path: Path) -> None:
    content = b"offence,n\nforged <html> page,1\n"

    assert check_start("xx", _file(tmp_path, content), TEXT) == content


@pytest.mark.parametrize(
    ("content", "encoding", "rule", "found"),
    [
        ("año,n\n1,2\n".encode("utf-16"), "utf-8", "wrong_encoding", "the file is UTF-16 text"),
        ("año,n\n1,2\n".encode("utf-16"), "cp1252", "wrong_encoding", "the file is UTF-16 text"),
        ("año,n\n1,2\n".encode("utf-16-be"), "utf-8", "wrong_encoding", "the file is UTF-16 text"),
        ("año,n\n1,2\n".encode("utf-16-le"), "latin-1", "wrong_encoding", "the file is UTF-16 text"),
        ("año,n\n1,2\n".encode("utf-16-be"), "utf-16-le", "wrong_encoding", "the file is UTF-16 text (utf-16-be)"),
        ("año,n\n1,2\n".encode("utf-16-le"), "utf-16", "wrong_encoding", "the file is UTF-16 text (utf-16-le)"),
        ("año,n\n1,2\n".encode("utf-32"), "utf-8", "wrong_encoding", "the file is UTF-32 text"),
        ("año,n\n1,2\n".encode("utf-32-le"), "utf-16", "wrong_encoding", "the file is UTF-32 text"),
        (b"7z\xbc\xaf\x27\x1c\0\4", "utf-8", "file_not_readable", "not text but a 7-Zip archive"),
        (b"Rar!\x1a\x07\x01\0", "utf-8", "file_not_readable", "not text but a RAR archive"),
        (
            b'<?xml version="1.0"?>\n<?mso-application progid="Excel.Sheet"?>\n'
            b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "utf-8",
            "file_not_readable",
            "not text but an XML spreadsheet (Excel 2003)",
        ),
        (b"%PDF-1.7\n", "utf-8", "file_not_readable", "not text but a PDF document"),
        *(
            (start + text, "utf-8", "file_not_readable", f"The file is {kind}, which is not read; get the table as CSV")
            for start in (b"", b"\xef\xbb\xbf", b"\r\n  ")
            for text, kind in (
                (b'[{"year": "2024", "n": 1}]', "a JSON document"),
                (b'{"data" : [[2024, 1]]}', "a JSON document"),
                (b'{"year":2024,"n":1}\n{"year":2025,"n":2}\n', "a JSON document"),
                (b'[[ "year", "n"], [2024, 1]]', "a JSON document"),
                (b"<?xml version='1.0'?><rows><row n='1'/></rows>", "an XML document"),
            )
        ),
        (gzip.compress(bz2.compress(b"n\n1\n"), mtime=0), "utf-8", "file_not_readable", "not text but a bzip2 file"),
    ],
)
def test_a_file_of_another_kind_is_named(tmp_path: Path, content: bytes, encoding: str, rule: str, found: str) -> None:
    with pytest.raises(DataRefused) as refused:
        check_start("xx", _file(tmp_path, content), ReadOptions(columns=("n",), encoding=encoding))

    (problem,) = refused.value.problems
    assert problem.rule == rule
    assert found in problem.found


@pytest.mark.parametrize("banner", ["[Table 1],,", "{n},year", '"[a]",n', "[2024],n", "<12 years,n", '["n"],year'])
def test_a_table_whose_text_begins_with_a_bracket_is_a_table(tmp_path: Path, banner: str) -> None:
    assert check_start("xx", _file(tmp_path, f"{banner}\nn,year\n1,2024\n".encode()), TEXT)


def test_a_zip_archive_and_workbooks_in_it_are_told_apart(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("table.csv", "n\n1\n")
    workbook = Path(__file__).parents[1] / "golden" / "co_policia_homicides" / "homicidios_2017.xlsx"
    old_workbook = workbook.with_name("homicidios_2020.xls")

    for content, kind in (
        (archive.getvalue(), "a zip archive"),
        (workbook.read_bytes(), "a workbook (xlsx)"),
        (old_workbook.read_bytes(), "a workbook (xls)"),
    ):
        with pytest.raises(DataRefused, match=re.escape(f"The file is not text but {kind}")):
            check_start("xx", _file(tmp_path, content), TEXT)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le"])
def test_utf_16_that_is_declared_is_read(tmp_path: Path, encoding: str) -> None:
    content = "año,n\n1,2\n".encode(encoding)

    assert check_start("xx", _file(tmp_path, content), ReadOptions(columns=("n",), encoding=encoding)) == content
