"""The correspondence sheet: a concordance as custodians of the ICCS read it, one sheet for each section, in a workbook.

Every category below level 1 is listed, with the national categories that lead to it or none; national categories
outside the ICCS come last. Titles and definitions: UNODC, International Classification of Crime for Statistical
Purposes, Version 1.0.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from iccs.classification import (
    Category,
    Classification,
    CombinedCategory,
    Definition,
    DefinitionLanguage,
    load_classification,
)
from iccs.concordance import Concordance, ConcordanceError, Link
from iccs.concordance_rules import UNDIVIDED_TARGET
from iccs.spreadsheets import quote_formula

NOT_IN_ICCS = "none"

CITATION = "UNODC, International Classification of Crime for Statistical Purposes, Version 1.0 (March 2015)"

# The relation between the two categories in words, seen from the national one; without a link, the reason.
READINGS: Mapping[str, str] = MappingProxyType(
    {
        "exact": "all of the national category is in the ICCS category, and nothing of the ICCS category is outside it",
        "narrower": "all of the national category is in the ICCS category, which contains more",
        "broader": "the national category contains the ICCS category and more; the rest is also counted here",
        "partial": "the two overlap: part of each is outside the other",
        "undivided": "the source does not break this figure down by offence: all offences together",
        "none": "no link",
        "not_crime": "no link: it is not an offence in the ICCS",
        "too_wide": "no link: no category below level 1 contains it",
        "counted_elsewhere": "no link: its counts are in other rows of the source",
        "pending": "no link yet: a definition is awaited",
    }
)

_HEADINGS: Mapping[str, tuple[str, int]] = MappingProxyType(
    {
        "iccs_code": ("ICCS code", 10),
        "iccs_title": ("ICCS title", 34),
        "level": ("Level", 6),
        "national_code": ("National code", 16),
        "national_label": ("National label", 34),
        "relation": ("Relation", 10),
        "reading": ("What is in and what is out", 34),
        "weight": ("Weight", 8),
        "implied": ("Implied by the national code", 24),
        "inclusions": ("ICCS inclusions", 40),
        "exclusions": ("ICCS exclusions", 40),
        "threats": ("Threats (Th)", 10),
        "aiding": ("Aiding, abetting (AA)", 10),
        "accomplice": ("Accomplices (Ac)", 10),
        "conspiracy": ("Conspiracy, planning (CP)", 10),
        "incitement": ("Incitement (In)", 10),
        "out_of_scope": ("Out of scope", 16),
        "valid_from": ("Valid from", 10),
        "valid_to": ("Valid to", 10),
        "legal_reference": ("Legal reference", 26),
        "basis": ("Basis", 12),
        "status": ("Status", 10),
        "decided_by": ("Decided by", 16),
        "decided_on": ("Decided on", 11),
        "note": ("Note", 60),
        "caveats": ("Caveats of its figures", 26),
    }
)
_NO_DEFINITION = Definition("", "", "")
_LONGEST_CELL = 32767  # characters; a spreadsheet would drop what is longer


@dataclass(frozen=True, slots=True)
class CorrespondenceRow:
    """One line of the sheet, all text: an ICCS category and one national category that leads to it, or none.

    `implied` are the attribute codes that the national code stands for, `inclusions` and `exclusions` those of the
    booklet. A blank weight is all of the national category.
    """

    iccs_code: str
    iccs_title: str
    level: str
    national_code: str = ""
    national_label: str = ""
    relation: str = ""
    reading: str = ""
    weight: str = ""
    implied: str = ""
    inclusions: str = ""
    exclusions: str = ""
    threats: str = ""
    aiding: str = ""
    accomplice: str = ""
    conspiracy: str = ""
    incitement: str = ""
    out_of_scope: str = ""
    valid_from: str = ""
    valid_to: str = ""
    legal_reference: str = ""
    basis: str = ""
    status: str = ""
    decided_by: str = ""
    decided_on: str = ""
    note: str = ""
    caveats: str = ""


def correspondence_rows(
    concordance: Concordance, language: DefinitionLanguage = "en"
) -> dict[str, list[CorrespondenceRow]]:
    """Return the sheet's lines by section code, and under "none" the national categories outside the ICCS.

    Figures that are not divided by offence are in no section and are listed there too. A combined category
    (0101_0102) follows the last of its members.

    Args:
        concordance: the table of one source.
        language: of titles, inclusions and exclusions: en or es.

    Raises:
        ConcordanceError: if the table cannot be read or has errors; a wrong table must not be sent out.
    """
    classification = load_classification()
    errors = [problem for problem in concordance.check(classification) if problem.severity == "error"]
    if errors:
        raise ConcordanceError(errors)
    by_target: dict[str, list[Link]] = {}
    for link in concordance.links:
        by_target.setdefault(link.iccs_code, []).append(link)
    sheets: dict[str, list[CorrespondenceRow]] = {}
    for category in classification:
        if category.level == 1:
            sheets[category.code] = []
            continue
        sheets[category.code[:2]] += _category_rows(category, by_target.get(category.code, []), language)
        for combined in _combined_after(category, classification):
            sheets[category.code[:2]] += _combined_rows(combined, by_target.get(combined.code, []), language)
    sheets[NOT_IN_ICCS] = [_row("", "", "", _NO_DEFINITION, link) for link in by_target.get("", [])]
    everything = classification.combined[UNDIVIDED_TARGET]
    sheets[NOT_IN_ICCS] += _combined_rows(everything, by_target.get(UNDIVIDED_TARGET, []), language)
    return sheets


def write_correspondence(concordance: Concordance, path: Path, language: DefinitionLanguage = "en") -> None:
    """Write the sheet as a workbook (xlsx): "Section 01" to "Section 11", "Not in ICCS", "About".

    Every cell is text. A text that a spreadsheet could take for a formula (it begins with = + - @) gets an apostrophe
    before it. The same table gives the same bytes.

    Raises:
        ConcordanceError: as `correspondence_rows`.
        ValueError: if a text is longer than a cell can hold.
        ImportError: with what to install, if XlsxWriter is missing.
    """
    sheets = correspondence_rows(concordance, language)
    headings = [heading for heading, _ in _HEADINGS.values()]
    content = io.BytesIO()
    workbook = _workbook_class()(content, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    # A fixed date, so that the same table gives the same file.
    workbook.set_properties({"title": f"ICCS correspondence: {concordance.source_id}", "created": datetime(2015, 3, 1)})
    bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top"})
    for key, rows in sheets.items():
        sheet = workbook.add_worksheet("Not in ICCS" if key == NOT_IN_ICCS else f"Section {key}")
        _write_row(sheet, 0, headings, bold)
        for number, row in enumerate(rows, start=1):
            _write_row(sheet, number, astuple(row), wrapped)
        for column, (_, width) in enumerate(_HEADINGS.values()):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, len(rows), len(headings) - 1)
    about = workbook.add_worksheet("About")
    about.set_column(0, 0, 20)
    about.set_column(1, 1, 100)
    for number, line in enumerate(_about(concordance)):
        _write_row(about, number, line, wrapped)
    workbook.close()
    path.write_bytes(content.getvalue())


def _category_rows(category: Category, links: Sequence[Link], language: DefinitionLanguage) -> list[CorrespondenceRow]:
    definition = category.definition(language)
    title, level = category.title[language], str(category.level)
    if not links:
        return [
            CorrespondenceRow(
                category.code, title, level, inclusions=definition.inclusions, exclusions=definition.exclusions
            )
        ]
    return [_row(category.code, title, level, definition, link) for link in links]


def _combined_after(category: Category, classification: Classification) -> Iterator[CombinedCategory]:
    """Yield the combined categories whose last member this is; those of whole sections have no place in a sheet."""
    for combined in classification.combined.values():
        if combined.members[-1] == category.code:
            yield combined


def _combined_rows(
    combined: CombinedCategory, links: Sequence[Link], language: DefinitionLanguage
) -> list[CorrespondenceRow]:
    return [_row(combined.code, combined.title[language], "combined", _NO_DEFINITION, link) for link in links]


def _row(code: str, title: str, level: str, definition: Definition, link: Link) -> CorrespondenceRow:
    implied = [f"{name}={code}" for name, code in link.implied.items()]
    return CorrespondenceRow(
        code,
        title,
        level,
        link.national_code,
        link.national_label,
        link.relation,
        READINGS[link.out_of_scope or link.relation],
        link.weight,
        "; ".join(implied),
        definition.inclusions,
        definition.exclusions,
        link.threats,
        link.aiding,
        link.accomplice,
        link.conspiracy,
        link.incitement,
        link.out_of_scope,
        link.valid_from,
        link.valid_to,
        link.legal_reference,
        link.basis,
        link.status,
        link.decided_by,
        link.decided_on,
        link.note,
        "; ".join(link.named_caveats),
    )


def _about(concordance: Concordance) -> Iterator[tuple[str, str]]:
    yield "Source", concordance.source_id
    yield "Titles, definitions", CITATION
    yield "Relation", "The relation is read from the national category."
    yield from READINGS.items()
    yield "Weight", "Share of the national category assigned to the ICCS category; blank means all of it."
    yield "Coverage", "included, excluded or unknown: whether the national counts include threats, aiding and so on."
    yield (
        "Apostrophe",
        "A text that begins with = + - @ is preceded by an apostrophe, so that it is not taken for a formula.",
    )


def _write_row(sheet: Any, row: int, cells: Sequence[str], cell_format: Any) -> None:
    for column, cell in enumerate(cells):
        text = quote_formula(cell)
        if len(text) > _LONGEST_CELL:
            raise ValueError(
                f"row {row + 1}, column {column + 1}: {len(text)} characters, a cell holds {_LONGEST_CELL}"
            )
        if text:
            sheet.write_string(row, column, text, cell_format)


def _workbook_class() -> Any:
    # Imported on first use, as a plain installation does not have it.
    try:
        from xlsxwriter import Workbook  # type: ignore[import-untyped, unused-ignore]
    except ImportError as error:
        message = "writing a workbook needs XlsxWriter: install it with  pip install 'iccs-pipelines[xlsx]'"
        raise ImportError(message, name="xlsxwriter") from error
    return Workbook
