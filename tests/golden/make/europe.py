"""France, Germany, Russia, Scotland, Spain, Ukraine and Eurostat's prisoners."""

from __future__ import annotations

from cells import INCOMPLETE, Cells, Value, add, add_totals, number, records, sheet, total, write, write_population

COUNTS = "ref_area time_period iccs stage counting_unit sex age"


def german_cases() -> None:
    """Table 01, columns by the publisher's numbers: 4 cases, 6 of them attempts, 18 men, 19 women suspected."""
    areas = {"Bremen": "DE-HB", "Saarland": "DE-SL", "Bundesrepublik Deutschland": "DE"}
    # Mord and Totschlag count attempts with completed ones, and in suspects nothing tells them apart.
    offences = {"010000": "0101_0102", "020010": "0101_0102", "435*00": "05012"}
    cells: Cells = {}
    for row in sheet("de_bka_t01")[8:]:
        iccs, area = offences.get(str(row[0])), areas.get(str(row[2]))
        if iccs is None or area is None:
            continue
        cases, attempts = float(str(row[3])), float(str(row[5]))
        for tag, value in (("ATTEMPTED", attempts), ("COMPLETED", cases - attempts), ("_T", cases)):
            add(cells, (area, "2024", iccs, "recorded", "case", "_T", "_T", tag), value)
        men, women = float(str(row[17])), float(str(row[18]))
        for sex, value in (("M", men), ("F", women), ("_T", men + women)):
            add(cells, (area, "2024", iccs, "suspected", "person", sex, "_T", "_T"), value)
    cells = add_totals(cells, 2, {"0501": ["05012"], "05": ["0501"]})
    write("de_bka_t01", f"{COUNTS} attempted", cells)


def german_suspects() -> None:
    """Table 40: columns 5-9, 12, 13, 16, 20, 21, 24-28 are the ages that do not overlap."""
    ages = {
        5: "Y0T5", 6: "Y6T7", 7: "Y8T9", 8: "Y10T11", 9: "Y12T13", 12: "Y14T15", 13: "Y16T17", 16: "Y18T20",
        20: "Y21T22", 21: "Y23T24", 24: "Y25T29", 25: "Y30T39", 26: "Y40T49", 27: "Y50T59", 28: "Y_GE60",
    }  # fmt: skip
    offences = {"010000": "0101_0102", "020000": "0101_0102", "030000": "010322"}
    cells: Cells = {}
    for row in sheet("de_bka_t40")[12:]:
        iccs = offences.get(str(row[0]))
        if iccs is None:
            continue
        year = str(int(float(str(row[2]))))
        for column, age in ages.items():
            add(cells, ("DE", year, iccs, "suspected", "person", "_T", age, "NATIONAL"), number(row[column - 1]))
        printed = float(str(row[3]))  # column 4, all ages as the publisher prints them
        add(cells, ("DE", year, iccs, "suspected", "person", "_T", "_T", "NATIONAL"), printed)
    cells = add_totals(cells, 2, {"01032": ["010322"], "0103": ["01032"]})
    kept = {("1987", "0101_0102"), ("2024", "0101_0102"), ("2024", "01032")}
    write("de_bka_t40", f"{COUNTS} citizenship", cells, lambda key: key[1:3] in kept)


def spanish_offences() -> None:
    offences = {"Homicidios dolosos y asesinatos consumados": "0101", "Robos con violencia e intimidación": "0401"}
    rows = {("BALEARS (ILLES)", "BALEARS"): "ES-PM", ("RIOJA (LA)", "RIOJA"): "ES-LO", ("NACIONAL", ""): "ES"}
    cells: Cells = {}
    for row in records("es_balances"):
        area, iccs = rows.get((row["Comunidad"], row["Provincia"])), offences.get(row["Delito"])
        if area is None or iccs is None or row["Municipio"]:
            continue
        for year in range(2016, 2021):
            value = number(row[f"Enero-diciembre {year}"])
            cells[area, str(year), iccs, "recorded", "offence", "_T", "_T"] = value
    cells = add_totals(cells, 2, {"01": ["0101"], "04": ["0401"]})
    write("es_balances", COUNTS, cells)


def spanish_population() -> None:
    cells: Cells = {}
    names = {"Balears, Illes": "ES-PM", "Rioja, La": "ES-LO", "Coruña, A": "ES-C", "Araba/Álava": "ES-VI",
             "Palmas, Las": "ES-GC", "Ceuta": "ES-CE", "Cáceres": "ES-CC", "Ávila": "ES-AV"}  # fmt: skip
    rows = records("es_population")
    for year in ("2016", "2020"):
        for row in rows:
            if row["PROVINCIA"] in names:
                cells[names[row["PROVINCIA"]], year, "_T", "_T"] = number(row[f"POB{year}"])
        cells["ES", year, "_T", "_T"] = sum(float(row[f"POB{year}"]) for row in rows)  # all 52
    write_population("es_population", cells)


def prisoners() -> None:
    """Women and men where both are given, and their sum; otherwise the total alone, of unknown sex."""
    codes = {"ICCS0101": "0101", "ICCS03011": "03011", "ICCS03012": "03012"}
    areas = {"FR": "FR", "LV": "LV", "XK": "XK", "IE": "IE", "UKC-L": "GB-EAW"}
    given: dict[tuple[str, str, str], dict[str, Value]] = {}
    for row in records("eu_crim_pris_off"):
        if row["unit"] == "NR" and row["geo"] in areas:
            key = (areas[row["geo"]], row["TIME_PERIOD"], codes[row["iccs"]])
            given.setdefault(key, {})[row["sex"]] = number(row["OBS_VALUE"])
    cells: Cells = {}
    for (area, year, iccs), sexes in given.items():
        stem = (area, year, iccs, "held", "person")
        if {"F", "M"} <= set(sexes):
            cells |= {(*stem, "F", "_T"): sexes["F"], (*stem, "M", "_T"): sexes["M"]}
            cells[*stem, "_T", "_T"] = total([sexes["F"], sexes["M"]])
        else:
            cells |= {(*stem, "_U", "_T"): sexes["T"], (*stem, "_T", "_T"): sexes["T"]}
    # A country's totals hold a category from its first year with a figure on: 03012 of France begins after 2013.
    first = {(area, iccs): min(year for place, year, code, *_ in valued if (place, code) == (area, iccs))
             for valued in [[key for key, value in cells.items() if not isinstance(value, str)]]
             for area, _, iccs, *_ in valued}  # fmt: skip
    later = {key: value for key, value in cells.items() if key[1] < first.get((key[0], key[2]), "")}
    held = {key: value for key, value in cells.items() if key not in later}
    sexual = {key for key in held if key[2] in ("03011", "03012")}
    cells = later | held | {
        (area, year, above, *rest): total(held[area, year, code, *rest] for code in ("03011", "03012")
                                          if (area, year, code, *rest) in held)
        for area, year, _, *rest in sexual for above in ("0301", "03")
    } | {key: value for key, value in add_totals(held, 2, {"01": ["0101"]}).items() if key[2] == "01"}  # fmt: skip
    kept = {("FR", "2013"), ("FR", "2021"), ("LV", "2014"), ("XK", "2018"), ("IE", "2013"), ("GB-EAW", "2013")}
    write("eu_crim_pris_off", COUNTS, cells, lambda key: (key[0], key[1]) in kept and key[2] != "0301")


def scottish_offences() -> None:
    """Offences as columns; the financial year 2022-23 is under 2022. Councils, and the row of Scotland."""
    offences = {
        "Crimes: Group 1: Murder and culpable homicide": "0101", "Crimes: Group 1: Robbery": "0401",
        "Crimes: Group 2: Rape & attempted rape": "03011", "Crimes: Group 3: Housebreaking": "0501",
        "Crimes: Group 3: Shoplifting": "050231", "Crimes: Group 3: Fraud": "0701",
        "Crimes: Group 4: Fire-raising": "0504", "Crimes: Group 4: Vandalism": "0504",
        "Offences: Group 8: Seat belt offences": "0907", "Offences: Group 8: Speeding": "0907",
        "Offences: Group 8: Unlawful use of vehicle": "0907", "Offences: Group 8: Vehicle defect offences": "0907",
    }  # fmt: skip
    areas = {"Scotland": "GB-SCT", "Aberdeen City": "GB-ABE", "Orkney Islands": "GB-ORK"}
    cells: Cells = {}
    for row in records("gb_scotgov_recorded"):
        for name, code in offences.items():
            if row["Reference Area"] in areas:
                key = (areas[row["Reference Area"]], "2022", code, "recorded", "offence", "_T", "_T")
                add(cells, key, number(row[name]))
    write("gb_scotgov_recorded", COUNTS, add_totals(cells, 2, {"04": ["0401"], "07": ["0701"]}))


def french_homicides() -> None:
    """The national series with terrorist attacks; 2016 begins another. Departments have no attempts, so no 01."""
    titles = {"Homicides": "0101", "Tentatives": "0102", "Mis en cause": "0101"}
    areas = {"France": "FR", "06-Alpes-Maritimes": "FR-06", "48-Lozère": "FR-48"}
    cells: Cells = {}
    for row in records("fr_ssmsi_homicide"):
        counts = row["Statistique"] == "Nombre" and row["Correction"] != "Hors attentats terroristes"
        if counts and row["Zone_geographique"] in areas:
            (code,) = (code for begin, code in titles.items() if row["Titre"].startswith(begin))
            who = ("recorded", "victim") if row["Unite_de_compte"] == "Victimes" else ("suspected", "person")
            area = areas[row["Zone_geographique"]]
            cells[area, row["Unite_temps"], code, *who, "_T", "_T"] = number(row["Valeurs"])
    for area, year, code, *rest in list(cells):
        if rest[1] == "victim" and code == "0101":
            attempts = cells.get((area, year, "0102", *rest))
            whole = cells[area, year, code, *rest]
            if area != "FR":
                cells[area, year, "01", *rest] = INCOMPLETE
            else:
                cells[area, year, "01", *rest] = whole if attempts is None else total([whole, attempts])
        elif code == "0101":
            cells[area, year, "01", *rest] = cells[area, year, code, *rest]
    cells = {key: value for key, value in cells.items() if key[3] == "recorded" or key[0] == "FR"}
    write(
        "fr_ssmsi_homicide", COUNTS, cells,
        first_after_break=lambda key: key[1] == "2016" and key[2] in ("01", "0101"),
    )  # fmt: skip


def french_violence() -> None:
    """Victims of 15 years and over; the other series are of the same victims."""
    cells: Cells = {}
    for row in records("fr_ssmsi_violence"):
        areas = {"01-Ain": "FR-01", "976-Mayotte": "FR-976"}
        wanted = (row["Statistique"], row["Periodicite"], row["Sous_indicateur"]) == ("Nombre", "Annuelle", "Ensemble")
        if wanted and row["Zone_geographique"] in areas:
            key = (areas[row["Zone_geographique"]], row["Unite_temps"], "02011", "recorded", "victim", "_T", "Y_GE15")
            cells[key] = number(row["Valeurs"])
    write("fr_ssmsi_violence", COUNTS, cells)


def russian_offences() -> None:
    """The national row beside regions; Crimea, claimed by two countries, is given and in no country's sum."""
    types = {"Murder": "0101_0102", "Theft": "0502", "Robbery with violence": "0401"}
    areas = {"Russian Federation": "RU", "Belgorod Oblast": "RU-BEL", "Moscow": "RU-MOW", "Republic of Crimea": "UA-43"}
    cells: Cells = {}
    for row in records("ru_mvd_offences"):
        count = row["The number of crimes"]
        key = (areas[row["Region"]], row["Year"], types[row["Type of crime"]], "recorded", "offence", "_T", "_T")
        cells[key] = number("" if count == "NaN" else count)
    # Belgorod, murder: 101 in 2022, 552 in 2023, a factor of five: a break until somebody declares it real
    write("ru_mvd_offences", COUNTS, cells, first_after_break=lambda key: key[:3] == ("RU-BEL", "2023", "0101_0102"))


def ukrainian_offences() -> None:
    """Articles of the code. Intentional homicide (115) is not used: deaths of war are registered under it."""
    articles = {"149": "0204", "152": "03011", "185": "0502", "187": "0401", "438": "11013"}
    cells: Cells = {}
    for row in records("ua_gpo_offences", "cp1251"):
        if row["Article_number"] in articles:
            key = ("UA", row["Year"], articles[row["Article_number"]], "recorded", "offence", "_T", "_T")
            add(cells, key, number(row["(1) Registered Crimes (Not Criminal Cases)"]))
    write(
        "ua_gpo_offences", COUNTS, cells, lambda key: key[2] != "0401",
        first_after_break=lambda key: key[1] in ("2014", "2022"),
    )  # fmt: skip


if __name__ == "__main__":
    german_cases()
    german_suspects()
    spanish_offences()
    spanish_population()
    prisoners()
    scottish_offences()
    french_homicides()
    french_violence()
    russian_offences()
    ukrainian_offences()
