"""Australia, Bangladesh, India (NCRB), South Africa (SAPS) and the United Nations (UNODC)."""

from __future__ import annotations

import csv

from cells import EXTRACTS, INCOMPLETE, Cells, add, add_totals, number, records, sheet, write

COUNTS = "ref_area time_period iccs stage counting_unit sex age"
INDIAN_STATES = {"ANDHRA PRADESH": "IN-AP", "LAKSHADWEEP": "IN-LD", "NCT OF DELHI": "IN-DL", "WEST BENGAL": "IN-WB"}


def indian_rows(source: str) -> list[tuple[str, dict[str, str]]]:
    """Rows by area. The extract has all 36 states and territories, so that the country is their sum."""
    rows = [row for row in records(source) if not row["STATE NAME"].startswith("TOTAL")]
    assert len(rows) == 36
    kept = [(INDIAN_STATES[row["STATE NAME"]], row) for row in rows if row["STATE NAME"] in INDIAN_STATES]
    counts = [name for name in rows[0] if name.startswith(("RAPE", "MURDERED", "KIDNAPPED")) and "PER (" not in name]
    summed = {name: str(sum(float(row[name]) for row in rows)) for name in counts}
    return [*kept, ("IN", summed)]


def indian_kidnapping() -> None:
    """Minors and adults together: abduction of minors (02021) cannot be told from deprivation of liberty (02022)."""
    cells: Cells = {}
    for area, row in indian_rows("in_ncrb_kidnapping"):
        for word, sex in (("MALE", "M"), ("FEMALE", "F")):
            key = (area, "2016", "0202", "recorded", "victim", sex, "_T")
            cells[key] = number(row[f"KIDNAPPED & ABDUCTED ({word})"])
        cells[area, "2016", "0202", "recorded", "victim", "_T", "_T"] = number(row["KIDNAPPED & ABDUCTED (TOTAL)"])
    write("in_ncrb_kidnapping", COUNTS, add_totals(cells, 2, {"02": ["0202"]}))


def indian_murder() -> None:
    cells: Cells = {}
    for area, row in indian_rows("in_ncrb_murder"):
        for word, sex in (("MALE", "M"), ("FEMALE", "F")):
            for group, age in (("CHILD", "Y0T17"), ("ADULT", "Y_GE18"), ("TOTAL", "_T")):
                cells[area, "2016", "0101", "recorded", "victim", sex, age] = number(row[f"MURDERED {group} ({word})"])
        for group, age in (("CHILD TOTAL", "Y0T17"), ("ADULT TOTAL", "Y_GE18"), ("TOTAL", "_T")):
            cells[area, "2016", "0101", "recorded", "victim", "_T", age] = number(row[f"MURDERED {group} (TOTAL)"])
    write("in_ncrb_murder", COUNTS, cells, lambda key: key[0] != "IN-WB")


def indian_rape() -> None:
    """Victims of section 376 are women; cases are counted beside them, without sex and age."""
    ages = {"BELOW 6 YEARS": "Y0T5", "6-11 YEARS": "Y6T11", "12-15 YEARS": "Y12T15", "16-17 YEARS": "Y16T17",
            "18-29 YEARS": "Y18T29", "30-44 YEARS": "Y30T44", "45-59 YEARS": "Y45T59", "60 YEARS & ABOVE": "Y_GE60",
            "(TOTAL)": "_T"}  # fmt: skip
    cells: Cells = {}
    for area, row in indian_rows("in_ncrb_rape"):
        cells[area, "2016", "03011", "recorded", "case", "_T", "_T"] = number(row["RAPE CASE REPORTED"])
        for words, age in ages.items():
            for sex in ("F", "_T"):
                cells[area, "2016", "03011", "recorded", "victim", sex, age] = number(row[f"RAPE VICTIMS {words}"])
    write("in_ncrb_rape", COUNTS, cells, lambda key: key[0] in ("IN-AP", "IN-DL", "IN"))


def south_african_offences() -> None:
    """Stations added up to provinces; a financial year is under the year in which it begins; the country lacks most."""
    offences = {
        "Murder": "0101", "Attempted murder": "0102",
        "Assault with the intent to inflict grievous bodily harm": "020111", "Common assault": "020112",
        "Robbery with aggravating circumstances": "0401", "Common robbery": "0401",
        "Burglary at residential premises": "05012", "Drug-related crime": "0601", "Arson": "0504",
        "Malicious damage to property": "0504",
    }  # fmt: skip
    provinces = {"Western Cape": "ZA-WC", "Gauteng": "ZA-GP", "Free State": "ZA-FS"}
    years = ("2005-2006", "2008-2009", "2015-2016")
    cells: Cells = {}
    for row in records("za_saps"):
        if row["Category"] in offences:
            for year in years:
                stem = (provinces[row["Province"]], year[:4], offences[row["Category"]])
                add(cells, (*stem, "recorded", "offence", "_T", "_T"), number(row[year]))
    cells = add_totals(cells, 2, {"01": ["0101", "0102"], "02011": ["020111", "020112"], "0201": ["02011"],
                                  "04": ["0401"], "06": ["0601"]})  # fmt: skip
    for year in years:
        cells["ZA", year[:4], "0101", "recorded", "offence", "_T", "_T"] = INCOMPLETE
    write("za_saps", COUNTS, cells)


def survey_rows(source: str) -> list[dict[str, str]]:
    """Rows under the header in row 3 of UNODC's workbooks."""
    rows = sheet(source)
    return [dict(zip(map(str, rows[2]), map(str, row), strict=True)) for row in rows[3:]]


def unodc_corruption() -> None:
    categories = {
        "Corruption": "0703", "Corruption: Bribery": "07031", "Burglary": "0501", "Theft": "0502",
        "Theft: of a motorized vehicle": "05021", "Smuggling of migrants": "08051", "Fraud": "0701",
        "Unlawful access to a computer system": "09031",
        "Unlawful interference with a computer system or computer data": "09032", "Money laundering": "07041",
        "Acts that cause environmental pollution or degradation": "1001",
        "Acts involving the movement of dumping of waste": "1002",
    }  # fmt: skip
    areas = {"GBR_S": "GB-SCT", "GBR_NI": "GB-NIR", "GBR_E_W": "GB-EAW", "GRC": "GR", "DEU": "DE", "COL": "CO"}
    cells: Cells = {}
    for row in survey_rows("un_cts_corruption"):
        area, iccs = areas.get(row["Iso3_code"]), categories.get(row["Category"])
        if area is not None and iccs is not None and row["Unit of measurement"] == "Counts":
            key = (area, str(int(float(row["Year"]))), iccs, "recorded", "offence", "_T", "_T")
            assert key not in cells
            cells[key] = number(row["VALUE"])
    write("un_cts_corruption", COUNTS, cells)


def unodc_prisons() -> None:
    """All offences together: persons held, those without a sentence, and places; both sexes and all ages only."""
    wanted = {
        ("Persons held", "Total", "Total", "Total", "Total"): ("held", "person"),
        ("Persons held", "by status", "Unsentenced", "Total", "Total"): ("held_unsentenced", "person"),
        ("Prisons facilities and capacity", "Total", "Official prison capacity", "Total", "Total"): ("held", "place"),
    }
    areas = {"MEX": "MX", "COL": "CO", "ARG": "AR"}
    cells: Cells = {}
    for row in survey_rows("un_cts_prisons"):
        kind = wanted.get(tuple(row[name] for name in ("Indicator", "Dimension", "Category", "Sex", "Age")))  # type: ignore[arg-type]
        if kind and row["Unit of measurement"] == "Counts" and row["Iso3_code"] in areas and row["Year"] != "1013.0":
            year = str(int(float(row["Year"])))
            cells[areas[row["Iso3_code"]], year, "TOTAL", *kind, "_T", "_T"] = number(row["VALUE"])
    write("un_cts_prisons", COUNTS, cells)


def unodc_by_age(
    source: str, suffix: str, ages: dict[str, str], rest: tuple[str, str], kept: set[tuple[str, str]]
) -> None:
    """Rows are ``Male 15-29 ...``: totals are those of the ages given, each only where all of its parts are."""
    names = {"Argentina": "AR", "Colombia": "CO", "Mexico": "MX", "Australia": "AU", "Belgium": "BE", "Bulgaria": "BG"}
    cells: Cells = {}
    for row in records(source):
        for word, sex in (("Male", "M"), ("Female", "F")):
            for age, code in ages.items():
                if row["Indicator"] == f"{word} {age} {suffix}":
                    for area, year in kept:
                        if names.get(row["Country"]) == area:
                            cells[area, year, "0101", *rest, sex, code] = number(row[year])
    cells = add_totals(cells, 5, {"_T": ["M", "F"]})
    cells = add_totals(cells, 6, {"_T": list(ages.values())})
    write(source, COUNTS, cells)


def australian_victims() -> None:
    """States as columns; the national column is the publisher's, not the sum. Homicide has its attempts inside."""
    offences = {"Homicide and related offences": "0101_0102", "Armed robbery": "0401", "Unarmed robbery": "0401",
                "Motor vehicle theft": "05021", "Unlawful entry with intent": "0501"}  # fmt: skip
    areas = {"NSW": "AU-NSW", "NT": "AU-NT", "Aust": "AU"}
    cells: Cells = {}
    for row in records("au_rogs_victims", "cp1252"):
        wanted = (row["Description5"], row["Description6"]) == ("Number of", "all investigations")
        if wanted and row["Table_Number"] in ("6A.10", "6A.11") and row["Description4"] in offences:
            for column, area in areas.items():
                key = (area, row["Year"], offences[row["Description4"]], "recorded", "victim", "_T", "_T")
                add(cells, key, number(row[column]))
    write("au_rogs_victims", COUNTS, cells)


def australian_incidents() -> None:
    """A sheet for each offence; five years of three columns each: count, rate, rank. No figure of Australia."""
    sheets = {"Robbery": "0401", "Motor vehicle theft": "05021", "Trespass": "0509"}
    areas = {"Total NSW*": "AU-NSW", "Sydney": "AU-NSW-SYDNEY", "Balranald": "AU-NSW-BALRANALD"}
    cells: Cells = {}
    for name, code in sheets.items():
        for line in sheet("au_bocsar_lga", name):
            if str(line[0]) in areas:
                for place, year in enumerate(range(2013, 2018)):
                    key = (areas[str(line[0])], str(year), code, "recorded", "incident", "_T", "_T")
                    cells[key] = number(line[1 + 3 * place])
    write("au_bocsar_lga", COUNTS, cells)


def united_nations_population() -> None:
    """Thousands, every fifth year; 2025 is a projection (E), and the years between lie on the line (E).

    Aggregates (900 and above), 1985 and 2030 are left out. 1995 to 2010 are not in the extract.
    """
    areas = {"4": "AF", "412": "XK", "484": "MX"}
    people: dict[tuple[str, str, str], dict[int, float]] = {}
    for name in ("popAge5dt.csv", "popprojAge5dt_2025_2035.csv"):
        with (EXTRACTS / "un_wpp_population" / name).open(encoding="utf-8", newline="") as handle:
            for row in csv.DictReader(handle):
                if row["country_code"] in areas and row["year"] in ("1990", "2015", "2020", "2025"):
                    age = "Y_GE100" if row["age"] == "100+" else "Y" + row["age"].replace("-", "T")
                    for column, sex in (("popM", "M"), ("popF", "F")):
                        key = (areas[row["country_code"]], sex, age)
                        people.setdefault(key, {})[int(row["year"])] = round(1000 * float(row[column]))
    cells: Cells = {}
    for (area, sex, age), known in people.items():
        assert set(known) == {1990, 2015, 2020, 2025}
        for year in (1990, *range(2015, 2026)):
            start = year - year % 5
            share = (year - start) / 5
            value = known[start] if not share else known[start] + (known[start + 5] - known[start]) * share
            cells[area, str(year), sex, age] = value
    cells = add_totals(cells, 2, {"_T": ["M", "F"]})
    cells = add_totals(cells, 3, {"_T": sorted({key[3] for key in cells})})
    with (EXTRACTS / "un_wpp_population" / "expected.csv").open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(["ref_area", "time_period", "sex", "age", "population", "obs_status"])
        rows = [
            [*key, str(round(float(value), 6)).removesuffix(".0"), "A" if key[1] in ("1990", "2015", "2020") else "E"]
            for key, value in sorted(cells.items())
            if key[1] in ("1990", "2015", "2020", "2023", "2025")
        ]
        writer.writerows(rows)
    print("un_wpp_population", len(rows))  # noqa: T201 (run by hand)


def unodc_homicide() -> None:
    """Totals are as printed; what they hold beyond their parts is unknown."""
    sexes = {"Мужчины": "M", "Женщины": "F", "Все": "_T"}
    bands = {"0-9": "Y0T9", "10-14": "Y10T14", "15-17": "Y15T17", "18-19": "Y18T19", "20-24": "Y20T24",
             "25-29": "Y25T29", "30-44": "Y30T44", "45-59": "Y45T59", "60 и старше": "Y_GE60", "Все": "_T"}  # fmt: skip
    given = {
        (row["iso3"], row["year"], sexes[row["sex"]], bands[row["age_group"]]): float(row["count"])
        for row in records("un_homicide")
    }
    ages = [code for code in bands.values() if code != "_T"]
    cells: Cells = {}

    def put(area: str, year: str, sex: str, age: str, value: float) -> None:
        cells[area, year, "0101", "recorded", "victim", sex, age] = value

    # Mexico 2021: nine ages of each sex, fewer than the sex together; 435 of no stated sex have no stated age.
    whole = given["MEX", "2021", "_T", "_T"]
    men_women = {sex: given["MEX", "2021", sex, "_T"] for sex in ("M", "F")}
    of_ages = {(sex, age): given["MEX", "2021", sex, age] for sex in ("M", "F") for age in ages}
    for sex, printed in men_women.items():
        put("MX", "2021", sex, "_T", printed)
        put("MX", "2021", sex, "_U", printed - sum(of_ages[sex, age] for age in ages))
        for age in ages:
            put("MX", "2021", sex, age, of_ages[sex, age])
    put("MX", "2021", "_T", "_T", whole)
    put("MX", "2021", "_U", "_T", whole - sum(men_women.values()))
    put("MX", "2021", "_U", "_U", whole - sum(men_women.values()))
    for age in ages:
        put("MX", "2021", "_T", age, of_ages["M", age] + of_ages["F", age])
    put("MX", "2021", "_T", "_U", whole - sum(of_ages.values()))
    write("un_homicide", COUNTS, cells)


def trafficking() -> None:
    """Nigeria 2018 by sex; Bolivia 2017 prints each sex twice, so that its victims have no sex; <5 is suppressed."""
    measures = {"Detected trafficking victims": ("recorded", "victim"), "Persons convicted": ("convicted", "person"),
                "Offences of trafficking in persons": ("recorded", "offence"),
                "Persons brought into formal contact": ("suspected", "person"),
                "Persons prosecuted": ("prosecuted", "person")}  # fmt: skip
    sexes = {"Female": "F", "Male": "M", "Total": "_T"}
    cells: Cells = {}
    for row in survey_rows("un_glotip"):
        if (row["Iso3_code"], row["Dimension"], row["Age"]) == ("NGA", "Total", "Total"):
            key = ("NG", "2018", "0204", *measures[row["Indicator"]], sexes[row["Sex"]], "_T")
            assert key not in cells
            cells[key] = number(row["txtVALUE"].replace(",", ""))
    # offences have no sex: undivided
    # 50 convicted, 21 women and 28 men: one of unknown sex; of those prosecuted only women and men are given
    cells["NG", "2018", "0204", "recorded", "offence", "_U", "_T"] = 958
    cells["NG", "2018", "0204", "convicted", "person", "_U", "_T"] = 1
    cells["NG", "2018", "0204", "prosecuted", "person", "_T", "_T"] = 41 + 75
    write("un_glotip", COUNTS, cells)


def bangladeshi_cases() -> None:
    """Offences as columns; 2019 is January alone, and a unit has no figure before it began to work."""
    offences = {
        "murder": "0101",
        "dacoity": "0401",
        "robbery": "0401",
        "burglary": "0501",
        "theft": "0502",
        "riot": "08011",
    }
    areas = {"DMP": "BD-DMP", "Rangpur Range": "BD-RANGPUR", "GMP": "BD-GMP", "Total": "BD"}
    begins = {"Rangpur Range": "2012", "GMP": "2018"}
    cells: Cells = {}
    for row in records("bd_police_offences"):
        unit, year = row["unit_name"], row["year"]
        if unit in areas and begins.get(unit, "") <= year < "2019":
            for name, code in offences.items():
                add(cells, (areas[unit], year, code, "recorded", "case", "_T", "_T"), number(row[name]))
    write("bd_police_offences", COUNTS, cells)


if __name__ == "__main__":
    indian_kidnapping()
    indian_murder()
    indian_rape()
    south_african_offences()
    unodc_corruption()
    unodc_prisons()
    unodc_by_age(
        "un_gsh_homicide", "Count",
        {"0-14": "Y0T14", "15-29": "Y15T29", "30-44": "Y30T44", "45-59": "Y45T59", "60 or more": "Y_GE60"},
        ("recorded", "victim"), {("MX", "2017"), ("CO", "2016"), ("AR", "2016"), ("AR", "2017")},
    )  # fmt: skip
    # The band 0-14 lies in 0-17 and is left out, or its persons would be counted twice.
    unodc_by_age(
        "un_cts_formal_contact", "Brought into Formal Contact",
        {"0-17": "Y0T17", "18-24": "Y18T24", "25-29": "Y25T29", "30-44": "Y30T44", "45-59": "Y45T59",
         "over 60": "Y_GE60"},
        ("suspected", "person"), {("AU", "2013"), ("BE", "2011"), ("BG", "2010")},
    )  # fmt: skip
    australian_victims()
    australian_incidents()
    united_nations_population()
    unodc_homicide()
    bangladeshi_cases()
    trafficking()
