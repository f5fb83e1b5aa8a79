"""Estimates and ratios: Australia's survey of victims (ABS), SDG indicators of the United Kingdom (ONS), WHO."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator

from cells import EXTRACTS

COLUMNS = [
    "ref_area",
    "time_period",
    "iccs",
    "national_code",
    "universe",
    "sex",
    "age",
    "relationship",
    "citizenship",
    "unit_of_measure",
    "estimate",
    "lower_limit",
    "upper_limit",
    "obs_status",
    "missing_reason",
]
STATES = {"Aust": "AU", "NSW": "AU-NSW", "Vic": "AU-VIC", "Qld": "AU-QLD", "WA": "AU-WA", "SA": "AU-SA",
          "Tas": "AU-TAS", "ACT": "AU-ACT", "NT": "AU-NT"}  # fmt: skip
OFFENCES = {"Physical assault": "02011", "Threatened assault": "02012", "Robbery": "0401", "Sexual assault": "0301"}
Row = dict[str, object]


def read(source: str, file: str, encoding: str = "utf-8") -> Iterator[dict[str, str]]:
    with (EXTRACTS / source / file).open(encoding=encoding, newline="") as handle:
        yield from csv.DictReader(handle)


def figure(**given: object) -> Row:
    """A row of ``out.estimate``: totals, and no limits, unless given."""
    empty = dict.fromkeys(("lower_limit", "upper_limit", "missing_reason"), "")
    total = dict.fromkeys(("sex", "age", "relationship", "citizenship"), "_T")
    return {**empty, **total, "unit_of_measure": "percent", "obs_status": "A", **given}


def shown(number: float) -> str:
    return str(round(number, 6)).removesuffix(".0")


def write(source: str, rows: Iterable[Row]) -> None:
    texts = sorted([str(row[name]) for name in COLUMNS] for row in rows)
    with (EXTRACTS / source / "expected.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(texts)
    print(source, len(texts))  # noqa: T201 (run by hand)


def australia(source: str, table: str, unit: tuple[str, str], times: int, code: str, universe: str = "persons") -> None:
    """The half-width of the 95 % interval is in the row of the same state, year and offence with another unit."""
    rows = [row for row in read(source, "rogs-2024-partc-section6-police-services-dataset.csv", "cp1252")
            if row["Table_Number"] == table]  # fmt: skip
    halves = {(row["Year"], row["Description4"]): row for row in rows if row["Unit"] == unit[1]}
    found = []
    for row in (row for row in rows if row["Unit"] == unit[0]):
        for column, area in STATES.items():
            offence = row["Description4"]
            one = figure(ref_area=area, time_period=row["Year"][:4], iccs=OFFENCES[offence], national_code=offence,
                         universe=universe, age="Y_GE18" if offence == "Sexual assault" else "Y_GE15",
                         unit_of_measure=code)  # fmt: skip
            if row[column] in ("np", "na"):
                suppressed = row[column] == "np"
                one |= {"estimate": "", "obs_status": "Q" if suppressed else "O",
                        "missing_reason": "suppressed" if suppressed else "not_reported"}  # fmt: skip
            else:
                number = float(row[column].replace(",", "")) * times
                one["estimate"] = shown(number)
                width = halves[row["Year"], offence][column]
                if width not in ("np", "na"):
                    reach = float(width) * times
                    one |= {"lower_limit": shown(number - reach), "upper_limit": shown(number + reach)}
            found.append(one)
    write(source, found)


def remand() -> None:
    nationalities = {"British nationals": "NATIONAL", "Foreign nationals": "FOREIGN", "Nationality not recorded": "_U"}
    found = []
    for row in read("gb_ons_sdg_remand", "indicator_16-3-2.csv"):
        low, _, high = row["Age"].partition(" to ")
        age = "_T" if not low else f"Y{low}T{high}" if high else f"Y_GE{low.split()[0]}"
        found.append(
            figure(ref_area="GB-EAW", time_period=row["Year"], iccs="TOTAL", national_code="remand",
                   universe="persons_held", sex={"": "_T", "Male": "M", "Female": "F"}[row["Sex"]], age=age,
                   citizenship=nationalities.get(row["Nationality"], "_T"), estimate=shown(float(row["Value"])))
        )  # fmt: skip
    write("gb_ons_sdg_remand", found)


def reported_violence() -> None:
    """Of the survey, the share of violent incidents that the police came to know (16.3.1), and rape (16.1.3)."""
    types = {"": "02011", "Acquaintance violence": "02011", "Domestic violence": "02011",
             "Stranger violence": "02011", "Wounding": "020111", "Assault with minor injury": "020112",
             "Violence without injury": "020112"}  # fmt: skip
    found = []
    for row in read("gb_ons_sdg_survey", "indicator_16-3-1.csv"):
        kind = row["Type of violence"]
        one = figure(ref_area="GB-EAW", time_period=row["Year"][:4], iccs=types[kind], universe="offences",
                     age="Y_GE16",
                     national_code=f"reported: {kind}" if kind else "reported", estimate="", obs_status="O",
                     missing_reason="not_reported")  # fmt: skip
        if row["Value"]:
            one |= {"estimate": shown(float(row["Value"])), "obs_status": "A", "missing_reason": ""}
        found.append(one)
    for row in read("gb_ons_sdg_survey", "indicator_16-1-4.csv"):
        if row["Year"] == "2001/02":  # of everybody, men and women
            found.append(
                figure(ref_area="GB-EAW", time_period="2001", iccs="TOTAL", universe="persons", age="Y_GE16",
                       national_code="feels safe walking alone after dark", estimate=shown(float(row["Value"])),
                       sex={"": "_T", "Male": "M", "Female": "F"}[row["Sex"]])
            )  # fmt: skip
    kept = [one for one in found if one["time_period"] == "2002" or one["iccs"] == "TOTAL"]
    write("gb_ons_sdg_survey", kept)


def who_homicide() -> None:
    """Estimates of a model (E), with its interval."""
    found = []
    for row in read("un_who_homicide", "gho_VIOLENCE_HOMICIDENUM.csv"):
        if row["SpatialDimType"] == "COUNTRY":
            found.append(
                figure(ref_area={"ARG": "AR", "COL": "CO", "MEX": "MX"}[row["SpatialDim"]], time_period=row["TimeDim"],
                       iccs="0101", national_code="VIOLENCE_HOMICIDENUM", universe="persons", unit_of_measure="number",
                       sex={"MLE": "M", "FMLE": "F", "BTSX": "_T"}[row["Dim1"]], obs_status="E",
                       estimate=shown(float(row["NumericValue"])), lower_limit=shown(float(row["Low"])),
                       upper_limit=shown(float(row["High"])))
            )  # fmt: skip
    write("un_who_homicide", found)


if __name__ == "__main__":
    australia("au_rogs_survey", "6A.12", ("'000", "'000 (±)"), 1000, "number")
    australia("au_rogs_survey_rates", "6A.12", ("rate", "rate (±)"), 1, "per_100k")
    australia("au_rogs_reporting", "6A.14", ("%", "% (±)"), 1, "percent", "victims")
    remand()
    reported_violence()
    who_homicide()
