"""What may happen to a file on its way: changes of its bytes, of its lines and cells, of the parts of an archive.

Each mutator takes the bytes of a good file and a source of chance, and returns other bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import zipfile
from collections.abc import Callable
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

Mutator = Callable[[bytes, Random], bytes]

TEXTS = [
    "", " ", "0", "-1", "1e400", "9" * 400, "1,5", "1.5", "1.234", "NaN", "inf", "=1+1", "@x", "'", '"', '""', "{{x}}",
    "{}", "%s", "$1", "\\", "\x00", "\x1b[31m", "\n", "\r\n", "\t", "\u202e", "\ufeff", "\ud7ff", "é", "²", "１２",
    "x" * 40_000, "#REF!",
]  # fmt: skip


def cut(content: bytes, chance: Random) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def lose_piece(content: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(content) + 1)
    return content[:start] + content[start + chance.choice([1, 2, 16, 512]) :]


def repeat_piece(content: bytes, chance: Random) -> bytes:
    size = chance.choice([1, 16, 512])
    start = chance.randrange(len(content) + 1) // size * size
    return content[: start + size] + content[start : start + size] + content[start + size :]


def flip_bits(content: bytes, chance: Random) -> bytes:
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 3, 30])):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def overwrite(content: bytes, chance: Random) -> bytes:
    start = chance.randrange(len(content))
    junk = chance.choice([b"\x00", b"\xff", b" ", chance.randbytes(1)]) * chance.choice([1, 8, 300])
    return content[:start] + junk + content[start + len(junk) :]


def add_at_the_end(content: bytes, chance: Random) -> bytes:
    return content + chance.choice([b"\x00" * 9, b"\n\n\n", b"<html>", content, b"\x1a", chance.randbytes(40)])


def put_before(content: bytes, chance: Random) -> bytes:
    return (
        chance.choice([b"\xef\xbb\xbf", b"\xff\xfe", b"\n\n", b"Title\n", b"PK\x03\x04", b"\x1f\x8b", b"%PDF"])
        + content
    )


BYTES: dict[str, Mutator] = {
    one.__name__: one for one in (cut, lose_piece, repeat_piece, flip_bits, overwrite, add_at_the_end, put_before)
}


def _lines(change: Callable[[list[bytes], Random], object]) -> Mutator:
    def mutate(content: bytes, chance: Random) -> bytes:
        lines = content.splitlines(keepends=True)
        change(lines, chance)
        return b"".join(lines)

    mutate.__name__ = change.__name__
    return mutate


def line_lost(lines: list[bytes], chance: Random) -> None:
    del lines[chance.randrange(len(lines))]


def line_twice(lines: list[bytes], chance: Random) -> None:
    lines.insert(chance.randrange(len(lines)), chance.choice(lines))


def line_blank(lines: list[bytes], chance: Random) -> None:
    lines.insert(chance.randrange(len(lines)), chance.choice([b"\n", b"\r\n", b" \n", b"\r", b",,,\n", b";;;\n"]))


def line_ends_otherwise(lines: list[bytes], chance: Random) -> None:
    end = chance.choice([b"\r\n", b"\r", b"\n\n"])
    for n in range(len(lines)) if chance.random() < 0.5 else [chance.randrange(len(lines))]:
        lines[n] = lines[n].rstrip(b"\r\n") + end


def quote_open(lines: list[bytes], chance: Random) -> None:
    n = chance.randrange(len(lines))
    place = chance.randrange(len(lines[n]) + 1)
    lines[n] = lines[n][:place] + b'"' + lines[n][place:]


def other_encoding(lines: list[bytes], chance: Random) -> None:
    n = chance.randrange(len(lines))
    lines[n] = lines[n].replace(
        b"a", chance.choice(["é".encode("latin-1"), "é".encode(), b"\x80", b"\x00", b"\xff"]), 1
    )


def _cells(change: Callable[[list[list[str]], Random], object]) -> Mutator:
    def mutate(content: bytes, chance: Random) -> bytes:
        text = content.decode("utf-8", "surrogateescape")
        mark = max(",;\t|", key=text.split("\n", 1)[0].count)
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
        change(rows, chance)
        out = io.StringIO()
        csv.writer(out, delimiter=mark, lineterminator="\n").writerows(rows)
        return out.getvalue().encode("utf-8", "surrogateescape")

    mutate.__name__ = change.__name__
    return mutate


def _cell(rows: list[list[str]], chance: Random, first: int = 1) -> tuple[list[str], int]:
    row = chance.choice(rows[first:] or rows)
    return row, chance.randrange(max(len(row), 1))


def cell_otherwise(rows: list[list[str]], chance: Random) -> None:
    row, n = _cell(rows, chance)
    row[n : n + 1] = [chance.choice(TEXTS)]


def cell_lost(rows: list[list[str]], chance: Random) -> None:
    row, n = _cell(rows, chance)
    del row[n : n + 1]


def cell_too_many(rows: list[list[str]], chance: Random) -> None:
    row, n = _cell(rows, chance)
    row.insert(n, chance.choice([*TEXTS, *row]))


def label_otherwise(rows: list[list[str]], chance: Random) -> None:
    n = chance.randrange(max(len(rows[0]), 1))
    rows[0][n : n + 1] = [chance.choice([*TEXTS, *rows[0]])]


def columns_exchanged(rows: list[list[str]], chance: Random) -> None:
    one, other = chance.randrange(len(rows[0])), chance.randrange(len(rows[0]))
    for row in rows:
        if len(row) > max(one, other):
            row[one], row[other] = row[other], row[one]


def column_added(rows: list[list[str]], chance: Random) -> None:
    place, label = chance.randrange(len(rows[0]) + 1), chance.choice(["", "Total", "2030", *rows[0]])
    for n, row in enumerate(rows):
        row.insert(place, label if n == 0 else chance.choice(["", "7", "x"]))


LINES: dict[str, Mutator] = {
    one.__name__: one
    for one in (
        *map(_lines, (line_lost, line_twice, line_blank, line_ends_otherwise, quote_open, other_encoding)),
        *map(_cells, (cell_otherwise, cell_lost, cell_too_many, label_otherwise, columns_exchanged, column_added)),
    )
}


def unpacked(mutator: Mutator) -> Mutator:
    """A change of what is in a gzip file, packed again."""
    return lambda content, chance: gzip.compress(mutator(gzip.decompress(content), chance), mtime=0)


def _rewrite(
    content: bytes, change: Callable[[str, bytes], bytes | None], more: dict[str, bytes] | None = None
) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as parts, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in parts.namelist():
            if (part := change(name, parts.read(name))) is not None:
                target.writestr(name, part)
        for name, part in (more or {}).items():
            target.writestr(name, part)
    return out.getvalue()


def _a_part(content: bytes, chance: Random) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheets = [name for name in parts.namelist() if "sheet" in name.lower() or name == "content.xml"]
        return chance.choice(chance.choice([sheets, parts.namelist()]))


def part_changed(content: bytes, chance: Random) -> bytes:
    """Change the bytes of one part, with a right checksum."""
    name, mutator = _a_part(content, chance), chance.choice(list(BYTES.values()))
    return _rewrite(content, lambda one, part: mutator(part, chance) if one == name and part else part)


def part_lost(content: bytes, chance: Random) -> bytes:
    name = _a_part(content, chance)
    return _rewrite(content, lambda one, part: None if one == name else part)


def part_emptied(content: bytes, chance: Random) -> bytes:
    name = _a_part(content, chance)
    return _rewrite(content, lambda one, part: b"" if one == name else part)


def part_added(content: bytes, chance: Random) -> bytes:
    name = chance.choice(["../../evil", "/etc/evil", "xl/worksheets/sheet99.xml", "macros/vba.bin", "x" * 300])
    return _rewrite(content, lambda _, part: part, {name: b"<x/>"})


def element_changed(content: bytes, chance: Random) -> bytes:
    """Change an attribute or a text of the XML of one part, well-formed still."""
    name = _a_part(content, chance)

    def change(one: str, part: bytes) -> bytes:
        found = list(re.finditer(rb'"[^"<>]{0,40}"|>[^<>]{1,40}<', part)) if one == name else []
        if not found:
            return part
        spot = chance.choice(found)
        new = chance.choice(
            [b"0", b"-1", b"zz", b"1048577", b"99999999999", b"A1:XFD1048576", b"", b"1e308", b"#REF!", b"b"]
        )
        return part[: spot.start() + 1] + new + part[spot.end() - 1 :]

    return _rewrite(content, change)


def element_lost_or_twice(content: bytes, chance: Random) -> bytes:
    name, times = _a_part(content, chance), chance.choice([0, 2])

    def change(one: str, part: bytes) -> bytes:
        found = list(
            re.finditer(rb"<(c|row|v|t|si|table:table-row|table:table-cell)\b[^>]*?(/>|>.*?</\1>)", part, re.S)
        )
        if one != name or not found:
            return part
        spot = chance.choice(found)
        return part[: spot.start()] + spot[0] * times + part[spot.end() :]

    return _rewrite(content, change)


PARTS: dict[str, Mutator] = {
    one.__name__: one
    for one in (part_changed, part_lost, part_emptied, part_added, element_changed, element_lost_or_twice)
}


def _table(change: Callable[[pa.Table, Random], pa.Table]) -> Mutator:
    def mutate(content: bytes, chance: Random) -> bytes:
        out = io.BytesIO()
        pq.write_table(change(pq.read_table(io.BytesIO(content)), chance), out)
        return out.getvalue()

    mutate.__name__ = change.__name__
    return mutate


def parquet_label(table: pa.Table, chance: Random) -> pa.Table:
    names = list(table.column_names)
    names[chance.randrange(len(names))] = chance.choice([*TEXTS[:-2], *names, names[0].upper(), "_row", "_file"])
    return table.rename_columns(names)


def parquet_type(table: pa.Table, chance: Random) -> pa.Table:
    n = chance.randrange(table.num_columns)
    values: list[object] = table.column(n).to_pylist()
    kind = chance.choice(
        [pa.int64(), pa.float64(), pa.bool_(), pa.binary(), pa.list_(pa.string()), pa.timestamp("us"), pa.null()]
    )
    made: dict[object, Callable[[int], object]] = {
        pa.int64(): int, pa.float64(): lambda k: k + 0.5, pa.bool_(): lambda k: k % 2 == 0,
        pa.binary(): lambda k: bytes([k % 256]), pa.list_(pa.string()): lambda k: [str(k)],
        pa.timestamp("us"): lambda k: k * 10**12, pa.null(): lambda _: None,
    }  # fmt: skip
    column = pa.array([made[kind](k) for k in range(len(values))], kind)
    return table.set_column(n, table.column_names[n], column)


def parquet_value(table: pa.Table, chance: Random) -> pa.Table:
    n = chance.randrange(table.num_columns)
    values = [None if value is None else str(value) for value in table.column(n).to_pylist()]
    values[chance.randrange(len(values))] = chance.choice([None, *TEXTS])
    return table.set_column(n, table.column_names[n], pa.array(values, pa.string()))


def parquet_column_lost(table: pa.Table, chance: Random) -> pa.Table:
    return table.remove_column(chance.randrange(table.num_columns))


def parquet_rows(table: pa.Table, chance: Random) -> pa.Table:
    return chance.choice(
        [table.slice(0, 0), pa.concat_tables([table, table]), table.slice(chance.randrange(len(table)))]
    )


TABLES: dict[str, Mutator] = {
    one.__name__: one
    for one in map(_table, (parquet_label, parquet_type, parquet_value, parquet_column_lost, parquet_rows))
}

OF_FORMAT: dict[str, dict[str, Mutator]] = {
    "csv": {**BYTES, **LINES},
    "gz": {**BYTES, **{f"{name} inside": unpacked(one) for name, one in {**BYTES, **LINES}.items()}},
    "xlsx": {**BYTES, **PARTS},
    "ods": {**BYTES, **PARTS},
    "xls": BYTES,
    "parquet": {**BYTES, **TABLES},
}
