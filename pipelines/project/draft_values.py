"""The drafted values.csv, and how the counts of the file are written."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable

from pipelines.project.draft import GROUPED, Draft, as_comment, few_of, quoted
from pipelines.project.known_words import known_words
from pipelines.project.roles import Roles
from pipelines.project.seen_table import NUMBER
from schemas.words_of_totals import plain

_BLANKS = re.compile(r"[\u00a0\u2007\u2009\u202f]")
"""Kinds of blanks that ``thousands: " "`` takes for one."""
_DECIMALS = re.compile(r"[-+]?\d+([.,])(\d{1,2}|\d{4,})")


def values_file(roles: Roles, numbers: WrittenNumbers, country: str | None, draft: Draft) -> str:
    """Return the text of values.csv; words whose meaning is not known are added to what is left to do."""
    rows: list[tuple[str, str, str, str]] = []
    for dimension, words in roles.words.items():
        if dimension == "ref_area":
            continue
        rows += [(dimension, word, code, "") for word, code in words.items()]
        if unknown := roles.unknown.get(dimension):
            draft.to_do.append(f"values.csv: give {dimension} a code for {few_of(unknown)}")
    draft.to_do += _area_rows(roles, country, rows)
    rows += [("value", word, code, note) for word, (code, note) in numbers.words.items() if code]
    if unread := [word for word, (code, _) in numbers.words.items() if not code]:
        draft.to_do.append(
            f"values.csv: declare what {few_of(unread)} in the count column means (value,...,O is missing)"
        )
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([("dimension", "word", "code", "note"), *rows])
    return text.getvalue()


def _area_rows(roles: Roles, country: str | None, rows: list[tuple[str, str, str, str]]) -> list[str]:
    """Add the areas that the scheme does not know one by one; return what is left to do."""
    from pipelines.project.known_words import find_area_scheme

    words = roles.words.get("ref_area", {})
    by_scheme = find_area_scheme(words, country)[0] if words else ""
    known = _known_by_scheme(by_scheme, country)
    rows += [("ref_area", word, code, "by its name") for word, code in words.items() if known.get(word) != code]
    left = roles.unknown.get("ref_area", [])
    return (
        [f"values.csv: give ref_area a code for {few_of(left)}, or list them in areas/ in the project"] if left else []
    )


def _known_by_scheme(scheme: str, country: str | None) -> dict[str, str]:
    from schemas.area_names import codes_of_scheme, names_of_areas
    from schemas.codelists import load_areas

    if scheme == "name":
        return dict(names_of_areas(of=country))
    if scheme == "code":
        return {area.code: area.code for area in load_areas()}
    return dict(codes_of_scheme(scheme))


class WrittenNumbers:
    """How counts are written: separators between digits, notes after them, and words in their place."""

    def __init__(self, texts: Iterable[str], from_workbook: bool) -> None:
        filled = Counter(_BLANKS.sub(" ", text) for text in texts)
        blanks = filled.pop("", 0)
        grouped = Counter(found[1] for text in filled if (found := GROUPED.fullmatch(text)))
        decimals = Counter(found[1] for text in filled if (found := _DECIMALS.fullmatch(text)))
        if from_workbook:  # a point is that of a number with decimals; other separators are those of a text
            del grouped["."]
        self.thousands = grouped.most_common(1)[0][0] if grouped else ""
        if self.thousands in decimals and not grouped[self.thousands] > decimals[self.thousands]:
            self.thousands = ""
        longest = max((text.count(self.thousands) for text in filled if self.thousands), default=0)
        self.may_be_decimal = self.thousands == "." and longest == 1 and "," not in decimals
        self.decimal = next((mark for mark in decimals if mark != self.thousands), ".")
        self.marks = Counter[str]()
        self.words: dict[str, tuple[str, str]] = {}
        known = known_words()["value"]
        for text in filled:
            if NUMBER.fullmatch(text):
                continue
            marked = re.fullmatch(r"([-+]?\d[\d., '’]*?)\s*(\(?[A-Za-z*†‡²³¹]{1,4}\)?)", text)
            if marked is not None:
                self.marks[marked[2]] += 1
            else:
                self.words[text] = (known.get(plain(text), ""), "guessed from other sources")
        if blanks:
            self.words[""] = ("O", "guessed: an empty cell is a missing figure")

    def keys(self) -> list[str]:
        """Return the keys of source.yml."""
        lines = []
        if self.thousands:
            sure = not self.may_be_decimal
            lines.append(
                f"thousands: {quoted(self.thousands)}"
                + as_comment(
                    None if sure else "guessed: each point is followed by three digits; is 1.234 a thousand or one?"
                )
            )
        if self.decimal != "." or self.thousands == ".":
            lines.append(f"decimal: {quoted(self.decimal if self.decimal != self.thousands else ',')}")
        if self.marks:
            marks = ", ".join(f"{quoted(mark)}: P" for mark in self.marks)
            lines.append(f"marks: {{{marks}}}  # guessed: P is provisional; what do they mean?")
        return lines
