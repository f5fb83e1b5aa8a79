"""A case for each rule on figures: data that keep it, data that break it, how many fail, and words of the detail.

The figures are written here by hand, a few cells a case; expected counts come from counting them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa
from figure_data import Data, Rows, ages, by_age, by_sex, months, states, years

SPLIT_YEARS = [row for year in range(2010, 2020) for row in by_sex(90, 10, 0, time_period=str(year))]
NO_WOMEN_2014 = [
    {**row, "value": 0.0} if (row["time_period"], row["sex"]) == ("2014", "F") else row for row in SPLIT_YEARS
]
NOBODY_YEARS = [
    row for year in range(2010, 2020)
    for row in (by_sex(0, 0, 100, time_period=str(year)) if year in (2014, 2015, 2016, 2017)
                else by_sex(90, 10, 0, time_period=str(year)))
]  # fmt: skip
AGE_YEARS = [{"age": a, "value": v, "time_period": y} for y in ("2018", "2019", "2020")
             for a, v in {"Y0T17": 30.0, "Y_GE18": 70.0, "_U": 0.0, "_T": 100.0}.items()]  # fmt: skip
AGES_OF_YEARS = [{"age": a, "value": v, "time_period": str(y)} for y in range(2012, 2018)
                 for a, v in {"Y0T17": 30.0, "Y_GE18": 70.0}.items()]  # fmt: skip
NO_AGE_2020 = [
    {**row, "value": {"_U": 100.0, "_T": 100.0}.get(row["age"], 0.0)} if row["time_period"] == "2020" else row
    for row in AGE_YEARS
]
ZA_AREAS = ("ZA-EC", "ZA-FS", "ZA-GP", "ZA-KZN", "ZA-LP", "ZA-MP", "ZA-NC", "ZA-NW", "ZA-WC")
ZA = {"ref_area": "ZA", "value": 90.0}
ZA_PARTS = states(*ZA_AREAS, value=10.0)


def cube(in_the_region: float) -> Rows:
    """A country of 10 in each of four cells by sex and age, of whose nine regions one has any: another number."""
    cells = [{"sex": sex, "age": age} for sex in ("M", "F") for age in ("Y0T17", "Y_GE18")]
    country = [{**cell, "ref_area": "ZA", "value": 10.0} for cell in cells]
    inside = {**dict.fromkeys(ZA_AREAS, 0.0), "ZA-WC": in_the_region}
    regions = [
        {**cell, "ref_area": area, "area_level": "admin1", "value": value}
        for cell in cells
        for area, value in inside.items()
    ]
    return [*country, *regions, {"ref_area": "ZA", "value": 40.0}]


def codes_of_places(lacking: Collection[int]) -> Rows:
    """Three national codes in nine areas over seven years, 63 areas and years, but for the third in some of them."""
    places = [(area, str(year)) for area in ZA_AREAS for year in range(2010, 2017)]
    return [
        {"ref_area": area, "area_level": "admin1", "time_period": year, "national_code": code}
        for number, (area, year) in enumerate(places)
        for code in "ABC"
        if code != "C" or number not in lacking
    ]


def split_of_2014(old: list[float | None], new: list[float | None]) -> Rows:
    """Andhra Pradesh from 2012 on, and Telangana, made of a part of it in 2014."""
    return [*years(old, 2012, ref_area="IN-AP"), *years(new, 2014, ref_area="IN-TS")]


# Burglary loses 1,080 in 2015, when theft from vehicles begins.
BURGLARY = [4000.0, 4040, 3980, 4020, 4000, 2920, 2950]
OFFENCE = {"counting_unit": "offence", "measure": "offences"}

# Two areas that keep to a hundred and to three hundred, within three per cent; in 2013 each has the other's figure.
LOW, HIGH = [100.0, 104, 97, 102, 99, 103, 98], [300.0, 310, 290, 305, 295, 308, 296]
TWO_AREAS = [*years([*LOW], ref_area="ES"), *years([*HIGH], ref_area="FR")]
EXCHANGED = [
    {**row, "ref_area": {"ES": "FR", "FR": "ES"}[row["ref_area"]]} if row["time_period"] == "2013" else row
    for row in TWO_AREAS
]
# Thirty persons a day; in 2014 each month stands one column to the left, January in December.
DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
BY_DAY = [{"freq": "M", "time_period": f"{year}-{month:02}", "value": days * 30.0 + year - 2010}
          for year in range(2010, 2016) for month, days in enumerate(DAYS, start=1)]  # fmt: skip
MOVED = [{**row, "value": BY_DAY[n - n % 12 + (n + 1) % 12]["value"]} if row["time_period"].startswith("2014") else row
         for n, row in enumerate(BY_DAY)]  # fmt: skip
# Six regions of 100 to 600 a month; in April 2011 a third fewer, and so they stay. Each moves by up to 3 % of its own.
FALL = [
    {"freq": "M", "time_period": f"{year}-{month:02}", "ref_area": area, "area_level": "admin1",
     "value": float(round(size * (0.97 + size * month * year % 7 / 100) / (1.5 if (year, month) > (2011, 3) else 1)))}
    for size, area in zip(range(100, 700, 100), ZA_AREAS, strict=False)
    for year in range(2010, 2014) for month in range(1, 13)
]  # fmt: skip
TWO_MONTHS = {"2011-03": "2011-04", "2011-04": "2011-03"}
MONTHS_EXCHANGED = [{**row, "time_period": TWO_MONTHS.get(row["time_period"], row["time_period"])} for row in FALL]
# Santa Cruz 2001-2006: the persons behind the rates printed in the Argentine file
SANTA_CRUZ = [198121.0, 205510.0, 213174.0, 221123.0, 229370.0, 237924.0]


def behind(populations: list[float]) -> Rows:
    return [{"ref_area": "AR-Z", "time_period": str(2001 + n), "population": one} for n, one in enumerate(populations)]


THREE = ("0101", "02011", "0401")
FIVE = (*THREE, "0502", "0701")


def women_of_years(women_in_2015: float, **key: Any) -> Rows:
    """80 men and 40 women a year, and another number of women in 2015."""
    return [
        row
        for year in range(2010, 2020)
        for row in by_sex(80, women_in_2015 if year == 2015 else 40, 0, time_period=str(year), **key)
    ]


def codes_of_year(year: int, first: float) -> Rows:
    """Robbery of 10 and more, theft of 20, and a third code of as much as the two in the first year, and rising."""
    later = year - 2010
    figures = {"ROB": (10.0, "0401"), "THE": (20.0 + later, "0502"), "PROP": (first + later, "0501")}
    return [
        {"national_code": code, "iccs": iccs, "value": value, "time_period": str(year)}
        for code, (value, iccs) in figures.items()
    ]


def of_areas(*series: list[float], **key: Any) -> Rows:
    """Series of years from 2010 on, one for each of the first regions of South Africa."""
    return [row for area, values in zip(ZA_AREAS, series, strict=False)
            for row in years([*values], ref_area=area, area_level="admin1", **key)]  # fmt: skip


# Four regions from 1,000 to 50,000 thefts; 43 of 100 victims are women, and of the year 2014 men.
THEFT_YEARS = [
    {"ref_area": area, "area_level": "admin1", "time_period": str(year), "sex": sex, "value": float(number)}
    for area, size in zip(ZA_AREAS, (1_000, 4_000, 20_000, 50_000), strict=False)
    for year in range(2010, 2017)
    for sex, number in (("M", size * 0.57 + year - 2010), ("F", size * 0.43))
]
THEFT_EXCHANGED = [
    {**row, "sex": {"M": "F", "F": "M"}[row["sex"]]} if row["time_period"] == "2014" else row for row in THEFT_YEARS
]


def people_by_age(men: dict[str, float], exchanged: range = range(0)) -> Rows:
    """Children, adults and old persons of four regions.

    Args:
        men: as many for each woman.
        exchanged: years in which men and women of the first region are swapped.
    """
    return [
        {"ref_area": area, "area_level": "admin1", "time_period": str(year), "sex": sex, "age": age,
         "value": float(round(value))}
        for area, size in zip(ZA_AREAS, (40_000, 60_000, 90_000, 500_000), strict=False)
        for year in range(2010, 2020)
        for age, share in (("Y0T14", 0.25), ("Y15T74", 0.7), ("Y_GE75", 0.05))
        for sex, value in zip(
            "FM" if year in exchanged and area == ZA_AREAS[0] else "MF",
            (size * share * men[age], size * share), strict=True,
        )
    ]  # fmt: skip


USUAL_MEN = {"Y0T14": 1.05, "Y15T74": 0.98, "Y_GE75": 0.7}
GULF_MEN = {"Y0T14": 1.05, "Y15T74": 2.5, "Y_GE75": 1.3}  # labour migrants
# A model of the past: in four of ten years girls outnumber boys and old men old women, less and less from year to year.
FADING_MEN = [
    row
    for year in range(2010, 2020)
    for row in people_by_age(
        {"Y0T14": 0.94 + 0.02 * (year - 2010), "Y15T74": 1.0, "Y_GE75": 1.35 - 0.06 * (year - 2010)}
    )
    if row["time_period"] == str(year)
]
AGES_OF_PEOPLE = [{"age": age} for age in USUAL_MEN]
EASTERN_CAPE, FREE_STATE = (
    [1000.0, 1010, 990, 1005, 1000, 700, 695, 702],
    [2000.0, 2020, 1990, 2010, 2000, 2005, 2010, 1995],
)
QUARTER_LESS = [1e6, 1.01e6, 1.0201e6, 0.7727e6, 0.7805e6, 0.7883e6]
AS_USUAL = [1e6 * 1.01**n for n in range(6)]


def _men_and_women(exchanged: bool) -> Rows:
    return [
        {"ref_area": area, "area_level": "admin1", "sex": sex, "value": value}
        for area in ZA_AREAS
        for sex, value in zip("FM" if exchanged and area == ZA_AREAS[-1] else "MF", (900.0, 300.0), strict=True)
    ]


def _last_year(value: float) -> Rows:
    """Murder and burglary in nine regions, a hundred a year, but for the last of four."""
    return [row for iccs in ("0101", "0501") for row in of_areas(*[[100.0, 100.0, 100.0, value]] * 9, iccs=iccs)]


MEN_OF_SIZE = (30.0, 60.0, 240.0, 600.0, 1_200.0)

# rule: (data that keep it, data that break it, how many failing, a part of what is said)
CASES: dict[str, tuple[Data, Data, int, str]] = {
    "cell_keys_unique": (Data(cells=[{"sex": "M"}, {"sex": "F"}]), Data(cells=[{}, {}]), 1, "2 times"),
    "cell_types": (
        Data(),
        Data(cells=[{"iccs": 101}], cell_types={"iccs": pa.int64()}),  # 0101 without its zero
        1,
        "iccs is BIGINT, declared VARCHAR",
    ),
    "counts_in_range": (
        Data(cells=[{"value": 0.0}, {"value": 1.5, "obs_status": "E"}]),
        Data(cells=[{"value": -1.0}, {"value": 1.5}, {"value": 3.0}]),
        2,
        "below zero",
    ),
    # 21 + 8 + 1 against 19: Jujuy 2000, code 2 of the Argentine file, had its total been published as given
    "sex_unknown_is_total": (
        Data(core=[{"sex": code, "value": value, "time_period": str(year)} for year in range(2010, 2016)
                   for code, value in (("M", 80.0), ("F", 20.0), ("_U", 3.0))]),
        Data(core=[{"sex": code, "value": value, "time_period": str(year)} for year in range(2010, 2016)
                   for code, value in (("M", 80.0), ("F", 20.0), ("_U", 100.0))]),
        1,
        "in 6 of 6 figures, such as 100",
    ),
    "sex_parts_above_total": (
        Data(core=[{"sex": "M", "value": 80.0}, {"sex": "F", "value": 20.0}], printed=[{"value": 110.0}]),
        Data(core=[{"sex": "M", "value": 80.0}, {"sex": "F", "value": 20.0}], printed=[{"value": 95.0}]),
        1,
        "the parts add up to 100, the printed total is 95",
    ),
    "attribute_parts_above_total": (
        Data(core=[{"weapon": "SHARP", "value": 60.0}, {"weapon": "_U", "value": 30.0}], printed=[{"value": 90.0}]),
        Data(core=[{"weapon": "SHARP", "value": 99.0}, {"weapon": "_U", "value": 31.0}], printed=[{"value": 90.0}]),
        1,
        "the parts add up to 130, the printed total is 90",
    ),
    "age_unknown_is_total": (
        Data(core=[{"age": code, "value": value, "time_period": str(year)} for year in range(2010, 2016)
                   for code, value in (("Y0T17", 80.0), ("Y_GE18", 20.0), ("_U", 3.0))]),
        Data(core=[{"age": code, "value": value, "time_period": str(year)} for year in range(2010, 2016)
                   for code, value in (("Y0T17", 80.0), ("Y_GE18", 20.0), ("_U", 100.0))]),
        1,
        "in 6 of 6 figures, such as 100",
    ),
    # 10 and 20 minors: 30 of no stated age are their sub-total, 12 are not.
    "age_unknown_is_subtotal": (
        Data(core=[{"age": code, "value": value, "time_period": str(year)} for year in range(2010, 2016)
                   for code, value in (("Y0T11", 10.0), ("Y12T17", 20.0), ("Y_GE18", 70.0), ("_U", 12.0))]),
        Data(core=[{"age": code, "value": value, "time_period": str(year)} for year in range(2010, 2016)
                   for code, value in (("Y0T11", 10.0), ("Y12T17", 20.0), ("Y_GE18", 70.0), ("_U", 30.0))]),
        1,
        "the figure of unknown age equals Y0T11 to Y12T17 together in 6 of 6 figures, such as 30",
    ),
    "age_parts_above_total": (
        Data(core=[{"age": "Y0T17", "value": 80.0}, {"age": "Y_GE18", "value": 20.0}], printed=[{"value": 110.0}]),
        Data(core=[{"age": "Y0T17", "value": 80.0}, {"age": "Y_GE18", "value": 20.0}], printed=[{"value": 95.0}]),
        1,
        "the parts add up to 100, the printed total is 95",
    ),
    "counts_with_decimals": (
        Data(core=[{"value": 2.5, "obs_status": "E"}, *({"value": float(n)} for n in range(1, 11))]),
        Data(core=[{"value": 1.7}, {"value": 2.0}, {"value": 0.0}]),  # rates per 100,000
        1,
        "1 of 2 figures have decimals, such as 1.7",
    ),
    # Six of 100 rows have no area: the country, and on average its region, lost six of 106.
    "rejected_much": (
        Data(cells=[{}, {"ref_area": "MX-AGU"}], core=[{"ref_area": "MX-AGU"}],
             rows=[{"records": 100.0, "counted": 100.0},
                   {"ref_area": None, "is_rejected": True, "records": 5.0, "counted": 5.0}], about={"rows": "events"}),
        Data(cells=[{}, {"ref_area": "MX-AGU"}], core=[{"ref_area": "MX-AGU"}],
             rows=[{"records": 100.0, "counted": 100.0},
                   {"ref_area": None, "is_rejected": True, "records": 6.0, "counted": 6.0}], about={"rows": "events"}),
        2,
        "about 5.7 % of it was rejected",
    ),
    # One row of 1,001 is less than a thousandth; five of 105 in the region are five of 2,005 in the country.
    "rejected_part": (
        Data(cells=[{"ref_area": "MX-AGU"}], core=[{"ref_area": "MX-AGU"}],
             rows=[{"records": 1000.0, "counted": 1000.0}, {"is_rejected": True}]),
        Data(cells=[{}, {"ref_area": "MX-AGU"}], core=[{"ref_area": "MX-AGU"}],
             rows=[{"records": 100.0, "counted": 100.0}, {"ref_area": "MX-JAL", "records": 1900.0, "counted": 1900.0},
                   {"is_rejected": True, "records": 5.0, "counted": 5.0}]),
        2,
        "about 4.8 % of it was rejected",
    ),
    "sex_parts_sum": (Data(cells=by_sex(21, 8, 1)), Data(cells=by_sex(21, 8, 1, total=19)), 1, "30"),
    "age_parts_sum": (
        Data(cells=by_age(Y0T17=5, Y_GE18=7, _U=1)),
        Data(cells=by_age(Y0T17=5, Y_GE18=7, _U=1, total=12)),
        1,
        "13",
    ),
    "sex_unknown_share": (
        Data(cells=[*by_sex(70, 10, 20), *by_sex(0, 0, 0, time_period="2021")]),  # 20 % is not more; nobody is unknown
        Data(cells=[*by_sex(60, 10, 30), *by_sex(0, 0, 1, time_period="2021")]),  # no woman, of one: not known
        2,
        "30.0 % of 100",
    ),
    "sex_unknown_jump": (
        Data(cells=[*by_sex(90, 10, 0), *by_sex(75, 10, 15, time_period="2021")]),
        Data(cells=[*by_sex(90, 10, 0), *by_sex(60, 10, 30, time_period="2021")]),
        1,
        "0.0 % in 2020, 30.0 % in 2021",
    ),
    # Few men alone, women of a category that only they can have, and a year in which the sex of many is unknown.
    "sex_absent": (
        Data(core=[*by_sex(199, 0, 0)[:2], *by_sex(0, 900, 0, national_label="Feminicidio", time_period="2021")[:2],
                   *by_sex(900, 0, 800, time_period="2022")[:3], *by_sex(190, 10, 0, time_period="2023")[:2]]),
        Data(core=[*by_sex(200, 0, 0)[:2], *by_sex(100, 0, 0, time_period="2021")[:1],
                   *by_sex(50, 0, 0, time_period="2021", national_code="R")[:1],
                   *by_sex(50, 0, 0, ref_area="MX-AGU", time_period="2021")[:1]]),
        3,
        "200 men, no women",
    ),
    "sex_split_disappears": (Data(cells=SPLIT_YEARS), Data(cells=NOBODY_YEARS), 4, "0.0 % here, for 100.0 %"),
    "sex_vanishes": (
        # that the women of 2015 are missing is said: they are not gone
        Data(cells=[{**row, "value": None, "missing_reason": "not_reported", "obs_status": "O"}
                    if (row["time_period"], row["sex"]) == ("2015", "F") else row for row in SPLIT_YEARS]),
        # zeros in one year, no rows in another; and one of 20 in a hundred
        Data(cells=[*(row for row in NO_WOMEN_2014 if (row["time_period"], row["sex"]) != ("2016", "F")),
                    *(row | {"ref_area": "AR"} for year in range(2010, 2020)
                      for row in by_sex(80, 1 if year == 2015 else 20, 0, time_period=str(year)))]),
        3,
        "none of sex F, usually 10",
    ),
    # A file from which the rows of women of one year were lost; in the other, women of 2014 are counted as men
    "sex_rows_missing": (
        Data(cells=[*by_sex(90, 30, 0, time_period="2013"), *by_sex(125, 0, 0, time_period="2014"),
                    *by_sex(95, 35, 0, time_period="2015"), *by_sex(90, 30, 0, time_period="2016"),
                    # women are counted from 2016 on
                    *(row | {"ref_area": "AR"} for year in range(2014, 2021)
                      for row in by_sex(90, 30 if year > 2015 else 0, 0, time_period=str(year))),
                    # women become few, and in one year there is none
                    *(row | {"ref_area": "BR"} for year, women in enumerate((44, 40, 42, 38, 31, 4, 2, 0, 3), 2010)
                      for row in by_sex(90, women, 0, time_period=str(year)))]),
        Data(cells=[*by_sex(90, 30, 0, time_period="2013"), *by_sex(95, 0, 0, time_period="2014"),
                    *by_sex(95, 35, 0, time_period="2015"), *by_sex(90, 30, 0, time_period="2016"),
                    # printed: 130 in all, of whom the women are not given
                    *by_sex(96, 0, 0, 130, time_period="2017"),
                    # a row of women of one area is left
                    *by_sex(94, 1, 0, time_period="2018"), *by_sex(90, 30, 0, time_period="2019")]),
        2,
        "MX 0101 2014: hardly any of F, usually 30; the others 95, in neighbouring years 92",
    ),
    "age_rows_missing": (
        Data(cells=AGE_YEARS),
        Data(cells=[{**row, "value": {"Y0T17": 0.0, "_T": 70.0}.get(row["age"], row["value"])}
                    if row["time_period"] == "2019" else row for row in [
                        *AGE_YEARS, *({**one, "time_period": "2021"} for one in AGE_YEARS[:4])]]),
        1,
        "MX 0101 2019: hardly any of Y0T17, usually 30; the others 70, in neighbouring years 70",
    ),
    # women of 2015: a fifth in one of three categories, or in all three
    "sex_too_few": (
        Data(cells=[row for code in THREE for row in women_of_years(8 if code == "0401" else 40, iccs=code)]),
        Data(cells=[row for code in THREE for row in women_of_years(8, iccs=code)]),
        1,
        "women are 20 % of their usual size relative to the other sex, in 3 of 3 categories",
    ),
    "sexes_exchanged": (
        Data(cells=THEFT_YEARS),
        Data(cells=THEFT_EXCHANGED),
        4,
        "men: 43.0 %, usually 57",
    ),
    "population_sexes_exchanged": (
        Data(cells=[{**row, "value": 1000 * row["value"]} for row in THEFT_YEARS]),
        Data(cells=[{**row, "value": 1000 * row["value"]} for row in THEFT_EXCHANGED]),
        4,
        "men: 43.0 %, usually 57",
    ),
    # Ten thousand children and two thousand old persons of each sex are enough; so are three years of ten.
    "population_sexes_exchanged_by_age": (
        Data(cells=[*people_by_age(USUAL_MEN), *({**row, "iccs": "02"} for row in people_by_age(GULF_MEN)),
                    *({**row, "iccs": "03"} for row in FADING_MEN)], core=AGES_OF_PEOPLE),
        Data(cells=[*people_by_age(USUAL_MEN, range(2010, 2020)),
                    *({**row, "iccs": "02"} for row in people_by_age(USUAL_MEN, range(2014, 2017)))],
             core=AGES_OF_PEOPLE),
        13,
        "2000 men and 1400 women aged 75 and over; 10000 boys and 10500 girls up to 14; "
        "so in 1 of 4 areas of enough persons",
    ),
    # Three in four are men, in the last of nine regions women.
    "sexes_opposite": (
        Data(cells=_men_and_women(False)),
        Data(cells=_men_and_women(True)),
        1,
        "men: 25.0 %, in most of the 9 areas 75.0 %",
    ),
    "sexes_unusual": (
        Data(cells=by_sex(300, 100, 0)),
        Data(cells=by_sex(100, 300, 0)),
        1,
        "women: 75.0 % of all",
    ),
    # Women are one in nine, or 11 percent everywhere.
    "sex_not_of_size": (
        Data(core=[row for sex, of in (("M", 1.0), ("F", 0.125))
                   for row in of_areas(*([men * of] * 3 for men in MEN_OF_SIZE), sex=sex)]),
        Data(core=[row for sex, of in (("M", 1.0), ("F", 0.0))
                   for row in of_areas(*([men * of or 11.0] * 3 for men in MEN_OF_SIZE), sex=sex)]),
        1,
        "in 3 of 3 codes and periods; that of the other sex differs by a factor of 40",
    ),
    "sex_share_jump": (
        Data(cells=SPLIT_YEARS),
        Data(cells=[*SPLIT_YEARS[:-4], *by_sex(10, 90, 0, time_period="2019")]),
        1,
        "men: 10.0 %, usually 90.0 %",
    ),
    "area_cells_missing": (
        Data(core=[cell for sex in ("M", "F") for cell in states(*ZA_AREAS, sex=sex)]),
        Data(core=[cell for sex in ("M", "F") for cell in states(*ZA_AREAS, sex=sex)][:-1]),
        1,
        "1 cells, the other areas have 2",
    ),
    "population_rows_missing": (
        Data(core=[cell for sex in ("M", "F") for cell in states(*ZA_AREAS, sex=sex)]),
        Data(core=[cell for sex in ("M", "F") for cell in states(*ZA_AREAS, sex=sex)][:-1]),
        1,
        "1 cells, the other areas have 2",
    ),
    # C is lacking in one of 63 areas and years; where it is in two, 3 %, the source leaves out what it has none of
    "rows_missing": (
        Data(core=codes_of_places([5, 40]), about={"rows": "cells"}),
        Data(core=codes_of_places([5]), about={"rows": "cells"}),
        1,
        "1 counts missing, such as C: neighbouring years",
    ),
    "sex_impossible": (
        Data(core=[{"national_label": "Feminicidio", "sex": "F"}, {"sex": "M"}]),
        Data(core=[{"national_label": "Feminicidio", "sex": "M"}]),
        1,
        "F only",
    ),
    "age_bands_overlap": (
        Data(core=ages("Y0T14", "Y15T29", "Y_GE30", "_U", "_T")),
        Data(core=ages("Y0T14", "Y0T17", "Y_GE18")),  # as in the UNODC file of persons in contact with justice
        1,
        "begins inside Y0T17",
    ),
    "age_bands_gap": (
        Data(core=ages("Y0T14", "Y15T29", "Y_GE30")),
        Data(core=ages("Y0T14", "Y18T29", "Y30T59")),
        2,
        "no band from 15 to 17 years",
    ),
    "age_unknown_share": (
        Data(cells=by_age(Y0T17=40, Y_GE18=50, _U=10)),
        Data(cells=by_age(Y0T17=10, Y_GE18=50, _U=40)),
        1,
        "40.0 % of 100",
    ),
    "age_unknown_jump": (Data(cells=AGE_YEARS), Data(cells=NO_AGE_2020), 1, "0.0 % in 2019, 100.0 % in 2020"),
    "age_split_disappears": (Data(cells=AGE_YEARS), Data(cells=NO_AGE_2020), 1, "0.0 % here"),
    "age_vanishes": (
        Data(cells=AGES_OF_YEARS),
        Data(cells=[row for row in AGES_OF_YEARS if (row["age"], row["time_period"]) != ("Y0T17", "2015")]),
        1,
        "none of the age Y0T17, usually 30",
    ),
    "age_share_jump": (
        Data(cells=AGES_OF_YEARS),
        Data(cells=[{**row, "value": 95.0 if row["age"] == "Y0T17" else 5.0} if row["time_period"] == "2015" else row
                    for row in AGES_OF_YEARS]),
        1,
        "95.0 %, usually 30.0 %",
    ),
    "month_jump": (
        # in the other area, the level falls and stays; in the third, a month loses a third of its cases
        Data(core=[*months([50.0] * 11 + [140.0]), *(row | {"ref_area": "AR"} for row in months([150] * 6 + [40] * 6)),
                   *(row | {"ref_area": "BR"} for row in months([150] * 6 + [100] + [150] * 5))]),
        # a tenth of a month is left in the other area
        Data(core=[*months([50.0] * 11 + [500.0]),
                   *(row | {"ref_area": "AR"} for row in months([150] * 6 + [15] + [150] * 5))]),
        2,
        "2020-12: 500, usually 50",
    ),
    "month_repeated": (
        Data(core=[{**row, "national_code": code} for code in "ABCD" for row in months([20, 20 + (code == "D")])]),
        Data(core=[{**row, "national_code": code} for code in "ABCD" for row in months([20, 20])]),
        1,
        "2020-02: all 4 figures equal those of the month before",
    ),
    # one figure in twelve that is no multiple of 3 is enough: they are counts
    "figures_rounded": (
        Data(core=[{**row, "national_code": code} for code in "ABCD" for row in months([*range(3, 36, 3), 7])]),
        Data(core=[{**row, "national_code": code} for code in "ABCD" for row in months([*range(3, 37, 3)])]),
        1,
        "all 48 figures are multiples of 3",
    ),
    "figures_alike": (
        Data(core=[*years([20.0 + n for n in range(9)], sex="M"), *years([30.0, *range(31, 39)], sex="F")]),
        Data(core=[*years([20.0 + n for n in range(9)], sex="M"), *years([20.0 + n for n in range(9)], sex="F")]),
        1,
        "men of H and women of H have the same figures in 9 of 9 places and periods, such as 28",
    ),
    # June of one category doubled, as may be; or of all five
    "month_counted_twice": (
        Data(core=[row for code in FIVE
                   for row in months([50.0] * 5 + [100.0 if code == "0401" else 50.0] + [50.0] * 6, iccs=code)]),
        Data(core=[row for code in FIVE for row in months([50.0] * 5 + [100.0] + [50.0] * 6, iccs=code)]),
        1,
        "2020-06: 2.0 times its neighbouring months, in 5 of 5 categories",
    ),
    "months_exchanged": (
        Data(core=FALL),
        Data(core=MONTHS_EXCHANGED),
        2,
        "the figures of months 3 and 4 of 2011 fit each other's place in 6 of 6 areas",
    ),
    "months_shifted": (Data(core=BY_DAY), Data(core=MOVED), 1, "r = 1.0 if shifted by one month"),
    # 2003 and 2004 exchanged: growth is 7 % into 2003, -4 % into 2004, 7 % into 2005, otherwise 4 %
    "population_jump": (
        Data(rates=behind(SANTA_CRUZ)),
        Data(rates=behind([*SANTA_CRUZ[:2], SANTA_CRUZ[3], SANTA_CRUZ[2], *SANTA_CRUZ[4:]])),
        3,
        "implied by the printed rates 221123 in 2003, 213174 in 2004",
    ),
    "age_iccs_bands": (
        Data(core=ages("Y0T14", "Y15T19", "Y20T29", "Y30T44", "Y45T59", "Y_GE60")),
        Data(core=ages("Y0T17", "Y_GE18")),
        2,
        "Y0T17 crosses 15",
    ),
    "age_minor_adult": (Data(core=ages("Y0T17", "Y_GE18")), Data(core=ages("Y15T29")), 1, "crosses 18"),
    "age_against_category": (
        Data(core=[{"iccs": "03022", "age": "Y0T17"}, {"iccs": "03021", "age": "Y_GE18"}, {"age": "Y_GE18"}]),
        # child prostitution with adults, adults' exploitation of minors, and "corruption of minors" by its name
        Data(core=[{"iccs": "03022", "age": "Y_GE18"}, {"iccs": "03021", "age": "Y0T17"},
                   {"national_label": "Corrupción de menores de edad", "national_code": "C", "age": "Y30T59"}]),
        3,
        "only",
    ),
    "ages_in_years": (
        Data(core=ages("Y0", "Y99", "Y_GE100", "_U")),
        Data(core=ages("Y0", "Y364", "Y999", "_U")),
        2,
        "Y364 is not a possible age",
    ),
    "area_outside_validity": (
        Data(core=states("IN-TS", time_period="2014")),
        Data(core=[*states("IN-TS", time_period="2013"), *states("IN-DD", time_period="2021")]),
        2,
        "IN-DD existed until 2019",
    ),
    "margins_agree": (Data(cells=cube(10.0)), Data(cells=cube(9.0)), 1, "region 36, sex x age 40, total 40"),
    "areas_missing": (
        Data(core=states(*ZA_AREAS)),
        Data(core=states(*ZA_AREAS[:-1])),
        1,
        "ZA-WC is never given",
    ),
    "area_split_twice": (
        Data(core=split_of_2014([200, 204, 120, 118], [80, 82])),
        Data(core=split_of_2014([200, 204, 201, 118], [80, 82])),  # whole in 2014, and its part beside it
        1,
        "beside 80 of IN-TS",
    ),
    "areas_stop": (
        Data(core=[*years([50, 50], ref_area="ES"), *years([50, 50], ref_area="FR")]),
        Data(core=[*years([50, 50], ref_area="ES"), *years([50, None], ref_area="FR")]),
        1,
        "nothing reported after 2010",
    ),
    # 0102 has nothing after 2012; where its link has ended, the source says so
    "categories_stop": (
        Data(core=[*years([50] * 5), *years([50] * 3, iccs="0102")],
             links=[{}, {"link": 2, "iccs_code": "0102", "valid_to": "2012"}]),
        Data(core=[*years([50] * 5), *years([50] * 3, iccs="0102")], links=[{}, {"link": 2, "iccs_code": "0102"}]),
        1,
        "nothing after 2012, others to 2014",
    ),
    # The Eastern Cape falls from 1,000 to 700 as a new region begins with 310; with 80 it does not explain the fall.
    "area_taken_out": (
        Data(core=of_areas(EASTERN_CAPE, FREE_STATE)
             + years([80, 85], 2015, ref_area="ZA-GP", area_level="admin1")),
        Data(core=of_areas(EASTERN_CAPE, FREE_STATE)
             + years([310, 300], 2015, ref_area="ZA-GP", area_level="admin1")),
        1,
        "ZA-EC had 1000 the year before, and has 700 in 2015, in which ZA-GP begins with 310",
    ),
    "areas_all_zero": (
        Data(core=states(*ZA_AREAS[:-1], value=200.0) + states(ZA_AREAS[-1], value=1.0)),
        Data(core=states(*ZA_AREAS[:-1], value=200.0) + states(ZA_AREAS[-1], value=0.0)),
        1,
        "zero in every category and period, where the other areas usually have 200",
    ),
    "areas_exchanged": (
        Data(core=TWO_AREAS),
        Data(core=EXCHANGED),
        2,
        "the figures of ES and FR fit each other",
    ),
    "areas_listed": (
        Data(core=states("MX-JAL")),  # one region is enough: the list is judged, not the file
        Data(core=[{"ref_area": "AU-NSW-BYRON", "area_level": "admin2"}]),  # in AU-NSW and in AU
        2,
        "no total is computed: the list of AU (admin2) lacks AU-ACT, AU-NSW, AU-NT",
    ),
    "areas_claimed": (
        Data(core=states("RU-MOW")),
        Data(core=states("UA-43", "RU-MOW")),
        1,
        "claimed by RU, UA",
    ),
    "areas_above_country": (
        Data(cells=[ZA, *ZA_PARTS], core=[ZA, *ZA_PARTS]),
        Data(cells=[{**ZA, "value": 44.0}, *ZA_PARTS], core=[ZA, *ZA_PARTS]),  # 90 in nine provinces
        1,
        "its regions have 90, the source gives the area itself 44",
    ),
    # the country's row, called "region not stated": 90 of nine regions, and 90 again
    "place_unknown_is_total": (
        Data(core=[{**row, "time_period": str(year)} for year in (2019, 2020)
                   for row in (*ZA_PARTS, {"ref_area": "ZA-_U", "area_level": "not_stated", "value": 4.0})]),
        Data(core=[{**row, "time_period": str(year)} for year in (2019, 2020)
                   for row in (*ZA_PARTS, {"ref_area": "ZA-_U", "area_level": "not_stated", "value": 90.0})]),
        1,
        "in 2 of 2 figures, such as 90",
    ),
    "areas_sum": (
        Data(cells=[ZA, *ZA_PARTS], core=[ZA, *ZA_PARTS]),
        Data(cells=[{**ZA, "value": 95.0}, *ZA_PARTS], core=[ZA, *ZA_PARTS]),
        1,
        "regions 90, given for the area 95",
    ),
    "iccs_children_sum": (
        Data(cells=[{"iccs": "0501", "value": 10.0}, {"iccs": "05012", "value": 10.0}]),
        Data(cells=[{"iccs": "0501", "value": 10.0}, {"iccs": "05012", "value": 11.0}]),
        1,
        "05012 11",
    ),
    "parent_beside_parts": (
        Data(core=[r for y in range(12) for r in (
            {"iccs": "0501", "value": 3.0 + y, "time_period": str(2000 + y)},
            {"iccs": "05012", "value": 5.0, "time_period": str(2000 + y)})]),
        Data(core=[r for y in range(12) for r in (
            {"iccs": "0501", "value": 3.0 + y, "time_period": str(2000 + y)},
            {"iccs": "05012", "value": 1.0 + y, "time_period": str(2000 + y)},
            {"iccs": "05011", "value": 2.0, "time_period": str(2000 + y)})]),
        1,
        "100.0 % of 12 figures",
    ),
    "parent_is_sum": (
        Data(core=[r for y in range(12) for r in (
            {"iccs": "0501", "value": 30.0 + y, "time_period": str(2000 + y)},
            {"iccs": "05012", "value": 10.0 + y, "time_period": str(2000 + y)},
            {"iccs": "05011", "value": 19.0, "time_period": str(2000 + y)})]),
        Data(core=[r for y in range(12) for r in (
            {"iccs": "0501", "value": 30.0 + y, "time_period": str(2000 + y)},
            {"iccs": "05012", "value": 10.0 + y, "time_period": str(2000 + y)},
            {"iccs": "05011", "value": 20.0, "time_period": str(2000 + y)})]),
        1,
        "100.0 % of 12 figures",
    ),
    "code_taken_out": (
        Data(core=years(BURGLARY, 2010, national_code="BUR", iccs="0501")
             + years([3000, 3100], 2015, national_code="VEH", iccs="0502")),
        Data(core=years(BURGLARY, 2010, national_code="BUR", iccs="0501")
             + years([1100, 1120], 2015, national_code="VEH", iccs="0502")),
        1,
        "BUR had 4000 the year before, and has 2920 in 2015, in which VEH begins with 1100",
    ),
    # robbery, theft and both together, in 12 years; in a good file the third is their sum in one year by chance
    "sum_of_two_codes": (
        Data(core=[row for year in range(2010, 2022) for row in codes_of_year(year, 30.0 if year == 2021 else 31.0)]),
        Data(core=[row for year in range(2010, 2022) for row in codes_of_year(year, 30.0)]),
        1,
        "PROP equals ROB plus THE in 100.0 % of 12 places and periods, such as 41",
    ),
    "victims_below_offences": (
        Data(cells=[{"value": 43.0}, {**OFFENCE, "value": 42.0}], ),
        Data(cells=[{"value": 42.0}, {**OFFENCE, "value": 43.0}]),
        1,
        "42 victims, 43 offences",
    ),
    "periods_missing": (
        Data(core=[*years([50, 50, 50], ref_area="ES"), *years([50, 50, 50], ref_area="FR")]),
        Data(core=[*years([50, 50, 50], ref_area="ES"), *years([50, None, 50], ref_area="FR")]),
        1,
        "nothing between 2010-2012",
    ),
    # July to December of Greater Manchester 2019: six months published as a year
    "months_empty": (
        Data(core=[*months([50.0] * 11 + [3.0]), *months([3.0, 0.0] * 6, ref_area="AR-B")]),  # few as usual
        Data(core=months([50.0] * 6 + [2.0])),
        6,
        "2020-08: nothing, usually 50",
    ),
    # The file came in November 2026: its year to date is no year, and November itself is not over
    "period_not_over": (
        Data(core=months([50.0] * 12), not_over=((None, "2026", "2026-11-20", "2026-12-31"),)),
        Data(
            core=[*months([50.0] * 12), *states("AR-B", "AR-C", time_period="2020")],
            not_over=(("MX", "2020-12", "2020-12-05", "2020-12-31"), ("AR-B", "2020", "2020-12-05", "2020-12-31")),
        ),
        3,
        "the file was received on 2020-12-05, the period ends on 2020-12-31",
    ),
    # A file that was made on 15 December, and is said to be of the year
    "days_missing": (
        Data(core=months([50.0] * 12)),
        Data(core=months([50.0] * 12), months_cut=(("MX", "2020-12", "none in the last seven days"),)),
        1,
        "MX 2020-12: none in the last seven days",
    ),
    # Guanajuato 2022: the homicides of July stand in August
    "category_months_empty": (
        Data(core=[
            *months([30.0] * 24), *months([30.0, 0.0] * 12, iccs="0102"),  # none as often as not
            *months([0.0] * 10 + [40.0] * 14, iccs="0201"),  # not recorded before
        ]),
        Data(core=[*months([30.0] * 24, iccs="0102"), *months([280.0, 300.0] * 9 + [0.0, 551.0] + [290.0] * 4)]),
        2,
        "2021-07: none, usually 290, while other categories have figures; MX 0101 2021-08: 2021-08: 551, usually 290, "
        "next to a period without any",
    ),
    # Forty counts from 5 to 14 and ten zeros, with or without one below five; all of them tens is a rounding.
    "small_counts_absent": (
        Data(core=[{"value": float(value), "ref_area": area} for area in ("ES", "FR", "PT", "IT")
                   for value in range(5, 15)] + [{"value": value} for value in (*[0.0] * 10, 2.0, 3.0, 4.0)]),
        Data(core=[{"value": float(value), "ref_area": area} for area in ("ES", "FR", "PT", "IT")
                   for value in range(5, 15)] + [{"value": 0.0}] * 10),
        1,
        "10 zeros, none from 1 to 4, and 40 from 5 to 15",
    ),
    "volume_jump": (
        Data(cells=years([1000, 1050, 980, 1010, 1100, 1060])),
        Data(cells=years([1000, 1050, 980, 1010, 10100, 10600])),  # a moved decimal point
        1,
        "1010 in 2013, 10100 in 2014",
    ),
    "last_year_short": (
        Data(cells=_last_year(95.0)),
        Data(cells=_last_year(75.0)),
        1,
        "100 % of 18 series fall by a tenth or more, half of them to 75 % or less of the year before",
    ),
    "years_empty": (
        Data(cells=years([100, 120, 90, 1, 110])[:3] + years([2, 0, 1, 0, 3], iccs="0102")),  # few as usual
        Data(cells=years([100, 120, 90, 1, 110])),
        1,
        "1, usually 100",
    ),
    "level_jump": (
        Data(cells=years([1000, 2900, 1000, 60, 20, 0], iccs="0101")[:3] + years([20, 90, 10], iccs="0102")),
        Data(cells=years([3230, 22083, 36667])),  # restless or not
        1,
        "3230 in 2010, 22083 in 2011",
    ),
    # a small place, and Qatar, which trebled in ten years; Germany in 2019 with a digit too many, a year in thousands
    # and one of nobody
    "population_leaps": (
        Data(cells=years([82_000_000, 81_500_000, 83_000_000]) + years([90_000, 20_000], iccs="0102")
             + years([592_000], first=2000, iccs="02") + years([1_856_000], iccs="02")),
        Data(cells=years([82_905_782, 830_929_620, 83_160_871]) + years([1_400, 1_425_607], iccs="0102")
             + years([8_000_000, 0], iccs="02")),
        4,
        "8000000 in 2010, 0 in 2011",
    ),
    # three men of four persons, as in Qatar; men in thousands, and a printed total of other persons
    "sexes_of_population": (
        Data(core=by_sex(99_000, 98_000, 0)[:2], printed=[{"value": 200_000.0}]),
        Data(core=[*by_sex(700_000, 720_000, 0)[:2], *by_sex(700, 720_000, 0, ref_area="MX-AGU")[:2],
                   *by_sex(700_000, 0, 0, ref_area="MX-BCN")[:1]], printed=[{"value": 1_820_000.0}]),
        3,
        "700 men, 720000 women",
    ),
    # Lakshadweep, a 300th of the middle one of these; Eastern Cape in thousands
    "population_far_below": (
        Data(cells=[{**row, "value": 6.4e6 if number else 21_000.0} for number, row in enumerate(states(*ZA_AREAS))]),
        Data(cells=[{**row, "value": 6.4e6 if number else 6_400.0} for number, row in enumerate(states(*ZA_AREAS))]),
        1,
        "6400 persons, the median of 9 regions is 6400000",
    ),
    # Four regions that grow by one percent: a quarter less everywhere in 2013, or in one of them alone.
    "population_steps": (
        Data(cells=of_areas(QUARTER_LESS, *[AS_USUAL] * 4)),
        Data(cells=of_areas(*[QUARTER_LESS] * 5)),
        1,
        "5 regions: -24.3 % in a year, usually 1.0 %",
    ),
    "composition_changes": (
        Data(cells=[{**row, "iccs_made_from": "0301;0302"} for row in years([5, 6], iccs="03")]),
        Data(cells=[
            {**row, "iccs_made_from": children}
            for row, children in zip(years([5, 9, 9], iccs="03"), ("0301", "0301;0302", "0301;0302"), strict=True)
        ]),
        1,
        "made from 0301 in 2010, from 0301;0302 in 2011",
    ),
    # Ten figures of five areas: in 2011 five are those of 2010, and where the sheet was copied eight.
    "year_copied": (
        Data(core=[row for code in "AB" for row in of_areas(*([50 + n, 50 + n + (code == "B")] for n in range(5)),
                                                            national_code=code)]),
        Data(core=[row for code in "AB" for row in of_areas(*([50 + n, 50 + n + (n == 0)] for n in range(5)),
                                                            national_code=code)]),
        1,
        "8 of 10 figures equal those of 2010",
    ),
    # Mexico had 36,724,615 inhabitants in 1960 and 130,861,007 in 2024, by the World Bank. In thousands: Mexico, and
    # five regions of South Africa (63,212,384 in 2024); four small regions, and an old census, say nothing.
    "population_of_size": (
        Data(cells=years([36_000_000.0, 130_900_000.0], ref_area="MX")
             + [{**row, "value": 50.0} for row in states(*ZA_AREAS[:4])]
             + years([90_000.0], first=1895, ref_area="MX")),
        Data(cells=years([112_337.0, 112_337_000.0], ref_area="MX")
             + [{**row, "value": 6_000.0} for row in states(*ZA_AREAS[:5])]),
        2,
        "112,337 persons; the country had 36,724,615 to 130,861,007 from 1960 to 2024",
    ),
    # Two regions of nines, three with one number, one person where there were 3,000. A region not there before,
    # two of one size, three of one in thousands, and a number of nines of which there is one, keep the rule.
    "population_placeholders": (
        Data(cells=of_areas([0.0, 40_000.0], [812_345.0, 99_999.0], [812_345.0, 812_346.0], *[[6e5, 6e5]] * 3)),
        Data(cells=of_areas([812_345.0, 40_000.0], [812_345.0, 99_999.0], [812_345.0, 99_999.0], [3_000.0, 1.0]),
             core=of_areas([1.0, 1.0], [1.0, 99_999.0], [1.0, 99_999.0])),
        6,
        "812,345, in 3 areas",
    ),
    "population_to_come": (
        Data(cells=years([5e6, 5e6, 5e6], first=2024) + years([5e6], first=2027, obs_status="E"),
             not_over=((None, "2026", "2026-11-20", "2026-12-31"), (None, "2027", "2026-11-20", "2027-12-31"))),
        Data(cells=years([5e6, 5e6, 5e6], first=2026),
             not_over=tuple((None, str(year), "2026-11-20", f"{year}-12-31") for year in (2026, 2027, 2028))),
        2,
        "the file was received on 2026-11-20",
    ),
    # One more percent each year, of about a million: 2012 is 2011, and 2013 makes up for it, or there is no later year;
    # by sex and age, six of six figures of two years. Thousands, and a small place, repeat.
    "population_repeated": (
        Data(cells=of_areas([1e6, 1.01e6, 1.01e6, 1.03e6], [2_001.0, 2_003.0, 2_003.0, 2_004.0])
             + years([1_000_011.0, 1_000_011.0, 1_000_012.0], ref_area="MX")),
        Data(cells=of_areas([1_000_011.0, 1_010_011.0, 1_010_011.0, 1_030_011.0],
                            [1_000_012.0, 1_010_013.0, 1_020_011.0, 1_020_011.0], [2_003.0, 2_003.0, 2_050.0, 2_060.0]),
             core=[row for age in range(6) for row in of_areas([1.0, 2.0], [1.0, 2.0], [334.0, 334.0], age=f"Y{age}")]),
        3,
        "1,010,011 persons, as in 2011, though it usually changes by 15,000 a year",
    ),
    "population_copied": (
        Data(core=of_areas(*([1e6 + n, 1.01e6 + n] for n in range(4)))),
        Data(core=of_areas(*([1e6 + n, 1e6 + n] for n in range(4)))),
        1,
        "4 of 4 figures equal those of 2010",
    ),
    # Ten more each year, from ten on; from a hundred on it is a count that rises, and what falls is no running sum.
    "years_accumulate": (
        Data(core=of_areas(*([100.0 + 10 * n for n in range(9)] for _ in range(4)))
             + [{**row, "national_code": "B"} for row in of_areas(*([*(10.0 * n + 10 for n in range(8)), 79.0]
                                                                   for _ in range(4)))]),
        Data(core=of_areas(*([10.0 * n + 10 for n in range(9)] for _ in range(4)))),
        1,
        "the figure falls in none of 32 cases in 4 areas, and the first is 1.0 times the usual increase",
    ),
    # 20 up or down between 90 and 110: 400 of 200, twice what chance makes; 1 between 100 and 101: 1 of 201, 0.07 times
    "steps_below_chance": (
        Data(core=months([90.0, 110.0] * 18)),
        Data(core=months([100.0, 101.0] * 18)),
        1,
        "in 35 steps from one period to the next the figures differ by 0.07 times what chance alone makes",
    ),
    "year_repeated": (
        Data(core=[{**row, "national_code": code} for code in "ABCD" for row in years([20, 20 + (code == "D")])]),
        Data(core=[{**row, "national_code": code} for code in "ABCD" for row in years([20, 20])]),
        1,
        "all 4 figures equal those of 2010",
    ),
    "past_changed": (
        Data(cells=years([10, 20]), previous=years([10])),
        Data(cells=years([12, 20]), previous=years([10])),
        1,
        "10 before, 12 now",
    ),
    # Of three areas, years or categories of the vintage before one is left: two are gone, most of them.
    "areas_lost": (
        Data(cells=states("MX-AGU", "MX-BCN"), previous=states("MX-AGU")),
        Data(cells=states("MX-AGU"), previous=states("MX-AGU") + states("MX-BCN", value=40.0) + states("MX-BCS")),
        2,
        "MX-BCN: no figure now, up to 40 before",
    ),
    "categories_lost": (
        Data(previous=[{}]),
        Data(previous=[{}, {"iccs": "0102"}, {"iccs": "0301"}]),
        2,
        "0102: no figure now",
    ),
    "years_lost": (
        Data(cells=years([1, 2, 3]), previous=years([1, 2])),
        Data(cells=years([1]), previous=years([1, 2, 3])),
        2,
        "2012: no figure now, up to 3 before",
    ),
    "cells_lost": (
        Data(cells=by_sex(1, 2, 0), previous=by_sex(1, 2, 0)),
        Data(cells=by_sex(1, 2, 0)[:1], previous=by_sex(1, 2, 0)),
        3,
        "MX 0101 2020: no figure now",
    ),
    # Four fifths are not a fifth less; figures below 20 say nothing.
    "counts_fallen": (
        Data(cells=years([80, 100, 1]), previous=years([100, 100, 19])),
        Data(cells=years([49, 20, 100]), previous=years([100, 100, 100])),
        2,
        "100 before, 20 now",
    ),
    # Nearly double is not double; figures that were below 20 say nothing.
    "counts_risen": (
        Data(cells=years([199, 100, 900]), previous=years([100, 100, 19])),
        Data(cells=years([200, 100_000, 100]), previous=years([100, 100, 100])),
        2,
        "100 before, 100,000 now",
    ),
    "counts_all_zero": (
        Data(core=years([0.0, 0.0, 1.0])),
        Data(core=[*years([0.0, 0.0, None]), *years([0.0], iccs="0102")]),
        1,
        "all 3 figures are zero",
    ),
    "mapping_linked_share": (
        Data(),
        Data(links=[{}, {"link": 2, "national_code": "X", "iccs_code": None, "out_of_scope": "too_wide"}],
             mapped=[{}, {"link": 2, "count": 10.0}]),
        1,
        "50.0 % of 20: X",
    ),
    "mapping_split_share": (Data(), Data(links=[{"weight": "0.5"}]), 1, "100.0 % of 10: H"),
    "mapping_level_share": (
        Data(links=[{"iccs_code": "03011"}]),
        Data(links=[{"iccs_code": "0301"}, {"link": 2, "iccs_code": "03011"}],
             mapped=[{"count": 80.0}, {"link": 2, "count": 20.0}]),
        1,
        "level 2 80.0 %, level 3 20.0 %",
    ),
    "published_rates_agree": (
        Data(rates=[{"rate": 5.05}]),
        # Iceland 2016, ICCS 05021, as Eurostat printed it: 577 offences and a rate of 17.14
        Data(rates=[{"ref_area": "IS", "count": 577.0, "rate": 17.14, "population": 332538.0, "rate_made": 173.51,
                     "rate_low": 173.50, "rate_high": 173.52}]),
        1,
        "printed rate 17.14, its count 577",
    ),
    # Eurostat's homicides of Spain in 2019, had their 331 been given in the unit of rates
    "published_rates_have_counts": (
        Data(rates=[{}, {"count": None, "rate": 0.0}]),
        Data(rates=[{"ref_area": "ES", "count": None, "rate": 331.0}]),
        1,
        "printed rate 331 per 100000, and no count",
    ),
    "mapping_draft_share": (Data(), Data(links=[{"status": "draft"}]), 1, "100.0 % of 10: H"),
    # A draft that proposes 02011 and is not used: 0201 may be too low, 0101 has nothing to do with it.
    "draft_links": (
        Data(),
        Data(links=[{}, {"link": 2, "national_code": "L", "iccs_code": None, "out_of_scope": "draft",
                         "status": "draft", "proposed": "0101"}],
             mapped=[{}, {"link": 2, "count": 7.0}]),
        1,
        "7 in the source depend on draft links: L",
    ),
}  # fmt: skip
