"""Files that no source takes are named: a renamed file would otherwise be left out without a word."""

from __future__ import annotations

from pathlib import Path

from tiny_source import Tiny

from pipelines.collect.acquire import find_unclaimed
from schemas.source import list_sources


def give(root: Path, *names: str) -> None:
    for name in names:
        root.joinpath(name).parent.mkdir(parents=True, exist_ok=True)
        root.joinpath(name).write_text("x", encoding="utf-8")


def test_a_file_of_another_name_is_named_with_the_nearest_pattern(tiny: Tiny) -> None:
    tiny.declare_plain()
    path = tiny.sources / tiny.name / "source.yml"
    path.write_text(path.read_text().replace("'*.csv'", "'figures.csv', 'given/monthly/*.txt', 'rows.parquet'"))
    given = tiny.given
    give(given, "figures.csv", "deep/figures.csv", "monthly/a.txt", "rows.parquet/part-0.parquet")
    give(given, "figures_2024.csv", "other/a.txt", "README.md", "SHA256SUMS", ".hidden", ".git/figures_2024.csv")

    found = find_unclaimed(list_sources(tiny.sources).values(), given)

    assert sorted(found) == ["figures_2024.csv", "other/a.txt"]
    assert found["figures_2024.csv"][0] == "figures.csv"


def test_a_source_whose_definition_is_not_valid_claims_nothing(tiny: Tiny) -> None:
    tiny.declare_plain("nonsense: 1\n")
    give(tiny.given, "figures.csv")

    assert list(find_unclaimed(list_sources(tiny.sources).values(), tiny.given)) == ["figures.csv"]
