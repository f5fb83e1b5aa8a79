"""Argentina, Brazil, Chile, Colombia, Ecuador, Mexico, Panama, Peru and the United States."""

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


def events(
    source: str, places: dict[str, str], rows: list[tuple[str, str, str, str, str]], months: set[tuple[str, str]]
) -> None:
    """Cells of events by (place, month, sex, age, weapon): years by sex and age, and by weapon; months by sex.

    The rows are made up. A group that occurs anywhere in the file has a cell in each place, year and month: 0 where no
    row is of it. The places listed do not hold others. ``months`` are those to list.
    """
    groups = [(sex, age, weapon) for _, _, sex, age, weapon in rows]
    by_year = {(s, a, "_T") for sex, age, _ in groups for s in (sex, "_T") for a in (age, "_T")}
    by_year |= {("_T", "_T", weapon) for *_, weapon in groups}
    by_month = {(sex, "_T", "_T") for sex in {"_T", *(sex for sex, *_ in groups)}}
    rest = ("0101", "recorded", "victim")
    years = {(area, month[:4]) for area in places.values() for _, month, *_ in rows}
    cells: Cells = {(*place, *rest, *group): 0 for place in years for group in by_year}
    cells |= {(*place, *rest, *group): 0 for place in months for group in by_month}
    for place, month, sex, age, weapon in rows:
        mine = {(s, a, "_T") for s in (sex, "_T") for a in (age, "_T")} | {("_T", "_T", weapon)}
        for period in (month[:4], month):
            for group in mine:
                key = (places.get(place, ""), period, *rest, *group)
                if key in cells:
                    add(cells, key, 1)
    write(source, f"{COUNTS} weapon", cells)


def without_sex_where_often_unknown(cells: Cells) -> Cells:
    """Men and women have no value where the sex of more than a fifth of the persons is unknown."""
    found = dict(cells)
    for *place, sex, age in cells:
        unknown, whole = cells[(*place, "_U", age)], cells[(*place, "_T", age)]
        if sex in ("M", "F") and float(unknown) > 0.2 * float(whole):
            found[(*place, sex, age)] = "sex_not_known"
    return found


def ecuadorian_homicides() -> None:
    """An age of 2 months or 3 weeks is under 10 years; province 90 is no stated place."""
    weapons = {"ARMA DE FUEGO": "FIREARM", "ARMA BLANCA": "SHARP", "OTROS": "OTHER"}
    sexes = {"HOMBRE": "M", "MUJER": "F", "NO DETERMINADO": "_U"}
    bands = {16: "Y15T17", 18: "Y18T19", 25: "Y25T29", 29: "Y25T29", 33: "Y30T44", 44: "Y30T44", 61: "Y_GE60"}
    table = sheet("ec_mdi_homicides")
    names = [str(name) for name in table[0]]
    rows = []
    for line in table[1:]:
        row = dict(zip(names, map(str, line), strict=True))
        age = {"A": lambda text: bands[int(text)], "SIN_DATO": lambda _: "_U"}.get(row["medida_edad"], lambda _: "Y0T9")
        month = row["fecha_infraccion"][:7]
        rows.append((row["codigo_provincia"], month, sexes[row["sexo"]], age(row["edad"]), weapons[row["arma"]]))
    events("ec_mdi_homicides", {"9": "EC-G", "90": "EC-_U"}, rows, {("EC-G", "2023-03"), ("EC-G", "2022-11")})


def ecuadorian_population() -> None:
    """Cantons added up to their provinces."""
    header, *lines = sheet("ec_inec_population")
    provinces = {"16": "EC-Y", "20": "EC-W"}
    cells: Cells = {}
    for line in lines:
        row = dict(zip(map(str, header), line, strict=True))
        for year in ("2010", "2023", "2035"):
            add(cells, (provinces[str(row["COD_PROVINCIA"])], year, "_T", "_T"), number(row[year]))
    write_population("ec_inec_population", cells)


def chilean_homicides() -> None:
    """The region of O'Higgins, and the months of the capital."""
    weapons = {"Arma de Fuego": "FIREARM", "Objeto cortante o punzante": "SHARP", "Otros": "OTHER"}
    sexes = {"Hombre": "M", "Mujer": "F", "Sin Información": "_U"}
    table = sheet("cl_cphdv_homicides", "BBDD")
    cells: Cells = {}
    sexes_given = set()
    for line in table[1:]:
        row = dict(zip(map(str, table[0]), line, strict=True))
        sexes_given.add(sexes[str(row["SEXO_RECOD_F"])])
        assert row["ARMA_RECOD2"] in weapons
    listed = {"CL-LI": "Libertador General Bernardo O'Higgins", "CL-CO": "Coquimbo"}
    for area, name in listed.items():
        for month in ("2022-03", "2022-07", "2023-10"):
            for sex in (*sexes_given, "_T"):
                cells[area, month, "0101", "recorded", "victim", sex, "_T"] = 0
            for line in table[1:]:
                row = dict(zip(map(str, table[0]), line, strict=True))
                when = f"{int(float(str(row['ID_ANO'])))}-{int(float(str(row['MES2']))):02}"
                if (row["NOM_REG"], when) == (name, month):
                    for sex in (sexes[str(row["SEXO_RECOD_F"])], "_T"):
                        add(cells, (area, month, "0101", "recorded", "victim", sex, "_T"), 1)
    write("cl_cphdv_homicides", COUNTS, without_sex_where_often_unknown(cells))


def chilean_cases() -> None:
    """Months are in three header rows: year, quarter, month; a year is the sum of its months."""
    offences = {"Homicidios": "0101", "Robo con violencia o intimidación": "0401", "Lesiones leves": "020112",
                "Robo por sorpresa": "050221", "Daños": "0504", "Violaciones": "03011"}  # fmt: skip
    lines = sheet("cl_cead_cases")
    (first,) = (n for n, line in enumerate(lines) if str(line[0]).startswith("GRUPO DELICTUAL"))
    cells: Cells = {}
    for line in lines[first + 1 :]:
        if str(line[0]) not in offences:
            continue
        year = 0
        for column in range(1, len(line)):
            year = int(float(str(lines[first - 2][column] or year)))
            key = (offences[str(line[0])], "recorded", "case", "_T", "_T")
            add(cells, ("CL", f"{year}-{int(float(str(lines[first][column]))):02}", *key), number(line[column]))
            add(cells, ("CL", str(year), *key), number(line[column]))
    write("cl_cead_cases", COUNTS, cells)


def chilean_population() -> None:
    """Comunas added up to the regions of Arica (15) and Magallanes (12)."""
    cells: Cells = {}
    for row in records("cl_ine_population"):
        area = {"15": "CL-AP", "12": "CL-MA"}[row["cut_region"]]
        add(cells, (area, row["año"], "_T", "_T"), number(row["población"]))
    write_population("cl_ine_population", cells)


def panamanian_homicides() -> None:
    """2020 has no sex: months of the province of Panamá."""
    sexes = {"Masculino": "M", "Femenino": "F", "No disponible": "_U"}
    cells: Cells = {}
    for month in ("2019-01", "2019-05", "2019-10", "2020-06"):
        for sex in (*sexes.values(), "_T"):
            cells["PA-8", month, "0101", "recorded", "victim", sex, "_T"] = 0
    for row in records("pa_mp_homicides"):
        month = f"{row['año']}-{SPANISH_MONTHS.index(row['mes']) + 1:02}"
        for sex in (sexes[row["sexo"]], "_T"):
            key = ("PA-8", month, "0101", "recorded", "victim", sex, "_T")
            if row["provincia"] == "Panamá" and key in cells:
                add(cells, key, 1)
    write("pa_mp_homicides", COUNTS, without_sex_where_often_unknown(cells))


def peruvian_complaints() -> None:
    """Articles with a reviewed link; conspiracy to kill for payment (108-D) is no homicide."""
    articles = {"106": "0101", "108": "0101", "108-B": "0101", "108-D": "08064", "170": "03011"}
    cells: Cells = {}
    for row in records("pe_mpfn_complaints"):
        penal_code = not row["generico"].startswith(("LEY", "D.LEG"))
        if penal_code and row["articulo"] in articles:
            key = (row["anio_denuncia"], articles[row["articulo"]], "recorded", "case", "_T", "_T")
            add(cells, ("PE-LAM", *key), number(row["cantidad"]))
    # homicide: more than three times the year before in the extract, so a break
    write("pe_mpfn_complaints", COUNTS, cells, first_after_break=lambda key: key[1:3] == ("2023", "0101"))


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
    ecuadorian_homicides()
    ecuadorian_population()
    chilean_homicides()
    chilean_cases()
    chilean_population()
    panamanian_homicides()
    peruvian_complaints()
