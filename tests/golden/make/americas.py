"""Argentina (INDEC), Brazil (SINESP, DATASUS), Colombia (DANE), Mexico (SESNSP) and the United States (FBI)."""

from __future__ import annotations

from collections import defaultdict

from cells import INCOMPLETE, Cells, Key, add, add_totals, number, records, sheet, total, write, write_population

COUNTS = "ref_area time_period iccs stage counting_unit sex age"


PORTUGUESE_MONTHS = ["janeiro", "fevereiro", "março", "abril", "maio", "junho",
                     "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"]  # fmt: skip
STATES = {"Acre": "BR-AC", "Paraná": "BR-PR"}


def brazilian_offences() -> None:
    """A month has each of its counts; a year of this extract lacks months, and the country lacks states.

    Estupro (article 213) has held any libidinous act by force since 2009: sexual violence, not rape alone.
    """
    offences = {
        "Homicídio doloso": "0101", "Roubo seguido de morte (latrocínio)": "0101",
        "Lesão corporal seguida de morte": "0101", "Tentativa de homicídio": "0102", "Estupro": "0301",
        "Roubo de veículo": "040121", "Roubo de carga": "040129", "Roubo a instituição financeira": "040131",
        "Furto de veículo": "050211",
    }  # fmt: skip
    cells: Cells = {}
    for state, kind, year, month, count in sheet("br_sinesp_offences", "Ocorrências")[1:]:
        period = f"{int(float(str(year)))}-{PORTUGUESE_MONTHS.index(str(month)) + 1:02}"
        key = (STATES[str(state)], period, offences[str(kind)], "recorded", "incident", "_T", "_T")
        add(cells, key, number(count))
    tree = {"01": ["0101", "0102"], "03": ["0301"], "04012": ["040121", "040129"],
            "04013": ["040131"], "0401": ["04012", "04013"], "04": ["0401"],
            "05021": ["050211"], "0502": ["05021"], "05": ["0502"]}  # fmt: skip
    cells = add_totals(cells, 2, tree)
    for year in ("2019", "2021"):
        for area in ("BR-AC", "BR"):
            cells[area, year, "0101", "recorded", "incident", "_T", "_T"] = INCOMPLETE
    cells["BR", "2019-01", "0101", "recorded", "incident", "_T", "_T"] = INCOMPLETE
    # April 2015 has no row of Roubo a instituição financeira: its totals of robbery are left out.
    left_out = {("BR-PR", "2015-04", "0401"), ("BR-PR", "2015-04", "04")}
    kept = {("BR-AC", "2021-01"), ("BR-PR", "2019-01"), ("BR-PR", "2015-04")}
    write("br_sinesp_offences", COUNTS, cells, lambda key: key[:3] not in left_out
          and (key[:2] in kept or key[0] == "BR" or len(key[1]) == 4))  # fmt: skip


def brazilian_victims() -> None:
    """Words of sex: Feminino, Masculino and Sexo NI (not informed)."""
    sexes = {"Feminino": "F", "Masculino": "M", "Sexo NI": "_U"}
    seen: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    cells: Cells = {}
    for state, kind, year, month, sex, count in sheet("br_sinesp_victims", "Vítimas")[1:]:
        period = f"{int(float(str(year)))}-{PORTUGUESE_MONTHS.index(str(month)) + 1:02}"
        stem = (STATES[str(state)], period)
        seen[stem][str(kind)].add(sexes[str(sex)])
        add(cells, (*stem, "0101", "recorded", "victim", sexes[str(sex)], "_T"), number(count))  # all three: 0101
    cells = add_totals(cells, 5, {"_T": ["F", "M", "_U"]})
    cells = add_totals(cells, 2, {"01": ["0101"]})
    whole = {stem for stem, kinds in seen.items() if len(kinds) == 3 and all(len(sex) == 3 for sex in kinds.values())}
    kept = {stem for stem in whole if stem[0] == "BR-PR"}
    write("br_sinesp_victims", COUNTS, cells, lambda key: (key[0], key[1]) in kept)


def brazilian_population() -> None:
    """Single years of age up to 79, then 80 and over."""
    cells: Cells = {}
    for row in records("br_datasus_population"):
        age = "Y_GE80" if row["age"] == "80" else f"Y{row['age']}"
        cells["BR-RO", row["year"], {"1": "M", "2": "F"}[row["sex"]], age] = number(row["population"])
    assert len(cells) == 2 * 81
    cells = add_totals(cells, 2, {"_T": ["M", "F"]})
    cells = add_totals(cells, 3, {"_T": [*(f"Y{age}" for age in range(80)), "Y_GE80"]})
    write_population("br_datasus_population", cells)


def argentine_population() -> None:
    """Of the city of Buenos Aires (02), by the publisher's own totals of both sexes (0)."""
    cells: Cells = {}
    for row in records("ar_indec_population"):
        if row["juri"] == "02":
            age = row["edad"].split(" ")[0].replace("-", "T")
            age = "Y_GE100" if age == "100" else f"Y{age}"
            sex = {"0": "_T", "1": "M", "2": "F"}[row["sexo_codigo"]]
            cells["AR-C", row["ano"], sex, age] = number(row["poblacion"])
    ages = {key[3] for key in cells}
    assert len(ages) == 21
    write_population("ar_indec_population", add_totals(cells, 3, {"_T": sorted(ages)}))


def colombian_population() -> None:
    """Single years of age in columns, hombres_0 to mujeres_100; the last is 100 and over. San Andrés (88)."""
    cells: Cells = {}
    ages = [*(f"Y{age}" for age in range(100)), "Y_GE100"]
    (row,) = (row for row in records("co_dane_population_age") if row["dp"] == "88")
    for word, sex in (("hombres", "M"), ("mujeres", "F")):
        for number_of_column, age in enumerate(ages):
            cells["CO-SAP", row["ano"], sex, age] = number(row[f"{word}_{number_of_column}"])
    cells = add_totals(cells, 2, {"_T": ["M", "F"]})
    write_population("co_dane_population_age", add_totals(cells, 3, {"_T": ages}))


SPANISH_MONTHS = ["Enero", "Febrero", "Marzo", "Abril", "Mayo", "Junio",
                  "Julio", "Agosto", "Septiembre", "Octubre", "Noviembre", "Diciembre"]  # fmt: skip


def mexican_offences() -> None:
    """Months are columns; weapons divide years only. Months to come are blank: their year is incomplete."""
    weapons = {"Con arma de fuego": "FIREARM", "Con arma blanca": "SHARP", "Con otro elemento": "OTHER"}
    header, *rows = sheet("mx_sesnsp_offences")
    cells: Cells = {}
    for row in (dict(zip(map(str, header), row, strict=True)) for row in rows):
        subtype = str(row["Subtipo de delito"])
        if subtype not in ("Homicidio doloso", "Feminicidio"):
            continue
        area = {1: "MX-AGU", 9: "MX-CMX"}[int(float(str(row["Clave_Ent"])))]
        year, weapon = str(int(float(str(row["Año"])))), weapons.get(str(row["Modalidad"]), "_U")
        months = [number(row[month]) for month in SPANISH_MONTHS]
        stem = (area, year, "0101", "recorded", "offence", "_T", "_T")
        add(cells, (*stem, weapon), total(months))
        for n, value in enumerate(months, start=1):
            add(cells, (area, f"{year}-{n:02}", *stem[2:], "_T"), value)
    cells = add_totals(cells, 7, {"_T": ["FIREARM", "SHARP", "OTHER", "_U"]}) | cells
    kept = {"2015", "2018", "2019", "2015-01", "2018-12", "2019-03", "2019-04"}
    write("mx_sesnsp_offences", f"{COUNTS} weapon", cells, lambda key: key[1] in kept)


def fbi_estimates() -> None:
    """Every figure is the programme's estimate (E); rape by the legacy definition up to 2012, the revised from 2013."""
    offences = {"homicide": "0101", "robbery": "0401", "aggravated_assault": "020111", "burglary": "0501",
                "larceny": "larceny", "motor_vehicle_theft": "05021"}  # fmt: skip
    cells: Cells = {}
    legacy: Cells = {}
    people: Cells = {}
    for row in records("us_fbi_estimates"):
        area = f"US-{row['state_abbr']}" if row["state_abbr"] else "US"
        stem = (area, row["year"])
        rest = ("recorded", "offence", "_T", "_T")
        for column, iccs in offences.items():
            cells[*stem, iccs, *rest] = number(row[column])
        cells[*stem, "03011", *rest] = number(row["rape_revised" if int(row["year"]) >= 2013 else "rape_legacy"])
        if row["rape_legacy"]:
            legacy[*stem, "03011", *rest] = number(row["rape_legacy"])
    for row in records("us_fbi_population"):
        area = f"US-{row['state_abbr']}" if row["state_abbr"] else "US"
        people[area, row["year"], "_T", "_T"] = number(row["population"])
    sexual = {"0301": ["03011"], "03": ["0301"]}
    # Larceny-theft is all theft but that of motor vehicles; both together are theft.
    tree = {"01": ["0101"], "02011": ["020111"], "0201": ["02011"], "02": ["0201"], **sexual, "04": ["0401"],
            "0502": ["larceny", "05021"], "05": ["0501", "0502"]}  # fmt: skip
    kept = {("US", "2012"), ("US", "2013"), ("US-WY", "2019"), ("US-AK", "1979")}
    cells = {key: value for key, value in add_totals(cells, 2, tree).items() if key[2] != "larceny"}
    # The definition of rape changed in 2013, as the publisher says, and with it those of the categories above.
    revised = {"03", "0301", "03011"}
    write("us_fbi_estimates", COUNTS, cells, lambda key: (key[0], key[1]) in kept, status="E",
          first_after_break=lambda key: key[1] == "2013" and key[2] in revised)  # fmt: skip
    kept = {("US", "2012"), ("US", "2016"), ("US-WY", "2014"), ("US-DC", "1979")}
    write("us_fbi_rape_legacy", COUNTS, add_totals(legacy, 2, sexual), lambda key: (key[0], key[1]) in kept, status="E")
    kept = {("US", "2012"), ("US", "1979"), ("US-WY", "2014"), ("US-DC", "1979"), ("US-AK", "2019")}
    write_population("us_fbi_population", people, lambda key: key[:2] in kept)


def juvenile_arrests() -> None:
    """Ages are in columns by sex; persons under 18 only, so that their total is Y0T17."""
    offences = {"ASR_HOM": "0101", "ASR_MAN": "01032", "ASR_ROB": "0401", "ASR_ARSON": "0504", "ASR_VAN": "0504"}
    ages = {"0_9": "Y0T9", "10_12": "Y10T12", "13_14": "Y13T14", "15": "Y15", "16": "Y16", "17": "Y17"}
    cells: Cells = {}
    for row in records("us_fbi_juvenile_arrests"):
        iccs = offences.get(row["offense_code"])
        if iccs is None:
            continue
        for sex, printed in (("m", "total_male"), ("f", "total_female")):
            assert sum(float(row[f"{sex}_{column}"] or 0) for column in ages) == float(row[printed])
        for column, age in ages.items():
            for sex in "MF":
                key = ("US", row["year"], iccs, "suspected", "arrest", sex, age)
                # A blank is none: the ages of each row add up to its totals of males and of females.
                add(cells, key, float(row[f"{sex.lower()}_{column}"] or 0))
    cells = add_totals(cells, 5, {"_T": ["M", "F"]})
    cells = add_totals(cells, 6, {"Y0T17": list(ages.values())})
    kept = {("2016", "0101"), ("2016", "0504"), ("1994", "0401")}
    write("us_fbi_juvenile_arrests", COUNTS, cells, lambda key: (key[1], key[2]) in kept)


def homicide_reports() -> None:
    """A row is a victim, and ten states are covered: a month, area and group without a row is 0.

    The rows are made up. Of negligent killings the groups that occur anywhere in the file have a cell, by sex and one
    more dimension; killings of a felon by the police or a citizen are justified and no homicide.
    """
    weapons = {"Rifle": "FIREARM", "Other gun": "FIREARM", "Other or type unknown": "_U", "Fire": "OTHER",
               "Poison - does not include gas": "OTHER", "Narcotics or drugs, sleeping pills": "OTHER",
               "Asphyxiation - includes death by gas": "OTHER", "Pushed or thrown out window": "_Z",
               "Personal weapons, includes beating": "_Z", "Strangulation - hanging": "_Z"}  # fmt: skip
    relations = {"Employer": "COLLEAGUE", "Neighbor": "ACQUAINTANCE", "Friend": "FRIEND", "Ex-wife": "PARTNER_FORMER",
                 "Mother": "BLOOD_RELATIVE", "Daughter": "BLOOD_RELATIVE", "Relationship not determined": "_U",
                 "Stepfather": "HOUSEHOLD", "Stepmother": "HOUSEHOLD", "Stepson": "HOUSEHOLD",
                 "Stepdaughter": "HOUSEHOLD"}  # fmt: skip
    ages = {0: "Y0T4", 15: "Y15T17", 17: "Y15T17", 18: "Y18T19", 30: "Y30T34", 45: "Y45T49", 61: "Y60T64",
            88: "Y_GE85", 99: "_U", 999: "_U"}  # fmt: skip
    sexes = {"Male": "M", "Female": "F", "Unknown": "_U"}
    rest = ("recorded", "victim")
    negligent: list[tuple[bool, Key]] = []
    cells: Cells = {("US-WA", f"1991-{month:02}", "0101", *rest, *["_T"] * 5): 0 for month in range(1, 13)}
    for row in records("us_fbi_shr"):
        here = (row["state_abbr"], row["year"]) == ("WA", "1991.0")
        if row["homicide_type"].startswith("Murder"):
            if here and not row["circumstance"].startswith("Felon killed"):
                key = ("US-WA", f"1991-{int(float(row['month'])):02}", "0101", *rest, *["_T"] * 5)
                add(cells, key, 1)
            continue
        age, weapon = ages[int(float(row["vic_age"]))], weapons[row["weapon"]]
        for sex in (sexes[row["vic_sex"]], "_T"):
            relation = relations[row["relationship"]]
            groups = [("_T", "_T", "_T"), (age, "_T", "_T"), ("_T", weapon, "_T"), ("_T", "_T", relation)]
            negligent += [(here, (sex, *group, "_T")) for group in groups]
        negligent.append((here, (*["_T"] * 4, "_U")))  # no circumstance of negligence tells a context of the ICCS
    for here, group in negligent:
        add(cells, ("US-WA", "1991", "010322", *rest, *group), 1 if here else 0)
    write("us_fbi_shr", f"{COUNTS} weapon relationship situational_context", cells)


if __name__ == "__main__":
    brazilian_offences()
    brazilian_victims()
    brazilian_population()
    argentine_population()
    colombian_population()
    mexican_offences()
    fbi_estimates()
    juvenile_arrests()
    homicide_reports()
