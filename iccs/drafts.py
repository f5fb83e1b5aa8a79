"""Draft links: unreviewed links do not affect figures.

Rule: a link with status ``draft`` is a proposal. Unless a run is asked to use drafts, the counts of its national code
have no category; they are excluded by the rule ``out_of_scope_draft``, which the reconciliation shows. A code is never
published in part: the reviewed share of a split code waits for the share that is a draft.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from iccs.concordance import Concordance, ConcordanceError, ConcordanceProblem, Link

DRAFT = "draft"
"""Status of a link that nobody has reviewed, and the reason why its counts have no category."""


def has_drafts(concordance: Concordance) -> bool:
    """Say whether any link is a draft."""
    return any(link.status == DRAFT for link in concordance.rows)


def set_drafts_aside(concordance: Concordance) -> Concordance:
    """Return the concordance with every draft, and the reviewed links that share its counts, out of scope.

    Links keep their position and their number.

    Raises:
        ConcordanceError: no reviewed link leads to the ICCS, so that the source would publish nothing.
    """
    waiting = _waiting(concordance.links)
    if not waiting:
        return concordance
    links = concordance.links
    if not any(link.iccs_code for place, link in enumerate(links) if place not in waiting):
        raise ConcordanceError([_nothing_reviewed(concordance, sum(link.status == DRAFT for link in links))])
    return replace(
        concordance,
        rows=tuple(_set_aside(link) if place in waiting else link for place, link in enumerate(links)),
        set_aside={place: links[place].iccs_code for place in sorted(waiting) if links[place].iccs_code},
    )


def _waiting(links: Sequence[Link]) -> set[int]:
    """Return the positions of drafts and of links for the same code that overlap in time with one of these."""
    by_code: dict[str, list[int]] = {}
    for place, link in enumerate(links):
        by_code.setdefault(link.national_code, []).append(place)
    waiting: set[int] = set()
    for places in by_code.values():
        found = {place for place in places if links[place].status == DRAFT}
        rest = [place for place in places if place not in found]
        while found and (shared := [one for one in rest if any(links[one].overlaps(links[other]) for other in found)]):
            found.update(shared)
            rest = [place for place in rest if place not in found]
        waiting |= found
    return waiting


def _set_aside(link: Link) -> Link:
    """Return the link without its category and codes; its note keeps the proposal."""
    status = f"{'Proposed' if link.status == DRAFT else 'Reviewed'}: {link.iccs_code}. " if link.iccs_code else ""
    note = f"{status}{link.note}".strip()
    return replace(link, iccs_code="", relation="none", attributes={}, sex="", age="", out_of_scope=DRAFT, note=note)


def _nothing_reviewed(concordance: Concordance, drafts: int) -> ConcordanceProblem:
    return ConcordanceProblem(
        "error",
        "only_drafts",
        concordance.file,
        None,
        "status",
        DRAFT,
        f"No link to the ICCS has been reviewed ({drafts} of {len(concordance.rows)} links are drafts), so nothing of "
        "the source can be published.",
        "Decide each link: set its status to reviewed, with decided_by, decided_on and the reason in note. To see the "
        "figures before the review, run with --with-drafts.",
    )
