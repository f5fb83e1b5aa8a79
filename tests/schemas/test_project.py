"""A project is found, its lists are used beside the packaged ones, and it is not trusted more than it must be."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pipelines.collect.boundaries import bundled_boundaries
from pipelines.publish.build import content_key
from pipelines.reader.site.area_map import KnownOutlines
from pipelines.system.settings import load_settings
from pipelines.tabulate.vintages.columns import program_key
from schemas.areas import whole_lists
from schemas.codelists import load_areas, load_codelist
from schemas.declarations import DeclarationError
from schemas.errors import UsageError
from schemas.indicators import load_indicators
from schemas.project import SETTINGS, find_project
from schemas.source import IN_PLACE, find_sources, list_sources

AREAS = "code,name_en,name_fr,name_es,level,parent\n"
SQUARE = '{"type": "Feature", "properties": {"k": "XQ-1"}, "geometry": {"type": "Polygon", "coordinates": %s}}'
CORNERS = "[[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project, in a folder of which the command is run."""
    root = tmp_path / "office"
    (root / "deep" / "down").mkdir(parents=True)
    (root / "iccs.toml").touch()
    for name in ("sources", "areas", "indicators", "boundaries"):
        (root / name).mkdir()
    for name in ("ICCS_PROJECT", "ICCS_DATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(root / "deep" / "down")
    return root


def declare(project: Path, name: str, text: str = "title: Ours\n") -> Path:
    folder = project / "sources" / name
    folder.mkdir()
    (folder / "source.yml").write_text(text, encoding="utf-8")
    return folder


def test_the_project_is_the_nearest_folder_above_and_has_the_data(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_project().root == project  # type: ignore[union-attr]
    assert load_settings().data == project / "data"
    monkeypatch.chdir(tmp_path)
    assert find_project() is None
    assert load_settings().data == tmp_path / "data"
    monkeypatch.setenv("ICCS_PROJECT", str(project))
    assert load_settings().data == project / "data"
    monkeypatch.setenv("ICCS_PROJECT", str(tmp_path))
    with pytest.raises(UsageError, match=r"there is no iccs\.toml in this folder; create a project with iccs init"):
        load_settings()


def test_argument_wins_over_environment_over_project_over_default(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "iccs.toml").write_text('data = "figures"\nthreads = 3\nkeep_releases = 9\n', encoding="utf-8")
    assert (load_settings().data, load_settings().threads) == (project / "figures", 3)
    monkeypatch.setenv("ICCS_THREADS", "1")
    monkeypatch.setenv("ICCS_DATA", str(tmp_path / "env"))
    settings = load_settings()
    assert (settings.data, settings.threads, settings.keep_releases) == (tmp_path / "env", 1, 9)
    assert load_settings(tmp_path / "argument").data == tmp_path / "argument"
    assert settings.memory_limit == "400MB"


_GIVEN = {
    "data": "/elsewhere",
    "engine": "spark://host",
    "runner": "dask",
    "site": "/srv/site",
    "notify_success": "true",
}


def test_every_variable_of_the_page_on_projects_wins_over_the_file(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table of docs/projects.md: a setting with a variable there is taken from it, with or without a project."""
    page = Path(__file__).parents[2].joinpath("docs", "projects.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (?:`(ICCS_\w+)`)? ?\|", page, re.MULTILINE)
    assert {key for key, _ in rows} == SETTINGS.keys()
    for key, variable in rows:
        if not variable:
            continue
        kind = SETTINGS[key]
        text = _GIVEN.get(key) or ("7" if kind is int else "7GB")
        expected = int(text) if kind is int else text == "true" if kind is bool else text
        for toml in ("", f"{key} = {'3' if kind is int else 'false' if kind is bool else repr('3GB')}\n"):
            (project / "iccs.toml").write_text(toml, encoding="utf-8")
            with monkeypatch.context() as patch:
                patch.setenv(variable, text)
                found = getattr(load_settings(), key)
                assert (str(found) if isinstance(found, Path) else found) == expected, (key, toml)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("keep_release = 3", "keep_release: there is no such setting; nearest: keep_releases"),
        ('threads = "2"', "threads: must be a whole number, not '2'"),
        ("threads = true", "threads: must be a whole number, not True"),
        ("threads = 0", "threads must be a whole number of at least 1, not '0'"),
        (
            "threads = 9999999999",
            "threads must be a whole number of at least 1 and at most 999999999, not '9999999999'",
        ),
        ("threads = " + "9" * 5000, "is not valid TOML: Exceeds the limit"),
        ('memory_limit = "999999999TB"', "memory_limit must be an amount such as 400MB or 2GiB, not '999999999TB'"),
        ('memory_limit = "much"', "memory_limit must be an amount such as 400MB or 2GiB, not 'much'"),
        (r'data = "a\u0000b"', r"data: 'a\x00b' contains the character 0"),
        ("threads = ", "is not valid TOML: Invalid value (at end of document)"),
        ("data = 1\nthread = 2", "data: must be text in quotes, not 1\n  thread: there is no such setting"),
    ],
)
def test_a_wrong_setting_is_named_with_its_file(project: Path, text: str, told: str) -> None:
    (project / "iccs.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load_settings()
    assert str(refused.value).startswith(str(project / "iccs.toml"))
    assert told in str(refused.value)


def test_a_file_of_another_account_above_the_folder_is_not_used(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = os.getuid()
    owner = (project / "iccs.toml").stat().st_uid
    assert here == owner
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    if owner == 0:  # what root made is anybody's to use
        assert find_project() is not None
        os.chown(project / "iccs.toml", 12345, -1)
    with pytest.raises(UsageError, match="belongs to another account"):
        find_project()
    monkeypatch.setenv("ICCS_PROJECT", str(project))
    assert find_project() is not None


def test_sources_are_beside_the_packaged_ones_and_win_by_name(project: Path) -> None:
    packaged = list_sources()["ar_snic"]
    declare(project, "xq_new")
    declare(project, "ar_snic")
    (project / "sources" / "notes").mkdir()
    found = list_sources()
    assert (found["xq_new"].origin, found["ar_snic"].origin, found["mx_sesnsp_victims"].origin) == (
        "project",
        IN_PLACE,
        "package",
    )
    assert found["ar_snic"].folder == project / "sources" / "ar_snic"
    assert str(found["ar_snic"].concordance) == str(packaged.concordance)
    assert found["ar_snic"].fingerprint != packaged.fingerprint
    assert "notes" not in found
    assert found.keys() - {"xq_new"} == list_sources(Path(str(packaged.folder)).parent).keys()


@pytest.mark.parametrize("name", ["Delitos 2024", "xq-new", "2024_x", "x" * 65, "xq'; DROP"])
def test_a_folder_that_cannot_name_a_source_is_named(project: Path, name: str) -> None:
    declare(project, name)
    with pytest.raises(UsageError, match="cannot name a source"):
        find_sources([])


def test_a_data_folder_that_is_a_device_is_named(project: Path) -> None:
    with pytest.raises(UsageError, match="/dev/null is a file"):
        load_settings("/dev/null")


def test_links_to_what_is_outside_the_project_are_refused(project: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a secret", encoding="utf-8")
    link = declare(project, "xq_new") / "values.csv"
    link.symlink_to(tmp_path / "secret.csv")
    with pytest.raises(UsageError, match="is a link to something outside the project"):
        list_sources()
    link.unlink()
    (project / "areas" / "XQ.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(UsageError, match="is a link to something outside the project"):
        load_areas()


def test_areas_codes_and_whole_lists_are_added_and_known_to_the_keys(project: Path, tmp_path: Path) -> None:
    before, key = program_key(), content_key([], {})
    (project / "areas" / "XQ.csv").write_text(
        AREAS + "XQ,Q,Q,Q,country,\nXQ-1,One,Un,Uno,admin1,XQ\n", encoding="utf-8"
    )
    (project / "areas" / "whole_lists.csv").write_text("area,level,basis\nXQ,admin1,invented\n", encoding="utf-8")
    os.chdir(tmp_path)
    assert "XQ-1" not in {area.code for area in load_areas()}
    os.chdir(project)
    assert {"XQ-1", "MX-JAL"} <= {area.code for area in load_areas()}
    assert ("XQ", "admin1") in whole_lists()
    assert program_key() != before
    assert content_key([], {}) != key
    text = "list,code,label_en,label_fr,label_es\nsex,HIJRA,Hijra,Hijra,Hijra\n"
    (declare(project, "xq_new") / "codes.csv").write_text(text, encoding="utf-8")
    os.chdir(project / "sources")
    load_codelist.__globals__["_load_codelist"].cache_clear()  # read before the file was there
    assert "HIJRA" in {code.code for code in load_codelist("sex")}


def test_an_area_listed_by_both_is_named_with_both_files(project: Path) -> None:
    (project / "areas" / "ours.csv").write_text(AREAS + "MX-JAL,J,J,J,admin1,MX\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"MX-JAL is listed twice \(MX\.csv and ours\.csv\)"):
        load_areas()


def test_indicators_are_added_or_replaced_and_a_slip_is_named(project: Path) -> None:
    packaged = Path(__file__).parents[2] / "schemas" / "indicators" / "homicide_rate.yml"
    text = packaged.read_text(encoding="utf-8")
    (project / "indicators" / "our_rate.yml").write_text(text, encoding="utf-8")
    (project / "indicators" / "homicide_rate.yml").write_text(text.replace("16.1.1", "99.9"), encoding="utf-8")
    found = load_indicators()
    assert (found["our_rate"].sdg, found["homicide_rate"].sdg) == ("16.1.1", "99.9")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [", "is not valid YAML"),
        ("- a\n", "is not valid YAML"),
        ("method: rate\n", "is missing"),
        ("method: rate\ntitles: 5\nnumerator: 5\n", "indicators/ours.yml: "),
    ],
)
def test_an_indicator_that_is_none_is_named(project: Path, text: str, told: str) -> None:
    (project / "indicators" / "ours.yml").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError, match="ours") as refused:
        load_indicators()
    assert told in str(refused.value)


def test_boundaries_of_the_project_come_first(project: Path) -> None:
    folder = project / "boundaries"
    (folder / "q.geojson").write_text(SQUARE % CORNERS, encoding="utf-8")
    rows = "file,parent,property,origin\nq.geojson,XQ,k,invented\n../iccs.toml,XR,k,invented\n"
    (folder / "origins.csv").write_text(rows, encoding="utf-8")
    assert (list(bundled_boundaries("XQ").shapes), bundled_boundaries("XQ").origin) == (["XQ-1"], "invented")
    assert len(bundled_boundaries("MX").shapes) == 32
    with pytest.raises(UsageError, match=r"there is no file '\.\./iccs\.toml' in the same folder; nearest: "):
        bundled_boundaries("XR")
    known = KnownOutlines()  # pages have no map where there are no outlines, but never for a fault of theirs
    assert known.of("XS", ["XS-1"]) is None
    with pytest.raises(UsageError, match="there is no file"):
        known.of("XR", ["XR-1"])


def test_an_invalid_list_of_areas_is_read_once_until_it_is_corrected(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every source asks for the areas: 58 readings of 2,000 areas took half a minute before the fault was said."""
    reading = load_areas.__globals__["read_areas"]
    read: list[int] = []
    monkeypatch.setitem(load_areas.__globals__, "read_areas", lambda files: (read.append(1), reading(files))[1])
    ours = project / "areas" / "ours.csv"
    ours.write_text(AREAS + "XQ,Q,Q,Q,province,\n", encoding="utf-8")
    for _ in range(3):
        with pytest.raises(DeclarationError, match="XQ has the level 'province'"):
            load_areas()
    assert len(read) == 1
    ours.write_text(AREAS + "XQ,Q,Q,Q,country,\n", encoding="utf-8")
    assert "XQ" in {area.code for area in load_areas()}
