"""India (NCRB), South Africa (SAPS) and the United Nations (UNODC)."""

from __future__ import annotations

from cells import INCOMPLETE, Cells, add, add_totals, number, records, sheet, write

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
