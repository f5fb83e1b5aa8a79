"""Names of areas in several languages; the expected codes are those of ISO 3166."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from schemas.area_names import names_of_areas
from schemas.source import Source

SOURCE: dict[str, object] = {
    "source_id": "xx_tiny",
    "title": "Tiny",
    "publisher": "nobody",
    "url": "https://example.org",
    "licence": {"name": "invented"},
    "citation": "invented",
    "layouts": [{"files": ["x.csv"], "read": {"columns": ["a"]}}],
    "columns": {"ref_area": "a", "time_period": "b", "value": "c"},
    "measures": {"victims": {"counting_unit": "victim"}},
}


@pytest.mark.parametrize(
    ("languages", "of", "name", "code"),
    [
        (("en",), None, "Bolivia (Plurinational State of)", "BO"),  # as the United Nations write it
        (("en",), None, "Republic of Korea", "KR"),
        (("en",), None, "Democratic Republic of the Congo", "CD"),
        (("es",), None, "ESPANA", "ES"),  # in capitals and without the tilde, as many files are
        (("de",), None, "Russland", "RU"),  # the common name
        (("de",), None, "Russische Föderation", "RU"),  # the name of ISO 3166
        (("ja",), None, "ペルー", "PE"),
        (("es",), "MX", "Nuevo León", "MX-NLE"),
        (("de",), "CH", "Luzern", None),  # no list of areas of Switzerland is bundled
        (("es",), "MX", "México", None),  # the country and the state: none of them by itself
        (("en",), "RU", "Republic of Crimea", None),  # a spelling of one source, for values.csv
        (("en",), "RU", "Crimea", "UA-43"),  # claimed by Russia, and its own area
    ],
)
def test_a_name_means_one_area(languages: tuple[str, ...], of: str | None, name: str, code: str | None) -> None:
    assert dict(names_of_areas(languages, of)).get(name) == code


def test_every_country_has_its_names() -> None:
    assert len({code for _, code in names_of_areas()}) == 250


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"area_scheme": "name", "area_names": {"languages": ["xx"]}}, "there are no area names in 'xx'"),
        (
            {"area_scheme": "name", "area_names": {"of": "MEX"}},
            "area_names.of: there is no area 'MEX'; nearest: ME, MX, MX-MEX",
        ),
        ({"area_scheme": "iso3", "area_names": {"of": "MX"}}, "write area_scheme: name"),
    ],
)
def test_a_wrong_declaration_is_named(given: dict[str, object], told: str) -> None:
    Source.model_validate({**SOURCE, "area_scheme": "name", "area_names": {"of": "MX"}})
    with pytest.raises(ValidationError) as refused:
        Source.model_validate({**SOURCE, **given})
    assert told in str(refused.value)
