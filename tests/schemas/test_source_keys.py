"""Every key of a source's folder is declared, documented, and refused where a kind of source cannot honour it."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from schemas.definition.keys import KINDS, VALUES, load_source_keys, write_source_keys
from schemas.definition.measures import BESIDE_ESTIMATES
from schemas.errors import UsageError
from schemas.source import Source, SourceFolder, list_sources

ROOT = Path(__file__).parents[2]

TABLE: dict[str, Any] = {
    "title": "t",
    "publisher": "p",
    "url": "u",
    "licence": {"name": "n"},
    "citation": "c",
    "layouts": [{"files": ["*.csv"], "read": {"columns": ["a"]}}],
    "area_scheme": "code",
    "columns": {"ref_area": "a", "time_period": "y", "value": "n"},
    "measures": {"persons": {"counting_unit": "person"}},
}
INCIDENTS: dict[str, Any] = {
    **TABLE,
    "kind": "incident",
    "rows": "events",
    "columns": {"ref_area": "a", "time_period": "y"},
}
POPULATION: dict[str, Any] = {**TABLE, "kind": "population"}
SURVEY: dict[str, Any] = {
    **TABLE,
    "kind": "survey",
    "measures": {
        "persons": {"counting_unit": "person", "stage": "experienced", "figures": "estimate", "universe": "persons"}
    },
    "personal": ["k"],
    "survey": {"key": "k", "weight": "w", "stratum": "s", "psu": "p", "whole": "MX"},
}
OF_KIND = {"count": TABLE, "population": POPULATION, "incident": INCIDENTS, "survey": SURVEY}

# For each key that some kind cannot honour: a value that is right by itself, put into a declaration.
GIVEN: dict[str, dict[str, Any]] = {
    "counted_at": {"counted_at": "input"},
    "columns.national_code": {"columns": {"national_code": "o"}},
    "columns.national_label": {"columns": {"national_label": "l"}},
    "columns.year": {"columns": {"year": "y", "time_period": None}},
    "columns.month": {"columns": {"year": "y", "month": "m", "time_period": None}},
    "columns.age_unit": {"columns": {"age_unit": "u"}},
    **{f"columns.{name}": {"columns": {name: "e"}} for name in BESIDE_ESTIMATES},
    "columns.longitude": {"columns": {"longitude": "x"}},
    "columns.latitude": {"columns": {"latitude": "x"}},
    "columns.obs_status": {"columns": {"obs_status": "f"}},
    "constants.national_code": {"constants": {"national_code": "o"}},
    "constants.national_label": {"constants": {"national_label": "o"}},
    "dates": {"dates": ["DD/MM/YYYY"]},
    "time_zone": {"time_zone": "America/Mexico_City"},
    "ages": {"ages": {"bands": ["Y0T17", "Y_GE18"]}, "columns": {"age": "age"}},
    "boundaries": {"boundaries": {"file": "areas.geojson", "area_property": "code"}, "columns": {"ref_area": None}},
    "personal": {"personal": ["name"]},
    "parent_counts": {"parent_counts": "include_children"},
    "layouts.conserve": {
        "layouts": [{"files": ["*.csv"], "read": {"columns": ["a"]}, "reshape": "totals.sql", "conserve": "^n$"}]
    },
    "layouts.sample": {"layouts": [{"files": ["*.csv"], "read": {"columns": ["a"]}, "sample": True}]},
    "columns.measure": {"columns": {"measure": "m"}},
    "controls.footer_column": {"controls": [{"control": "c", "footer_column": "n"}]},
    "survey": {"survey": {"key": "k", "weight": "w", "stratum": "s", "psu": "p"}},
    "thousands": {"thousands": " "},
    "decimal": {"decimal": ","},
    "marks": {"marks": {"(p)": "P"}},
    "whole_numbers": {"whole_numbers": False},
    "multiply": {"multiply": 1000},
    "id": {"id": ["a"]},
    "cumulative": {"cumulative": False},
    "year_starts": {"year_starts": "04"},
    "controls.total_column": {"controls": [{"control": "c", "total_column": "t", "part_columns": ["a", "b"]}]},
    "controls.part_columns": {"controls": [{"control": "c", "total_column": "t", "part_columns": ["a", "b"]}]},
    "controls.rows": {"controls": [{"control": "c", "total_column": "t", "part_columns": ["a"], "rows": "totals.sql"}]},
    "caveats.iccs": {"caveats": [{"caveat": "partial_coverage", "iccs": ["0101"], "note": "n"}]},
    "breaks": {"breaks": [{"period": "2020", "note": "n"}]},
    "no_break": {"no_break": [{"period": "2020", "note": "n"}]},
    "mass_events": {"mass_events": [{"period": "2020", "note": "n"}]},
    "allocate_unknown": {"allocate_unknown": "proportional", "breakdowns": [{"by": ["sex"]}]},
    "priority": {"priority": 10},
    "backcast": {"backcast": {"first_year": 2000, "country_population": "xx_all", "shares_of": [2010]}},
}
IN_THE_FOLDER = (
    "values.csv.age_unit",
    "values.csv.precision",
    "values.csv.obs_status",
    "values.csv.value",
    "rates.sql",
)


def declare(root: Path, declared: dict[str, Any], **files: str) -> SourceFolder:
    folder = root / "xx_keys"
    folder.mkdir()
    for name, text in {"source.yml": yaml.safe_dump(declared), **files}.items():
        folder.joinpath(name).write_text(text, encoding="utf-8")
    return list_sources(root)["xx_keys"]


def merged(declared: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    result = dict(declared)
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            both = {**result[key], **value}
            result[key] = {name: one for name, one in both.items() if one is not None}
        else:
            result[key] = value
    return result


def paths(model: type[BaseModel], above: str = "") -> Iterator[str]:
    """Every key that the definition has, with those inside."""
    for name, field in model.model_fields.items():
        if name != "source_id":
            yield f"{above}{name}"
        for inner in models_in(field.annotation):
            yield from paths(inner, f"{above}{name}.")


def models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in typing.get_args(annotation) for found in models_in(part)]


def test_every_key_of_the_definition_is_declared_and_no_other() -> None:
    declared = set(load_source_keys())
    named = {name for name in declared if name.split(".")[0] in ("columns", "constants") and "." in name}
    named |= {name for name in declared if name.startswith(f"{VALUES}.") or name.endswith(".sql")}
    assert declared - named == set(paths(Source))


def test_a_key_that_is_not_for_all_says_why() -> None:
    limited = [
        key for key in load_source_keys().values() if key.kinds != KINDS or key.formats != ("csv", "excel", "parquet")
    ]
    assert limited
    assert [key.name for key in limited if not key.because] == []


def test_the_page_is_written_from_the_declarations() -> None:
    page = ROOT / "docs" / "source_keys.md"
    assert page.read_text(encoding="utf-8") == write_source_keys(), (
        "python -m schemas.definition.keys > docs/source_keys.md"
    )


def test_every_key_that_some_kind_cannot_honour_is_tried_below() -> None:
    limited = {key.name for key in load_source_keys().values() if key.kinds != KINDS}
    inside = {name for name in limited if name.rpartition(".")[0] in limited}
    assert limited - inside == {*GIVEN, *IN_THE_FOLDER}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", sorted(GIVEN))
def test_a_kind_refuses_a_key_that_it_cannot_honour_and_says_what_to_do(tmp_path: Path, name: str, kind: str) -> None:
    key = load_source_keys()[name]
    files = {"areas.geojson": "{}", "totals.sql": "SELECT 1"}
    if kind in key.kinds:
        return
    with pytest.raises(UsageError) as refused:
        _ = declare(tmp_path, merged(OF_KIND[kind], GIVEN[name]), **files).source
    assert f"not for kind: {kind}; {key.because}" in str(refused.value)
    assert name.split(".")[-1] in str(refused.value)


@pytest.mark.parametrize("kind", KINDS)
def test_the_declarations_of_these_tests_are_good_without_the_key(tmp_path: Path, kind: str) -> None:
    assert declare(tmp_path, OF_KIND[kind]).source.kind == kind


@pytest.mark.parametrize(
    ("given", "kind"),
    [("dates", "incident"), ("personal", "incident"), ("priority", "population"), ("thousands", "count")],
)
def test_a_kind_that_honours_a_key_takes_it(tmp_path: Path, given: str, kind: str) -> None:
    source = declare(tmp_path, merged(OF_KIND[kind], GIVEN[given])).source
    assert given in source.model_fields_set


@pytest.mark.parametrize(
    ("dimension", "kind"),
    [("value", "incident"), ("obs_status", "incident"), ("precision", "incident"), ("age_unit", "count")],
)
def test_words_for_what_a_kind_does_not_have_are_refused(tmp_path: Path, dimension: str, kind: str) -> None:
    folder = declare(tmp_path, OF_KIND[kind], **{"values.csv": f"dimension,word,code\n{dimension},x,A\n"})
    with pytest.raises(UsageError, match=f"values.csv, row 2: dimension {dimension}: not for kind: {kind}; "):
        _ = folder.words


@pytest.mark.parametrize("kind", ["population", "incident"])
def test_printed_rates_are_for_tables_of_crime_figures(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UsageError, match=f"rates.sql: not for kind: {kind}; "):
        _ = declare(tmp_path, OF_KIND[kind], **{"rates.sql": "SELECT 1"}).source


@pytest.mark.parametrize(
    ("read", "told"),
    [
        ({"format": "parquet", "encoding": "cp1252"}, "layouts.1.read.encoding: not for format: parquet; "),
        ({"format": "parquet", "header_rows": 2}, "layouts.1.read.header_rows: not for format: parquet; "),
        ({"format": "excel", "delimiter": ";"}, "layouts.1.read.delimiter: not for format: excel; "),
        ({"sheet": "Data"}, "layouts.1.read.sheet: not for format: csv; "),
        ({"format": "parquet", "footer": {"starts_with": "Total"}}, "layouts.1.read.footer: not for format: parquet; "),
    ],
)
def test_a_key_that_the_format_of_the_file_does_not_have_is_refused(
    tmp_path: Path, read: dict[str, Any], told: str
) -> None:
    layouts = [{"files": ["*"], "read": {"columns": ["a"], **read}}]
    with pytest.raises(UsageError) as refused:
        _ = declare(tmp_path, {**TABLE, "layouts": layouts}).source
    assert told in str(refused.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"layouts": [{"files": ["*"], "read": {"columns": ["a"]}, "reshape": "swop.sql"}]},
         "layouts.1.reshape: there is no file 'swop.sql' in the folder of the source; nearest: swap.sql"),
        ({"layouts": [{"files": ["*"], "read": {"columns": ["a"]}, "reshape": "swap.sql"}], "columns": {"value": "n"}},
         "layouts.1.conserve: is missing; swap.sql must not change the sum of the counts"),
        ({"layouts": [{"files": ["*"], "read": {"columns": ["a"]}, "conserve": "^n$"}]},
         "layouts.1.conserve: there is no reshape that could change the sum"),
        ({"constants": {"sex": "M"}, "columns": {"sex": "s"}}, "constants.sex: sex is also under columns"),
        ({"constants": {"obs_status": "O"}}, "constants.obs_status: 'O' is not a status of a given value"),
        ({"constants": {"value": "two"}, "columns": {"value": None}}, "constants.value: 'two' must be a whole number"),
        ({"constants": {"time_period": "2024/25"}, "columns": {"time_period": None}},
         "constants.time_period: '2024/25' is not a period"),
        ({"constants": {"ref_area": "MX-JALL"}, "columns": {"ref_area": None}},
         "constants.ref_area: there is no area 'MX-JALL'; nearest: MX-JAL"),
        ({"covers": ["MX-JALL"]}, "covers: there is no area 'MX-JALL'; nearest: MX-JAL"),
        ({"controls": [{"control": "c"}]}, "a control has one form"),
        ({"controls": [{"control": "c", "where": "true"}]}, "where and expected: a published total needs both"),
        ({"columns": {"mesure": "m"}}, "columns: 'mesure' is not one of"),
    ],
)  # fmt: skip
def test_what_would_be_without_effect_is_refused_for_every_kind(
    tmp_path: Path, more: dict[str, Any], told: str, kind: str
) -> None:
    if kind == "survey" and ("conserve" in told or "ref_area" in told):  # it has neither, see the tests of surveys
        return
    with pytest.raises(UsageError) as refused:
        _ = declare(tmp_path, merged(OF_KIND[kind], more), **{"swap.sql": "SELECT * FROM raw"}).source
    assert told in str(refused.value)
