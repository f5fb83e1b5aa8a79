"""Links whose label names an act of another section of the ICCS, or denies an attribute that the link implies.

A label that names exactly one act, such as murder or theft, must not be linked to another. How to link a label that
names several acts, or none, is for a person to decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from iccs.concordance import Link
from pipelines.harmonise.values.negations import is_denied
from pipelines.system.outcomes import Outcome
from schemas.words_of_totals import plain

_MOST_WORDS = 6
_ACTS = {
    "01": r"murder|homicid\w*|manslaughter|femicid\w*|feminicid\w*|asesinato|assassinat|meurtre|parricid\w*"
    r"|infanticid\w*"
    r"|mord|totschlag|latrocinio|убийств\w*|omicidi?o?",
    "03": r"rape|violacion(?! de| del)|viols?|vergewaltigung|estupro|изнасиловани\w*|stupro|violenza sessuale",
    "04": r"robber\w*|raub\w*|разбо\w*|грабеж\w*|rapina",
    "05": r"thefts?|larceny|hurtos?|vols?|diebstahl|burglar\w*|cambriolages?|einbruch\w*|furtos?|furt[oi]|краж\w*",
    "06": r"drugs?|narcotic\w*|estupefacientes|drogas|stupefiants|entorpecentes",
    "07": r"frauds?|estafas?|escroqueries?|betrug|estelionato|мошенничеств\w*|truffa",
}
_WORDS = {section: re.compile(rf"(?<!\w)(?:{words})(?!\w)") for section, words in _ACTS.items()}
_OTHER_ACTS = re.compile(
    r"threat\w*|confabul\w*|without|qualifi\w*|aggrav\w*|amenaz\w*|menac\w*|ameac\w*|bedroh\w*|drohung|угроз\w*"
    r"|conspir\w*|incit\w*|instig\w*|conceal\w*|receiv\w*"
    r"|handling|recept\w*|recel|hehlerei|money|lavado|blanch\w*|accus\w*|false|falsa?|traffic|driv\w*|vehic\w*"
    r"|transito|conduc\w*"
    r"|assault\w*|lesion\w*|kidnap\w*|secuestro\w*|with|con|com|avec|mit|and|y|e|et|und|or|o|ou|oder|non|not|no|sin"
    r"|except\w*"
    r"|other\w*|otr[oa]s?|other than|animal\w*|under the influence|influenc\w*|identity|suicid\w*|abort\w*"
    r"|abandon\w*|war|genocid\w*"
)
_ATTEMPTED = re.compile(r"(?<!\w)(?:attempt\w*|tentativ\w*|tentad[oa]s?|versuch\w*|покушени\w*|tentato)(?!\w)")
_BOTH = re.compile(
    r"(?<!\w)(?:includ\w*|incl\w*|and|y|e|et|und|completed|consumad\w*|consomm\w*|vollend\w*)(?!\w)"
    r"|/|&|\+"
)


def check_named_acts(links: Iterable[Link]) -> Outcome:
    """Warn of links whose label names an act of another section or an attempt, or denies an attribute of the link.

    Args:
        links: of a source.
    """
    checked, found, codes = 0, list[str](), list[str]()
    for link in links:
        if not link.iccs_code or not link.national_label:
            continue
        denied = {kind: code for kind, code in link.attributes.items() if is_denied(kind, link.national_label, code)}
        if denied:
            checked += 1
            tags = ", ".join(f"{kind}={code}" for kind, code in denied.items())
            found.append(f"{link.national_code}: {link.national_label!r} implies {tags}, which the label denies")
            codes.append(link.national_code)
        label = plain(link.national_label)
        acts = {section for section, words in _WORDS.items() if words.search(label)}
        is_short = len(label.split()) <= _MOST_WORDS
        if is_short and len(acts) == 1 and not re.search(rf"(?<!\w)(?:{_OTHER_ACTS.pattern})(?!\w)", label):
            checked += 1
            (section,) = acts
            if section not in {code[:2] for code in link.iccs_code.split("_")}:
                found.append(f"{link.national_code}: {link.national_label!r} is linked to {link.iccs_code}")
                codes.append(link.national_code)
        if link.iccs_code == "0101" and _ATTEMPTED.search(label) and not _BOTH.search(label):
            checked += 1
            found.append(f"{link.national_code}: {link.national_label!r} is linked to 0101, attempts are 0102")
            codes.append(link.national_code)
    about = tuple(("national_code", code) for code in dict.fromkeys(codes))
    return replace(Outcome.of_warning("link_names_another", checked, found), about=about)
