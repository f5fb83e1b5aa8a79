"""The 320 categories of the ICCS: their tree, titles, definitions, attributes, and the repair of damaged codes.

Source: UNODC, International Classification of Crime for Statistical Purposes, Version 1.0 (see tables/README.md).
Tables are read when first asked for; nothing outside the standard library is imported here.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal

from iccs.nearest import nearest_values
from iccs.tree import check_tree

DefinitionLanguage = Literal["en", "es"]

# Two codes are misprinted in Table I of the booklet; Part Two, the index and the exclusions have the right ones.
ERRATA: Mapping[str, str] = {"01042": "01049", "0908": "0909"}

_PREFIX = re.compile(r"^ICCS[\s:]*", re.IGNORECASE)
_DIGITS = re.compile(r"[0-9]{1,6}")
_SEPARATED = re.compile(r"[0-9]{1,2}(?:[. ][0-9]{1,4}){1,3}")
_SPREADSHEET_NUMBER = re.compile(r"([0-9]{3,6})\.0")


class UnknownCode(ValueError):
    """A text that is not an ICCS category, with the nearest valid codes.

    Attributes:
        text: what was given.
        nearest: up to five valid codes, best first.
    """

    def __init__(self, text: str, nearest: tuple[str, ...], message: str) -> None:
        """Keep the text and its nearest codes in addition to the message."""
        super().__init__(message)
        self.text = text
        self.nearest = nearest

    def __reduce__(self) -> tuple[type[UnknownCode], tuple[str, tuple[str, ...], str]]:
        """Let the error cross a process boundary with its details."""
        return type(self), (self.text, self.nearest, str(self))


@dataclass(frozen=True, slots=True)
class Text:
    """One wording in the three languages, read as `title.en` or `title["en"]`."""

    en: str
    fr: str
    es: str

    def __getitem__(self, language: str) -> str:
        """Return the wording in `en`, `fr` or `es`; KeyError for another language."""
        if language not in ("en", "fr", "es"):
            raise KeyError(f"language {language!r}: en, fr or es")
        return str(getattr(self, language))


@dataclass(frozen=True, slots=True)
class Definition:
    """The text that decides what belongs to a category, as printed; empty where the booklet prints nothing."""

    description: str
    inclusions: str
    exclusions: str


@dataclass(frozen=True, slots=True)
class Category:
    """One ICCS category for whoever maps or reads counts.

    `level` is 1 (section) to 4 (class); `parent` is None for a section. French titles are translations made for
    this project. The definition is read from disk only when asked for; sections have none in the booklet.
    """

    code: str
    level: int
    parent: str | None
    title: Text

    def definition(self, language: DefinitionLanguage = "en") -> Definition:
        """Return description, inclusions and exclusions in English or Spanish (the booklet's own text).

        Raises:
            ValueError: for another language; the French edition is not included.
        """
        return _definitions(language).get(self.code, Definition("", "", ""))

    @property
    def description(self) -> str:
        """The description in English."""
        return self.definition().description

    @property
    def inclusions(self) -> str:
        """What the category includes, in English, as printed (separated by semicolons)."""
        return self.definition().inclusions

    @property
    def exclusions(self) -> str:
        """What the category excludes, in English, with the code where it belongs."""
        return self.definition().exclusions


@dataclass(frozen=True, slots=True)
class CombinedCategory:
    """A sum of categories that Eurostat publishes and the ICCS tree does not contain, such as 0101_0102."""

    code: str
    members: tuple[str, ...]
    title: Text


@dataclass(frozen=True, slots=True)
class Attribute:
    """One disaggregating variable of the ICCS (tag `We`, kind `event`), with its values as published."""

    tag: str
    kind: str
    name: str
    values: str
    applies: str
    note: str

    def applies_to(self, code: str) -> bool:
        """Say whether the variable has a meaning for a category.

        Attempted or completed has none for 0101 (completed only), 0102 (attempts only) and 0103 (never attempted), a
        weapon none for theft and fraud, the three homicide variables one for 0101 and 0102 alone.
        """
        entries = self.applies.split(";")
        inside = any(entry == "all" or code.startswith(entry) for entry in entries if not entry.startswith("-"))
        return inside and not any(code.startswith(entry[1:]) for entry in entries if entry.startswith("-"))


@dataclass(frozen=True, slots=True)
class AttributeCode:
    """One code of an observation's attribute column, and the ICCS values it stands for.

    `iccs_values` has two values for PARTNER and FAMILY, which are unions made here, and none for `_T` (total).
    """

    attribute: str
    tag: str
    code: str
    iccs_values: tuple[str, ...]
    label: Text


class Classification:
    """The tree of ICCS categories; get one from `load_classification()`.

    >>> iccs = load_classification()
    >>> iccs.get("010321").title.en
    'Vehicular homicide'
    >>> [c.code for c in iccs.ancestors("010321")]
    ['01032', '0103', '01']
    >>> iccs.normalise("ICCS 01.01"), iccs.normalise(50211)
    ('0101', '050211')
    """

    def __init__(self, categories: Mapping[str, Category]) -> None:
        """Build the tree from the categories by code.

        Raises:
            InvalidTree: a parent is unknown, circular, or not one level up.
        """
        check_tree(categories.values())
        self._categories = dict(sorted(categories.items()))
        self._children: dict[str, list[Category]] = {code: [] for code in self._categories}
        for category in self._categories.values():
            if category.parent is not None:
                self._children[category.parent].append(category)
        # The integer forms of the 320 codes are all different (as tested), so the repair is never a guess.
        self._by_integer = {str(int(code)): code for code in self._categories}
        self._errata = dict(ERRATA) | {str(int(printed)): right for printed, right in ERRATA.items()}

    def __len__(self) -> int:
        """Return the number of categories."""
        return len(self._categories)

    def __iter__(self) -> Iterator[Category]:
        """Walk the categories in the order of their codes: a parent comes before its children."""
        return iter(self._categories.values())

    def __contains__(self, code: object) -> bool:
        """Say whether a text is exactly one of the codes of the tree."""
        return code in self._categories

    def get(self, code: str) -> Category:
        """Return the category with exactly this code.

        Raises:
            UnknownCode: with the nearest valid codes; damaged codes go through `normalise` first.
        """
        category = self._categories.get(code)
        if category is None:
            raise self._unknown(str(code))
        return category

    def parent(self, code: str) -> Category | None:
        """Return the category one level up, None for a section."""
        parent = self.get(code).parent
        return None if parent is None else self._categories[parent]

    def ancestors(self, code: str) -> tuple[Category, ...]:
        """Return the categories that contain this one, nearest first, section last."""
        found: list[Category] = []
        current = self.parent(code)
        while current is not None:
            found.append(current)
            current = self.parent(current.code)
        return tuple(found)

    def children(self, code: str) -> tuple[Category, ...]:
        """Return the categories one level down, empty for a leaf."""
        self.get(code)
        return tuple(self._children[code])

    def descendants(self, code: str) -> tuple[Category, ...]:
        """Return every category below this one, in the order of their codes."""
        found: list[Category] = []
        for child in self.children(code):
            found.append(child)
            found.extend(self.descendants(child.code))
        return tuple(found)

    def is_residual(self, code: str) -> bool:
        """Say whether a category is its parent's remainder ("other ...").

        Residuals end in 9, but not all that ends in 9 is one: 0209 is Defamation or insult.
        """
        category = self.get(code)
        return category.level > 1 and code.endswith("9") and "other" in category.title.en.lower().split()

    @cached_property
    def combined(self) -> Mapping[str, CombinedCategory]:
        """Eurostat's combined categories by code (0101_0102, 02-04, 02043_02044, TOTAL)."""
        return {
            row["code"]: CombinedCategory(row["code"], tuple(row["members"].split(";")), _text(row, "title"))
            for row in read_table("combined.csv")
        }

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """The ICCS's disaggregating variables; a tag may appear for the victim and for the perpetrator."""
        return tuple(
            Attribute(row["tag"], row["kind"], row["name"], row["values"], row["applies_to"], row["note"])
            for row in read_table("attributes.csv")
        )

    @cached_property
    def attribute_codes(self) -> Mapping[str, Mapping[str, AttributeCode]]:
        """The codes of each attribute column of an observation: `attribute_codes["weapon"]["FIREARM"]`."""
        found: dict[str, dict[str, AttributeCode]] = {}
        for row in read_table("attribute_codes.csv"):
            values = tuple(value for value in row["iccs_value"].split(";") if value)
            code = AttributeCode(row["attribute"], row["tag"], row["code"], values, _text(row, "label"))
            found.setdefault(code.attribute, {})[code.code] = code
        return found

    def normalise(self, text: str | int) -> str:
        """Return the code meant by a code as found in files; for readers of national and Eurostat files.

        Repairs lost leading zeros (101, '101', '101.0'), the prefix ICCS, separators ('01.01', '01 01') and the
        booklet's two misprints; accepts the combined categories. Anything else is refused, never guessed.

        Raises:
            UnknownCode: with the nearest valid codes.
        """
        original = str(text).strip()
        if isinstance(text, bool):
            raise self._unknown(original)
        bare = _PREFIX.sub("", original)
        if bare.upper() in self.combined:
            return bare.upper()
        code = self._from_digits(bare)
        if code is None:
            raise self._unknown(original)
        return code

    def _from_digits(self, bare: str) -> str | None:
        number = _SPREADSHEET_NUMBER.fullmatch(bare)
        if number:
            bare = number.group(1)
        if _DIGITS.fullmatch(bare):
            if bare in self._categories:
                return bare
            return self._by_integer.get(bare) or self._errata.get(bare)
        if _SEPARATED.fullmatch(bare):
            # The first group is the section, so only its own zero can be missing: '1.01' is 0101, '10.1' is nothing.
            section, *rest = re.split(r"[. ]", bare)
            joined = section.zfill(2) + "".join(rest)
            return joined if joined in self._categories else self._errata.get(joined)
        return None

    def nearest(self, text: str, limit: int = 5) -> tuple[str, ...]:
        """Return the valid codes most like a text, best first: by digits if it has any, else by title."""
        digits = re.sub(r"[^0-9]", "", text)
        if not digits:
            return self._nearest_by_title(text, limit)

        # The section is what people get right most often, so only the codes with the longest common start are compared.
        forms = (digits, "0" + digits)
        starts = {code: max(_common_start(form, code) for form in forms) for code in self._categories}
        candidates = sorted(self._categories, key=lambda code: (-starts[code], abs(len(code) - len(digits)), code))[:40]

        def unlikeness(code: str) -> tuple[float, int, str]:
            ratio = max(SequenceMatcher(None, form, code).ratio() for form in forms)
            return (-(ratio + starts[code] / 6), abs(len(code) - len(digits)), code)

        return tuple(sorted(candidates, key=unlikeness)[:limit])

    def _nearest_by_title(self, text: str, limit: int) -> tuple[str, ...]:
        titles: dict[str, str] = {}
        for category in self:
            for language in ("es", "fr", "en"):
                titles[category.title[language].lower()] = category.code
        found = nearest_values(text, titles, limit * 2)
        return tuple(dict.fromkeys(titles[title] for title in found))[:limit]

    def _unknown(self, text: str) -> UnknownCode:
        if text in self.combined:
            members = self.combined[text].members
            message = f"{text!r} is a combination published by Eurostat, not an ICCS category: use one of its members"
            return UnknownCode(text, members, message)
        nearest = self.nearest(text)
        offered = "; ".join(f"{code} {self._categories[code].title.en}" for code in nearest)
        message = f"{text!r} is not a code of the ICCS, version 1.0. " + (
            f"Nearest valid codes: {offered}" if nearest else "Search the titles to find the code"
        )
        return UnknownCode(text, nearest, message)


@cache
def load_classification() -> Classification:
    """Return the ICCS, version 1.0, read once from the package's table (a few milliseconds).

    >>> len(load_classification())
    320
    """
    return Classification(
        {
            row["code"]: Category(row["code"], int(row["level"]), row["parent"] or None, _text(row, "title"))
            for row in read_table("iccs.csv")
        }
    )


@cache
def attribute_names() -> tuple[str, ...]:
    """Return the ICCS attributes that an observation or a link can carry, in order.

    Each is the name of a column of observations and of concordances. The list is that of `tables/attribute_codes.csv`.

    >>> attribute_names()[:2]
    ('attempted', 'weapon')
    """
    return tuple(load_classification().attribute_codes)


@cache
def _definitions(language: str) -> Mapping[str, Definition]:
    if language not in ("en", "es"):
        raise ValueError(f"definitions in language {language!r}: only en and es are included")
    return {
        row["code"]: Definition(row["description"], row["inclusions"], row["exclusions"])
        for row in read_table(f"definitions_{language}.csv")
    }


def read_table(table: str) -> list[dict[str, str]]:
    """Return the rows of one of the package's tables, all text, for the modules of this package."""
    text = (files("iccs") / "tables" / table).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _text(row: Mapping[str, str], column: str) -> Text:
    return Text(row[f"{column}_en"], row[f"{column}_fr"], row[f"{column}_es"])


def _common_start(one: str, other: str) -> int:
    length = 0
    for letter, other_letter in zip(one, other, strict=False):
        if letter != other_letter:
            break
        length += 1
    return length
