"""Labels that deny their code are refused; those with a negation of something else are not.

What is right was written for each label by reading it.
"""

from __future__ import annotations

import pytest

from iccs.concordance import Link
from pipelines.harmonise.checks.words.named_acts import check_named_acts
from pipelines.harmonise.values.negations import is_denied
from schemas.source import list_sources

DENIED = [
    ("weapon", "No firearm", "FIREARM"),
    ("weapon", "Sin arma", "FIREARM"),
    ("weapon", "Without weapon", "SHARP"),
    ("weapon", "Sans arme à feu", "FIREARM"),
    ("weapon", "Sem arma de fogo", "FIREARM"),
    ("weapon", "Ohne Schusswaffe", "FIREARM"),
    ("weapon", "Without the use of a weapon", "FIREARM"),
    ("weapon", "SIN EMPLEO DE ARMAS", "UNIDENTIFIED"),
    ("weapon", "Firearm: no", "FIREARM"),
    ("weapon", "No", "FIREARM"),
    ("weapon", "Robbery without firearm", "FIREARM"),
    ("attempted", "Not completed", "COMPLETED"),
    ("attempted", "No consumado", "COMPLETED"),
    ("attempted", "Nicht vollendet", "COMPLETED"),
    ("attempted", "Non tenté", "ATTEMPTED"),
    ("cyber", "Non-cyber", "CYBER"),
    ("cyber", "Not related to internet", "CYBER"),
    ("situational_context", "No relacionado con el crimen organizado", "ORGANIZED"),
    ("situational_context", "Not organised crime", "ORGANIZED"),
    ("situational_context", "Non-domestic", "DOMESTIC"),
    ("relationship", "Sin parentesco", "FAMILY"),
    ("relationship", "Not related", "BLOOD_RELATIVE"),
    ("relationship", "Non-family member", "FAMILY"),
    ("disability", "Sin discapacidad", "DISABILITY"),
    ("citizenship", "Non-citizen", "NATIONAL"),
]
MEANT = [
    ("weapon", "Arma de fuego no registrada", "FIREARM"),
    ("weapon", "Sin arma blanca", "FIREARM"),
    ("weapon", "Sin arma", "_Z"),
    ("weapon", "No firearm", "OTHER"),
    ("weapon", "Firearm, type not stated", "FIREARM"),
    ("weapon", "Weapon not identified", "UNIDENTIFIED"),
    ("attempted", "No", "COMPLETED"),
    ("attempted", "No consumado", "ATTEMPTED"),
    ("cyber", "Non-cyber", "NON_CYBER"),
    ("relationship", "Non-cohabiting partner", "PARTNER"),
    ("relationship", "Cónyuge no conviviente", "PARTNER_CURRENT"),
    ("relationship", "Not a partner", "FRIEND"),
    ("relationship", "No", "OTHER_KNOWN"),
    ("disability", "Sin discapacidad", "NO_DISABILITY"),
    ("citizenship", "No", "FOREIGN"),
]


@pytest.mark.parametrize(("dimension", "word", "code"), DENIED)
def test_a_label_that_denies_its_code(dimension: str, word: str, code: str) -> None:
    assert is_denied(dimension, word, code)


@pytest.mark.parametrize(("dimension", "word", "code"), MEANT)
def test_a_negation_of_something_else(dimension: str, word: str, code: str) -> None:
    assert not is_denied(dimension, word, code)


def test_no_label_of_a_packaged_source_denies_its_code() -> None:
    words = [one for folder in list_sources().values() for one in folder.words]
    assert len(words) > 900
    assert [one for one in words if is_denied(*one)] == []


def test_a_link_whose_label_denies_a_tag() -> None:
    link = Link("R1", "Robo sin arma de fuego", "0401", "narrower", attributes={"weapon": "FIREARM"})
    found = check_named_acts([link])
    assert (found.outcome, found.failing) == ("warned", 1)
    assert "R1: 'Robo sin arma de fuego' implies weapon=FIREARM" in found.detail
