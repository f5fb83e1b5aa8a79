"""Evidence that a label's words must give before a grave category can be proposed for it.

Rule: homicide, sexual violence, trafficking in persons and war crimes are never proposed because of words that many
labels share ("persons brought into formal contact for ...", "intentional", "total"). The label itself must have a word
for the act, or all the words of an ICCS text or legal term that names one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from iccs.suggest.text import LabelLanguage

GRAVE: Mapping[str, str] = MappingProxyType(
    {
        "0101": "killing",
        "0102": "killing",
        "0103": "killing",
        "0204": "trafficking",
        "0301": "sexual",
        "0302": "sexual",
        "1101": "war",
    }
)
"""Divisions that need evidence, with the kind of act that the words must name."""

# Beginnings of words, in lower case without accents; German compounds words, so there they may be anywhere.
_WORDS: Mapping[str, Mapping[LabelLanguage, str]] = MappingProxyType(
    {
        "killing": {
            "en": "murder|homicid|manslaughter|kill|femicid|infanticid|death|dead|die[sd]?\\b|lynch|fatal|lethal|slain|"
            "assassin|suicid",
            "es": "homicid|asesin|femicid|feminicid|parricid|infanticid|muert|matar|matanza|sicari|fallec|letal|mortal|"
            "linch|ejecucion",
            "fr": "homicid|meurtr|assassin|feminicid|infanticid|parricid|mort|tuer|empoisonn|execution",
            "pt": "homicid|assassin|feminicid|infanticid|latrocin|mort|matar|letal|chacina",
            "de": "mord|totschlag|totung|tote|tod|umbring|hinricht",
        },
        "trafficking": {
            "en": "traffick|slave|servitude|bonded|forced lab|forced marr|organ",
            "es": "trata\\b|trata de|tratante|trafic|esclav|servidumbre|trabajo[s]? forz|matrimonio[s]? forz|organo",
            "fr": "traite|trafic|esclav|servitude|travail force|mariage force|organe",
            "pt": "trafic|escrav|servid|trabalho forcad|orgao",
            "de": "menschenhandel|menschenhand|sklav|zwangs|ausbeut|organ|leibeigen",
        },
        "sexual": {
            "en": "sex|rape|rapist|raping|indecen|molest|incest|prostitut|porn|voyeur|grop|sodom|lewd|obscen|carnal|"
            "pimp|procur|brothel|modesty|intercourse|bugger|grooming|fondl|upskirt|peeping|consent",
            "es": "sexual|sexo|violacion|violador|violar|violad|estupr|abus|carnal|pudor|libidin|incest|prostit|porn|"
            "proxen|rufian|lenocin|corrupcion de menor|acos|hostiga|deshonest|lasciv|exhib|tocamient|voyer|grooming",
            "fr": "sexuel|sexe|viols?\\b|violeur|pudeur|incest|prostitu|proxenet|porn|attouch|exhib|harcel|voyeur",
            "pt": "sexual|sexo|estupr|violacao|abus|libidin|pudor|incest|prostit|porn|assedio|importun|lenocin|rufian",
            "de": "sexu|vergewalt|missbrauch|inzest|blutschand|prostit|porno|zuhalt|exhib|kuppel|belastig|notzucht",
        },
        "war": {
            "en": "genocid|war\\b|humanity|armed conflict|crime of aggression|apartheid|child soldier|tortur|pira",
            "es": "genocid|guerra|humanidad|conflicto|apartheid|tortur|desaparicion forzada|pirata|pirateria",
            "fr": "genocid|guerre|humanite|conflit|apartheid|tortur|disparition forcee|pirate",
            "pt": "genocid|guerra|humanidade|conflito|apartheid|tortur|pirat",
            "de": "volkermord|krieg|menschlichkeit|volkerstraf|volkerrecht|apartheid|folter|pirat",
        },
    }
)


class Evidence:
    """Tells which grave divisions the words of a label speak for."""

    def __init__(self, language: LabelLanguage, texts: Iterable[tuple[str, str]]) -> None:
        """Take the language of the labels and (code, stems of a text that names the category) pairs."""
        start = "" if language == "de" else r"(?<![a-z0-9])"
        self._words = {act: re.compile(f"{start}(?:{words[language]})") for act, words in _WORDS.items()}
        self._named: dict[str, list[frozenset[str]]] = {division: [] for division in GRAVE}
        for code, text in texts:
            if code[:4] in GRAVE:
                self._named[code[:4]].append(frozenset(text.split()))

    def missing(self, text: str, stems: Iterable[str]) -> list[str]:
        """Return the grave divisions that nothing in a label speaks for.

        Args:
            text: the label in lower case without accents.
            stems: its stems as compared with the texts, typos corrected.
        """
        distinct = frozenset(stems)
        spoken = f"{text} {' '.join(distinct)}"
        acts = {act for act, words in self._words.items() if words.search(spoken)}
        return [
            division
            for division, act in GRAVE.items()
            if act not in acts and not any(named <= distinct for named in self._named[division])
        ]
