"""The language of labels: told from them, or said to be unclear. The lists were written here by hand."""

from __future__ import annotations

import pytest

from iccs.concordance import list_concordances
from iccs.suggest.entries import coded_labels, country_of, language_of
from iccs.suggest.language import guess_language

READ = {
    "en": ["Steal from retail store", "Break and enter dwelling", "Murder", "Steal from dwelling"],
    "es": ["ROBO A CASA HABITACION", "Lesiones dolosas", "Homicidio calificado", "Abigeato"],
    "fr": ["Vols avec armes", "Cambriolages de logement", "Homicides", "Escroqueries"],
    "pt": ["Homicídio doloso", "Roubo de carga", "Furto de veículo", "Latrocínio"],
    "de": ["Mord", "Raub", "Wohnungseinbruchdiebstahl", "Gefährliche Körperverletzung"],
}
NOT_READ = {
    "it": ["Omicidio volontario", "Furto in abitazione", "Rapina in banca", "Violenza sessuale", "Estorsione"],
    "nl": ["Moord en doodslag", "Diefstal uit woning", "Mishandeling", "Straatroof", "Verkrachting"],
    "ca": ["Homicidi dolós", "Furt", "Robatori amb violència", "Lesions", "Violació"],
    "pl": ["Zabójstwo", "Kradzież z włamaniem", "Rozbój", "Zgwałcenie", "Oszustwo"],
    "id": ["Pembunuhan", "Pencurian dengan kekerasan", "Penganiayaan berat", "Perkosaan", "Penipuan"],
}


@pytest.mark.parametrize("language", READ)
def test_the_languages_that_are_read_are_told(language: str) -> None:
    guess = guess_language(READ[language])
    assert (guess.language, guess.sure) == (language, True)


@pytest.mark.parametrize("language", NOT_READ)
def test_another_language_is_never_taken_for_one_of_them(language: str) -> None:
    assert not guess_language(NOT_READ[language]).sure


@pytest.mark.parametrize(
    "labels",
    [
        [],
        ["12", "§ 3"],
        ["Homicidio"],  # Spanish and Portuguese without its accent
        ["Homicidio doloso", "Robo de vehículo", "Murder", "Car theft"],  # of two lists
    ],
)
def test_too_little_to_tell_is_not_told(labels: list[str]) -> None:
    assert not guess_language(labels).sure


def test_lists_are_told_without_having_been_seen() -> None:
    """Each packaged list of eight labels or more, without what was learned from its country."""
    told = {}
    for source_id in list_concordances():
        labels = [label for _, label in coded_labels(source_id)]
        if len(labels) >= 8:
            guess = guess_language(labels, frozenset({country_of(source_id)}))
            told[source_id] = (guess.language, guess.sure)
    assert told == {source_id: (language_of(source_id), True) for source_id in told}
    assert len(told) >= 10
