"""``iccs map``: rates of one year by area, on a map and as a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.cli.printing import print_json, print_line, print_table
from pipelines.reader.maps import map_boundaries, read_map_rates
from pipelines.reader.release import query
from pipelines.system.errors import EXIT_DONE
from pipelines.system.settings import load_settings
from schemas.errors import UsageError


def _marks(row: dict[str, Any]) -> list[str]:
    return [*([row["obs_status"]] if row["obs_status"] != "A" else []), *(["few"] if row["few_events"] else [])]


def map_command(
    code: str,
    area: str | None,
    year: int | None,
    sex: str,
    source: str | None,
    counting_unit: str | None,
    boundaries: str | None,
    name: str,
    plot: str | None,
    language: str,
    data: str | None,
    as_json: bool,
) -> int:
    """Print the rates by area, the highest first, and what is missing; draw the map where asked."""
    from iccs.classification import load_classification

    if boundaries and not plot:
        raise UsageError("--boundaries are those of a picture: give --plot FILE too")
    settings = load_settings(data)
    iccs = load_classification().normalise(code)
    found = read_map_rates(
        iccs, area, year=year, sex=sex, source=source, counting_unit=counting_unit, settings=settings
    )
    undrawn: list[str] = []
    if plot:
        from pipelines.reader.plots.map import plot_map

        outlines = map_boundaries(found, Path(boundaries) if boundaries else None, name)
        undrawn = [code for code in found.codes if code not in outlines.shapes]
        plot_map(found, outlines, Path(plot), language=language, settings=settings)
    if as_json:
        print_json(vars(found) | {"without_outline": undrawn, "plot": plot})
        return EXIT_DONE
    names = dict(query(f"SELECT code, coalesce(name_{language}, name_en) FROM out.area", settings).rows)
    ranked = sorted(found.rows.values(), key=lambda row: -row["rate_per_100k"])
    marks = [", ".join(_marks(row)) for row in ranked]
    names_of_columns = ["area", "name", "value", "rate", "low", "high", "class", *(["mark"] if any(marks) else [])]
    print_line(
        f"{iccs} {'by country' if area is None else f'below {area}'}, {found.year}, sex {sex}, "
        f"{found.source}: {found.counting_unit}s; rates per 100,000 with 95 % limits"
    )
    print_table(
        names_of_columns,
        [
            [
                row["ref_area"],
                names[row["ref_area"]],
                *(row[column] for column in ("value", "rate_per_100k", "ci_low", "ci_high")),
                found.class_of(row["ref_area"]) + 1,
                *([mark] if any(marks) else []),
            ]
            for row, mark in zip(ranked, marks, strict=True)
        ],
    )
    if any(marks):
        print_line("mark: observation status other than A (normal); few: so few events that the limits say more")
    for missing, reason in found.missing.items():
        print_line(f"no rate: {missing} {names[missing]}, {reason.replace('_', ' ')}")
    if undrawn:
        print_line(f"not on the map, as there is no outline: {', '.join(f'{at} {names[at]}' for at in undrawn)}")
    if found.others:
        print_line(f"other series there: {', '.join(found.others)}")
    if plot:
        print_line(f"picture: {plot}")
    return EXIT_DONE
