"""Codes that a source adds to a list, in codes.csv beside its definition."""

from __future__ import annotations

from pathlib import Path

import pytest

from schemas.codelists import added_codes
from schemas.declarations import DeclarationError

HEADER = "list,code,label_en,label_fr,label_es\n"


def give(folder: Path, source: str, *rows: str) -> None:
    (folder / source).mkdir()
    (folder / source / "codes.csv").write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")


def test_a_source_adds_a_code_that_another_may_share(tmp_path: Path) -> None:
    give(tmp_path, "xx_one", "sex,NON_BINARY,Non-binary,Non binaire,No binario", "weapon,BOW,Bow,Arc,Arco")
    give(tmp_path, "xx_two", "sex,NON_BINARY,Non-binary,Non binaire,No binario")

    added = added_codes({path.name: path for path in tmp_path.iterdir()})

    assert [(code.code, code.label_es) for code in added["sex"]] == [("NON_BINARY", "No binario")]
    assert [code.code for code in added["weapon"]] == ["BOW"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("stage,HEARD,Heard,Entendu,Oído", "the list 'stage' cannot be extended; those that can: sex, "),
        ("sex,non-binary,Non-binary,Non binaire,No binario", "write a code of capital letters, digits and _"),
        ("sex,NON_BINARY,Non-binary,,No binario", "give the label in English, French and Spanish"),
        ("sex,X,Diverse,Divers,Diverso", "another source gives this code different labels"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, told: str) -> None:
    give(tmp_path, "xx_one", "sex,X,Not specified,Non précisé,No especificado")
    give(tmp_path, "xx_two", row)
    with pytest.raises(DeclarationError, match=r"xx_two/codes\.csv") as refused:
        added_codes({path.name: path for path in tmp_path.iterdir()})
    assert told in str(refused.value)
