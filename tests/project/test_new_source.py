"""``iccs sources new``: a first definition from a file alone, which ``iccs check`` takes and whose figures are right.

Expected figures are those that a person reads in the rows of each test.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import openpyxl
import pytest

from pipelines.cli.main import main
from pipelines.collect.acquire import find_layouts
from pipelines.run import run_all
from pipelines.session import Session
from pipelines.system.settings import load_settings
from schemas.source import find_sources

pytestmark = pytest.mark.slow
CAPITAL, JALISCO = "Ciudad de México", "Jalisco"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ICCS_PROJECT", "ICCS_DATA"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "iccs.toml").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def figures(
    office: Path, one_engine: None, capsys: pytest.CaptureFixture[str]
) -> Callable[..., dict[tuple[str, ...], object]]:
    """Write the definition, check the file, load it and return its cells by area, period, category and sex."""

    def load(file: str, name: str, *options: str) -> dict[tuple[str, ...], object]:
        assert main(["sources", "new", file, "--id", name, "--no-questions", *options]) == 0
        capsys.readouterr()
        assert main(["check", file, "--source", name, "--with-drafts"]) == 0, capsys.readouterr().err
        folders = find_sources([name], with_drafts=True)
        given = tuple((office / file, layout) for layout in find_layouts(folders[0], office, office / file))
        result = run_all(folders, Session(load_settings(), office, given=given))
        assert result.refused == ()
        with duckdb.connect(str(result.published), read_only=True) as connection:
            rows = connection.execute(
                "SELECT ref_area, time_period, iccs, sex, value FROM out.observation WHERE source = $name",
                {"name": name},
            ).fetchall()
        return {tuple(key): value for *key, value in rows}

    return load


def test_years_as_columns_with_a_banner_totals_marks_and_notes(
    office: Path, figures: Callable[..., dict[tuple[str, ...], object]]
) -> None:
    (office / "casos_2024.csv").write_bytes(
        "Delitos registrados por entidad;;;\n;;;\nEntidad;Delito;2023;2024\n"
        "Jalisco;Homicidio doloso;1 876;1 721 (p)\nJalisco;Lesiones dolosas;10 233;..\n"
        "Jalisco;Total;12 109;1 721 (p)\n;;;\n(p) Cifras provisionales;;;\n".encode("cp1252")
    )
    cells = figures("casos_2024.csv", "mx_office_cases")
    assert cells["MX-JAL", "2023", "0101", "_T"] == 1876
    assert cells["MX-JAL", "2024", "0101", "_T"] == 1721
    assert cells["MX-JAL", "2024", "02011", "_T"] is None
    assert {area for area, *_ in cells} == {"MX", "MX-JAL"}


def test_months_as_columns_and_a_year_that_is_not_over(
    office: Path, figures: Callable[..., dict[tuple[str, ...], object]]
) -> None:
    months = "Enero,Febrero,Marzo,Abril,Mayo,Junio,Julio,Agosto,Septiembre,Octubre,Noviembre,Diciembre"
    full, begun = ",".join(["10"] * 12), ",".join(["7", "8", *[""] * 10])
    lines = [f"Año,Entidad,Delito,Sexo,{months}"]
    for year, counts in (("2023", full), ("2024", begun)):
        lines += [f"{year},{area},Robo,{sex},{counts}" for area in (JALISCO, CAPITAL) for sex in ("Hombre", "Mujer")]
    (office / "robos.csv").write_text("\n".join(lines), encoding="utf-8")
    cells = figures("robos.csv", "mx_office_robberies")
    by_key = {(area, period, sex): value for (area, period, _, sex), value in cells.items()}
    assert by_key["MX-JAL", "2023", "F"] == 120
    assert by_key["MX-JAL", "2024-02", "_T"] == 16
    assert by_key["MX-JAL", "2024-03", "_T"] is None


def test_offences_as_columns_in_a_workbook(office: Path, figures: Callable[..., dict[tuple[str, ...], object]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (
        ["Table 3: offences of the state police"],
        ["State", "Year", "Murder", "Robbery", "Total offences"],
        ["Queensland", 2022, 45, 1750, 1795],
        ["Queensland", 2023, 47, 1800, 1847],
        ["Victoria", 2022, 60, 2400, 2460],
        ["Victoria", 2023, 58, 2500, 2558],
    ):
        sheet.append(row)
    book.save(office / "offences.xlsx")
    cells = figures("offences.xlsx", "au_office_offences", "--lang", "en")
    assert cells["AU-QLD", "2023", "0101", "_T"] == 47
    assert cells["AU-VIC", "2022", "0401", "_T"] == 2400


def test_labels_with_quotes_and_signs_are_texts_only(
    office: Path, figures: Callable[..., dict[tuple[str, ...], object]]
) -> None:
    hostile = "Offence \"}]: #' OR 1=1 --"
    rows = [[f'"{hostile.replace(chr(34), chr(34) * 2)}"', "Región", "2021", "2022"]]
    rows += [['"Murder\'; DROP"', JALISCO, "5", "6"], ["Robbery", JALISCO, "50", "60"]]
    (office / "hostile.csv").write_text("\n".join(",".join(row) for row in rows), encoding="utf-8")
    cells = figures("hostile.csv", "mx_office_hostile", "--lang", "en")
    assert cells["MX-JAL", "2022", "0401", "_T"] == 60


def test_utf_16_with_tabs_and_a_total_at_the_foot_is_a_control(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (
        "Province\tOffence\tYear\tCount\nEastern Cape\tMurder\t2023\t4,100\nGauteng\tMurder\t2023\t6,200\n"
        "Total\t\t\t10,300\n"
    )
    (office / "unicode.txt").write_bytes(text.encode("utf-16"))
    assert main(["sources", "new", "unicode.txt", "--id", "za_office_murder", "--json", "--lang", "en"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert "footer of 1 rows from 'Total'" in said["seen"][0]
    assert main(["check", "unicode.txt", "--source", "za_office_murder", "--with-drafts", "--json"]) == 0
    rules = {row["rule"]: row["outcome"] for row in json.loads(capsys.readouterr().out)["rules"]}
    assert rules["control_totals"] == "passed"
    (office / "unicode.txt").write_bytes(text.replace("10,300", "10,301").encode("utf-16"))
    main(["check", "unicode.txt", "--source", "za_office_murder", "--with-drafts"])
    assert "expected 10,301, found 10,300" in capsys.readouterr().out


MURDERS = "Offence,Year,n\nMurder,2024,5\nRobbery,2024,6\n"


@pytest.mark.parametrize(
    ("text", "options", "told"),
    [
        ("fecha,sexo,municipio\n2024-01-02,M,x\n2024-01-03,F,y\n", (), "seems to be an event or a person"),
        ("Offence,Note\nMurder,a\nRobbery,b\n", (), "no row looks like a header with data below it"),
        (MURDERS, ("--value", "N."), "there is no column 'N.' in t.csv; nearest: n"),
        ("Offence,Count\nMurder,5\nRobbery,6\n", (), "seems to contain years; give --period COLUMN, or --year 2024"),
        ("a,a,2023,2024\nx,y,1,2\n", (), "two columns have the label 'a'"),
        ("<html><body>Not found</body></html>", (), "web page (HTML), not data"),
        (MURDERS, ("--unit", "victims"), "there is no 'victims'; nearest: victim"),
    ],
)  # fmt: skip
def test_what_cannot_be_declared_is_said_and_nothing_is_written(
    office: Path, capsys: pytest.CaptureFixture[str], text: str, options: tuple[str, ...], told: str
) -> None:
    (office / "t.csv").write_text(text, encoding="utf-8")
    assert main(["sources", "new", "t.csv", "--id", "mx_office_new", "--no-questions", *options]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
    assert not (office / "sources").exists()


@pytest.mark.parametrize(
    ("name", "told"),
    [("Delitos", "cannot name a source"), ("ar_snic", "source ar_snic already exists"), ("../x", "cannot name")],
)
def test_a_name_that_cannot_be_is_refused(
    office: Path, capsys: pytest.CaptureFixture[str], name: str, told: str
) -> None:
    (office / "t.csv").write_text("Offence,Year,n\nMurder,2024,5\n", encoding="utf-8")
    assert main(["sources", "new", "t.csv", "--id", name]) == 2
    assert told in capsys.readouterr().err


def test_without_a_project_there_is_nowhere_to_write(
    office: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (office / "iccs.toml").unlink()
    (office / "t.csv").write_text("Offence,Year,n\nMurder,2024,5\n", encoding="utf-8")
    assert main(["sources", "new", "t.csv", "--id", "mx_office_new"]) == 2
    assert "create one: iccs init DIR" in capsys.readouterr().err


def test_months_as_columns_of_one_year_that_is_said(
    office: Path, figures: Callable[..., dict[tuple[str, ...], object]]
) -> None:
    months = "Enero,Febrero,Marzo,Abril,Mayo,Junio,Julio,Agosto,Septiembre,Octubre,Noviembre,Diciembre"
    counts = ",".join(["3"] * 12)
    (office / "robos.csv").write_text(f"Entidad,Delito,{months}\n{JALISCO},Robo,{counts}\n", encoding="utf-8")
    cells = figures("robos.csv", "mx_office_year", "--year", "2023")
    by_key = {(area, period): value for (area, period, _, _), value in cells.items()}
    assert by_key["MX-JAL", "2023"] == 36
    assert by_key["MX-JAL", "2023-05"] == 3


def test_split_years_in_a_column_that_is_named(office: Path) -> None:
    lines = ["Entidad,Delito,Ejercicio,casos", f"{JALISCO},Robo,2021-22,4", f"{JALISCO},Robo,2022-23,5"]
    (office / "robos.csv").write_text("\n".join(lines), encoding="utf-8")
    words = ["sources", "new", "robos.csv", "--id", "mx_office_split", "--no-questions", "--period", "Ejercicio"]
    assert main(words) == 0
    assert "year_starts:" in (office / "sources/mx_office_split/source.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("total", ["Total", "Ambas zonas"])
def test_sums_in_a_column_that_is_not_used_are_no_parts(
    office: Path, total: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """6 = 4 + 2: adding the three rows as parts of one cell would publish 12."""
    rows = [f"{JALISCO},2023,Robo,Urbana,4", f"{JALISCO},2023,Robo,Rural,2", f"{JALISCO},2023,Robo,{total},6"]
    (office / "robos.csv").write_text("\n".join(["Entidad,Año,Delito,Zona,casos", *rows]), encoding="utf-8")
    assert main(["sources", "new", "robos.csv", "--id", "mx_office_zones", "--no-questions"]) == 0
    assert "'Zona' contains sums as well as their parts" in "".join(capsys.readouterr())
    assert "rows: parts" not in (office / "sources/mx_office_zones/source.yml").read_text(encoding="utf-8")
    assert main(["check", "robos.csv", "--source", "mx_office_zones", "--with-drafts"]) == 1
    assert "duplicate" in "".join(capsys.readouterr())


def test_a_point_before_three_digits_everywhere_is_asked_about(
    office: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{JALISCO};2022;Robo;1.250", f"{JALISCO};2023;Robo;2.500"]
    (office / "robos.csv").write_text("\n".join(["Entidad;Año;Delito;casos", *rows]), encoding="utf-8")
    assert main(["sources", "new", "robos.csv", "--id", "mx_office_points", "--no-questions"]) == 0
    assert "is 1.234 one?" in "".join(capsys.readouterr())
    declared = (office / "sources/mx_office_points/source.yml").read_text(encoding="utf-8")
    assert 'thousands: "."  # guessed' in declared


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        (
            "jp_police_eras",
            "Offence,平成30年,令和元年,令和5年\nMurder,915,950,912\nRobbery,1787,1511,1361\n",
            {("JP", "2018", "0101"): 915, ("JP", "2019", "0101"): 950, ("JP", "2023", "0401"): 1361},
        ),
        (
            "tw_police_years",
            "年度,Offence,發生數,破獲數,嫌疑犯人數\n111,Murder,214,213,402\n112,Murder,199,199,377\n"
            "111,Robbery,155,156,221\n112,Robbery,137,137,201\n",
            {("TW", "2022", "0101"): 214, ("TW", "2023", "0101"): 199, ("TW", "2023", "0401"): 137},
        ),
        (
            "th_police_years",
            "Offence,2565,2566\nMurder,1312,1289\nRobbery,410,433\n",
            {("TH", "2022", "0101"): 1312, ("TH", "2023", "0401"): 433},
        ),
        (
            "jo_police_digits",
            "Offence,٢٠٢٢,٢٠٢٣\nMurder,٩١,٨٨\nTheft,١٢٬٠٢١,٩٬٨٧٤\n",
            {("JO", "2022", "0101"): 91, ("JO", "2022", "0502"): 12021, ("JO", "2023", "0502"): 9874},
        ),
        (
            "mx_inegi_zeros",
            "cve_ent,anio,delito,total\n01,2022,Homicidio doloso,120\n09,2022,Homicidio doloso,830\n"
            "01,2023,Homicidio doloso,110\n09,2023,Homicidio doloso,800\n",
            {("MX-AGU", "2022", "0101"): 120, ("MX-CMX", "2022", "0101"): 830, ("MX-CMX", "2023", "0101"): 800},
        ),
        (
            "kr_police_columns",
            "죄종,연도,발생건수,검거건수,검거율(%),검거인원,인구 10만명당 발생비\nMurder,2021,692,657,94.9,711,1.3\n"
            "Murder,2022,702,674,96.0,733,1.4\nRobbery,2021,511,508,99.4,803,1.0\nRobbery,2022,525,520,99.0,812,1.0\n",
            {("KR", "2021", "0101"): 692, ("KR", "2022", "0401"): 525},
        ),
    ],
)
def test_calendars_digits_and_headings_of_asia(
    office: Path,
    figures: Callable[..., dict[tuple[str, ...], object]],
    name: str,
    text: str,
    expected: dict[tuple[str, str, str], int],
) -> None:
    Path(f"{name}.csv").write_text(text, encoding="utf-8")
    found = {key[:3]: value for key, value in figures(f"{name}.csv", name).items()}
    assert {key: found.get(key) for key in expected} == expected


def test_numbers_beside_the_offences_are_no_codes(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.csv").write_text("Crime type,Cases,Persons arrested\nMurder,912,815\nRobbery,1361,1601\n")
    assert main(["sources", "new", "a.csv", "--id", "jp_a_b", "--year", "2023", "--no-questions"]) == 0
    source = (office / "sources" / "jp_a_b" / "source.yml").read_text()
    assert "national_code: Crime type" in source
    assert "value: Cases" in source


def test_areas_in_no_list_are_not_taken_for_offences(office: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.csv").write_text("Provinsi;Jenis Kejahatan;2021;2022\nAceh;Murder;12;14\nBali;Murder;3;5\n")
    assert main(["sources", "new", "a.csv", "--id", "id_a_b", "--no-questions"]) == 0
    source = (office / "sources" / "id_a_b" / "source.yml").read_text()
    assert "ref_area: Provinsi" in source
    assert "'Aceh', 'Bali'" in capsys.readouterr().out
