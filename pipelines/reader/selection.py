"""Selection of a series: the query, and the only place where one of several matches is preferred."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from pipelines.reader.release import check_code, query
from pipelines.reader.words import WORDS, colon, word
from pipelines.system.settings import Settings
from schemas.codelists import ranked_codes
from schemas.declarations import attribute_columns, quote_identifier, quote_literal
from schemas.errors import UsageError, nearest_values

TOTAL = "_T"


class SeriesKey(NamedTuple):
    """Source, stage of the process and counting unit: figures with different keys are never mixed."""

    source: str
    stage: str
    counting_unit: str

    @property
    def name(self) -> str:
        """The key in words.

        >>> SeriesKey("un_cts_prisons", "held_unsentenced", "person").name
        'un_cts_prisons: held_unsentenced persons'
        """
        return self.named("en")

    @classmethod
    def of_name(cls, name: str) -> SeriesKey:
        """Return the key with a name.

        >>> SeriesKey.of_name("un_cts_prisons: held_unsentenced persons").counting_unit
        'person'
        """
        source, _, kind = name.partition(": ")
        stage, _, units = kind.partition(" ")
        return cls(source, stage, units.removesuffix("s"))

    def named(self, language: str) -> str:
        """Return the key in the words of a language.

        >>> SeriesKey("mx_sesnsp_victims", "recorded", "victim").named("es")
        'mx_sesnsp_victims: víctimas registradas'
        """
        return f"{self.source}{colon(language)}{kind_words(self.stage, self.counting_unit, language)}"


@dataclass(frozen=True)
class SeriesQuery:
    """A user's query; source, stage and counting unit may be left open, and one series is then preferred.

    Attributes:
        iccs: category.
        area: code of the area; None for all countries, if a picture or table shows several areas.
        sex: code of the sex.
        age: code of the age.
        freq: A annual, M monthly.
        source: whose figures; any if None.
        stage: of the process; any if None.
        counting_unit: what is counted; any if None.
        attributes: codes of ICCS attributes such as ``{"weapon": "firearm"}``; for others the total is used.

    >>> SeriesQuery("0101", "MX", sex="F", age="Y15T29").words
    '0101 in MX, sex F, age Y15T29'
    """

    iccs: str
    area: str | None = None
    sex: str = TOTAL
    age: str = TOTAL
    freq: str = "A"
    source: str | None = None
    stage: str | None = None
    counting_unit: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> str:
        """Category, area, sex and, unless they are totals, age and attributes, for messages."""
        return self.in_words("en")

    def in_words(self, language: str) -> str:
        """Return the same in the words of a language.

        >>> SeriesQuery("0101", "MX", sex="F").in_words("es")
        '0101 en MX, sexo F'
        """
        place = word("asked by country" if self.area is None else "asked in area", language)
        parts = [place.format(iccs=self.iccs, area=self.area), word("asked sex", language).format(sex=self.sex)]
        parts += [word("asked age", language).format(age=self.age)] if self.age != TOTAL else []
        return ", ".join([*parts, *(f"{name} {code}" for name, code in self.attributes.items())])

    def admits(self, key: SeriesKey) -> bool:
        """Return whether a series matches the query.

        >>> SeriesQuery("0101", stage="held").admits(SeriesKey("un_cts_prisons", "held_unsentenced", "person"))
        False
        """
        wanted = (self.source, self.stage, self.counting_unit)
        return all(asked in (None, there) for asked, there in zip(wanted, key, strict=True))

    def of(self, key: SeriesKey) -> SeriesQuery:
        """Return the query for one series only."""
        return replace(self, source=key.source, stage=key.stage, counting_unit=key.counting_unit)

    def as_document(self) -> dict[str, object]:
        """Return the query for JSON output."""
        return vars(self) | {"attributes": dict(self.attributes)}

    def condition(self) -> str:
        """Return the SQL condition, to append to another, on every ICCS attribute.

        Raises:
            UsageError: an attribute is not one of the ICCS.
        """
        known = attribute_columns()
        for name in self.attributes:
            if name not in known:
                near = nearest_values(name, known) or known
                raise UsageError(f"unknown attribute {name!r}; nearest: {', '.join(near)}")
        return "".join(
            f" AND {quote_identifier(name)} = {quote_literal(self.attributes.get(name, TOTAL))}" for name in known
        )

    def check(self, settings: Settings | None = None) -> None:
        """Check area, sex and age against the code lists of the published file.

        Raises:
            UsageError: a code is not in its list, or not a text; names the nearest.
        """
        if self.area is not None and not isinstance(self.area, str):
            raise UsageError("a query is for one area, given by its code; to compare several, use compare_areas")
        for column, code in (("area", self.area), ("sex", self.sex), ("age", self.age)):
            if code is not None:
                check_code(column, code, settings)


_FEMININE = {
    "fr": {"offence", "case", "victim", "person", "arrest", "place"},
    "es": {"victim", "person", "place"},
}
"""Counting units whose name is feminine, by language: the stage of the process agrees with it."""


def kind_words(stage: str, counting_unit: str, language: str) -> str:
    """Return what a series counts, in the words of a language; codes of another version stay codes.

    >>> kind_words("recorded", "victim", "en"), kind_words("recorded", "offence", "fr")
    ('recorded victims', 'infractions enregistrées')
    """
    gender = "feminine" if counting_unit in _FEMININE.get(language, ()) else "masculine"
    units, kind = f"units {counting_unit}", f"{stage} {gender}"
    if units not in WORDS or kind not in WORDS:
        return f"{stage} {counting_unit}s"
    return word(kind, language).format(units=word(units, language))


def key_of(row: Mapping[str, Any]) -> SeriesKey:
    """Return the series that a row belongs to."""
    return SeriesKey(row["source"], row["stage"], row["counting_unit"])


def preference(key: SeriesKey) -> tuple[int, int, SeriesKey]:
    """Return the sort key of a series: by rank of its stage and counting unit, then by name.

    The ranks are a column of ``schemas/codelists/stage.csv`` and ``counting_unit.csv``.

    >>> offences, victims = SeriesKey("ar_snic", "recorded", "offence"), SeriesKey("ar_snic", "recorded", "victim")
    >>> min(offences, victims, key=preference).counting_unit
    'victim'
    """
    return ranked_codes("stage").index(key.stage), ranked_codes("counting_unit").index(key.counting_unit), key


def choose_series(
    keys: Iterable[SeriesKey], wanted: SeriesQuery, with_figures: Collection[SeriesKey] | None = None
) -> list[SeriesKey]:
    """Return the series that match a query, each once, the preferred one first, those without any figure last.

    Args:
        keys: series there are.
        wanted: the query.
        with_figures: those that have a figure; all if None.

    >>> offences, victims = SeriesKey("ar_snic", "recorded", "offence"), SeriesKey("ar_snic", "recorded", "victim")
    >>> [key.counting_unit for key in choose_series([offences, victims], SeriesQuery("0101"), [offences])]
    ['offence', 'victim']
    """
    admitted = {key for key in keys if wanted.admits(key)}
    filled = admitted if with_figures is None else with_figures
    return sorted(admitted, key=lambda key: (key not in filled, *preference(key)))


def no_series_message(wanted: SeriesQuery, keys: Iterable[SeriesKey], settings: Settings | None) -> str:
    """Return the message that a requested series does not exist, and which others do.

    Args:
        wanted: the query.
        keys: series of that category, area, sex and age, with any source, stage and counting unit.
        settings: where the published file is.
    """
    what = f"no {'monthly' if wanted.freq == 'M' else 'annual'} series of {wanted.words}"
    there = sorted(set(keys), key=preference)
    if there:
        near = nearest_values(wanted.source, [key.source for key in there]) if wanted.source else []
        asked = {"source": wanted.source, "stage": wanted.stage, "unit": wanted.counting_unit}
        given = ", ".join(f"{name} {text}" for name, text in asked.items() if text is not None)
        names = "; ".join(key.name for key in there)
        return f"{what} with {given}; there are: {names}" + (f" (nearest: {', '.join(near)})" if near else "")
    found = query(
        "SELECT DISTINCT iccs FROM out.observation "
        "WHERE ref_area = $area AND freq = $freq AND sex = $sex AND age = $age ORDER BY 1",
        settings,
        {"area": wanted.area, "freq": wanted.freq, "sex": wanted.sex, "age": wanted.age},
    ).rows
    return what + (f"; there are: {', '.join(row[0] for row in found)}" if found else "; the area has none at all")
