"""Every declaration is valid and refers to things that exist; nothing is declared twice."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from iccs.classification import load_classification
from iccs.concordance import read_concordance
from pipelines.publish.indicator_methods import METHODS
from pipelines.reader.dictionary import write_dictionary
from schemas.codelists import load_areas, load_codelist, read_csv_rows
from schemas.declarations import (
    DeclarationError,
    attribute_columns,
    load_columns,
    load_rules,
    parse_yaml,
)
from schemas.indicators import load_indicator_methods, load_indicators, parse_indicator
from schemas.rules_page import write_rules_page
from schemas.source import list_sources

ROOT = Path(__file__).parents[2]
SOURCES = list_sources()


@pytest.mark.parametrize("source_id", SOURCES)
def test_a_source_is_declared_completely(source_id: str) -> None:
    folder = SOURCES[source_id]
    source = folder.source
    assert re.fullmatch(r"[a-z]{2}_[a-z0-9]+(_[a-z0-9]+)*", source_id)
    assert folder.words is not None
    schemes = {name for area in load_areas() for name, _ in area.schemes}
    assert source.area_scheme in schemes | {"code", "name"}
    caveats = {code.code for code in load_codelist("caveat")}
    assert {caveat.caveat for caveat in source.caveats} <= caveats
    units = {code.code for code in load_codelist("counting_unit")}
    stages = {code.code for code in load_codelist("stage")}
    assert {measure.counting_unit for measure in source.measures.values()} <= units
    assert {measure.stage for measure in source.measures.values()} <= stages
    for layout in source.layouts:
        reshape = layout.reshape or "reshape.sql"
        text = folder.read_text(reshape)
        counted = "value" in source.columns and source.kind != "survey"  # else rows are counted instead
        assert (text is None or not counted) == (layout.conserve is None), "a reshape says which columns it conserves"
        assert text is None or (text.startswith("--") and "Grain:" in text)


@pytest.mark.parametrize("source_id", [name for name, folder in SOURCES.items() if folder.source.figures == "count"])
def test_a_source_of_counts_has_a_concordance_without_errors(source_id: str) -> None:
    concordance = SOURCES[source_id].concordance
    assert concordance is not None
    problems = read_concordance(concordance).check(load_classification())
    assert [str(problem) for problem in problems if problem.severity == "error"] == []


def test_a_new_source_needs_no_python() -> None:
    readers = [name for name, folder in SOURCES.items() if folder.folder.joinpath("reader.py").is_file()]
    assert readers == []


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys; from pipelines.cli.main import build_parser; build_parser();"
        "print([m for m in ('duckdb', 'pandas', 'numpy', 'pyarrow', 'prefect', 'great_expectations', 'matplotlib',"
        " 'rich', 'pydantic') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_the_code_list_of_every_column_has_codes() -> None:
    for column in load_columns().values():
        if column.codelist not in (None, "iccs", "area", "age"):
            assert load_codelist(column.codelist)


def test_every_rule_named_in_the_code_is_declared_and_the_other_way_round() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for pattern in ("*.py", "*.sql")
        for path in sorted((ROOT / "pipelines").rglob(pattern))
    )
    parts = {name for name, rule in load_rules().items() if not rule.kind}  # the others are run from their declaration
    named = {rule for rule in parts if re.search(rf"[\"']{rule}[\"']", text)}
    assert named == parts


def test_every_kind_of_rule_has_its_statement_and_the_other_way_round() -> None:
    kinds = {rule.kind for rule in load_rules().values()} - {"", "expectation"}
    statements = {path.stem for path in (ROOT / "pipelines" / "tabulate" / "sql" / "rules").glob("*.sql")}
    assert statements == kinds


def test_caveats_of_rules_are_in_the_code_list_and_severities_known() -> None:
    caveats = {code.code for code in load_codelist("caveat")}
    for rule in load_rules().values():
        assert rule.caveat is None or rule.caveat in caveats
        assert rule.severity in ("error", "warning")
        assert set(rule.applies_to) <= {"count", "population", "estimate"}


def test_every_rule_on_cells_and_figures_is_in_the_page_of_the_rules() -> None:
    page = (ROOT / "docs" / "quality_of_rules.md").read_text(encoding="utf-8")
    reading = parse_yaml(resources.files("schemas").joinpath("rules", "reading.yml").read_text(encoding="utf-8"))
    page += " ".join(f"`{name}_codes`" for name in attribute_columns() if "`<attribute>_codes`" in page)
    assert [name for name in load_rules() if name not in reading and f"`{name}`" not in page] == []


def test_sql_files_say_their_grain() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for folder in ("pipelines", "schemas")
        for path in (ROOT / folder).rglob("*.sql")
        if not re.search(r"^-- .*Grain", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    ]
    assert silent == []


def test_bundled_files_are_those_of_the_data_readme() -> None:
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `([^`]+/[^`]+)` .*\| `([0-9a-f]{64})` \|$", readme, flags=re.MULTILINE))
    folder = ROOT / "data" / "input"
    found = {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }
    assert found == listed
    assert sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) < 4.5e6


def test_outlines_are_those_of_the_data_readme_and_each_has_an_origin() -> None:
    readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+\.topojson\.gz)` .*\| `([0-9a-f]{64})` \|$", readme, flags=re.MULTILINE))
    folder = ROOT / "schemas" / "boundaries"
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.gz")}
    assert found == listed
    origins = {f"{row['file']}.topojson.gz" for row in read_csv_rows(folder / "origins.csv")}
    assert found.keys() == origins


def test_the_constraints_name_no_address() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert lines and all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+( ; .*)?", line) for line in lines)


def test_package_data_are_declared() -> None:
    """Every file a package reads is there when it is installed; the wheel test proves it for the built one."""
    for package in ("iccs", "schemas", "pipelines"):
        assert resources.files(package).joinpath("py.typed").is_file()


def test_the_data_dictionary_is_that_of_the_declarations() -> None:
    written = (ROOT / "docs" / "data_dictionary.md").read_text(encoding="utf-8")
    assert written == write_dictionary(), "run: python -m pipelines.reader.dictionary > docs/data_dictionary.md"


def test_the_page_of_the_rules_is_written_from_the_catalogue() -> None:
    """Every rule is on it once, under its own heading, to which other pages and messages can point."""
    page = (ROOT / "docs" / "when_it_refuses.md").read_text(encoding="utf-8")
    assert page == write_rules_page(), "run: python -m schemas.rules_page > docs/when_it_refuses.md"
    headings = [line.removeprefix("### ") for line in page.splitlines() if line.startswith("### ")]
    attributes = {f"{name}_codes" for name in attribute_columns()}
    assert sorted(headings) == sorted({*load_rules()} - attributes | {"<attribute>_codes"})


def test_indicators_use_categories_and_standards_that_exist() -> None:
    classification = load_classification()
    codes = {category.code for category in classification} | set(classification.combined)
    for indicator in load_indicators().values():
        assert indicator.iccs in codes
        METHODS[indicator.method.name].check(indicator)
        assert all(indicator.titles)
        assert len(set(indicator.titles)) == 3


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"method": "guess"}, "method is 'guess'"),
        ({"numerator": {"stages": ["seen"], "counting_units": ["victim"]}}, "stage is 'seen'"),
        ({"by": ["religion"]}, "by is 'religion'"),
        (
            {"denominator": {"stages": ["recorded"], "counting_units": ["victim"]}},
            "divides by population: remove denominator",
        ),
        ({"standard": "ESP2013"}, "a rate has no standard"),
        ({"method": "standardised_rate", "standard": "ESP2013"}, "bands is missing"),
        ({"method": "standardised_rate", "standard": "ESP2013", "bands": "wide"}, "bands is 'wide'; it can be source"),
        ({"method": "share"}, "divides by counts: declare denominator"),
        ({"colour": "blue"}, "a rate has no colour"),
    ],
)
def test_a_mistake_in_an_indicator_is_refused(change: dict[str, object], told: str) -> None:
    text = resources.files("schemas").joinpath("indicators", "homicide_rate.yml").read_text(encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        parse_indicator("homicide_rate", parse_yaml(text) | change)


def test_every_method_of_indicators_is_declared_and_computed() -> None:
    assert METHODS.keys() == load_indicator_methods().keys()
    assert {indicator.method.name for indicator in load_indicators().values()} == METHODS.keys()


@pytest.mark.parametrize(
    ("indicator", "change", "message"),
    [
        ("homicide_rate_who", {"standard": "WHO1999"}, "standard is 'WHO1999'; it can be "),
        ("homicide_suspects_per_100_cases", {"interval": True}, "write interval: false"),
    ],
)
def test_a_method_refuses_what_it_cannot_compute(indicator: str, change: dict[str, object], message: str) -> None:
    text = resources.files("schemas").joinpath("indicators", f"{indicator}.yml").read_text(encoding="utf-8")
    changed = parse_indicator(indicator, parse_yaml(text) | change)
    with pytest.raises(DeclarationError, match=message):
        METHODS[changed.method.name].check(changed)
