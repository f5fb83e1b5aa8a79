"""Words that mark a row as the sum of others, in files of several languages."""

from __future__ import annotations

from iccs.letters import without_accents


def plain(text: str) -> str:
    """Return a text in lower case without accents, for comparison.

    >>> plain("  Género  Femenino ")
    'genero femenino'
    """
    return " ".join(without_accents(text).split()).casefold()


_TOTALS = (
    *("total", "totals", "total general", "totales", "grand total", "overall", "all", "sum", "all offences"),
    *("all crimes", "all crime", "total offences", "total crime", "total crimes", "total de delitos", "nacional"),
    *("national", "pais", "total nacional", "total pais", "ensemble", "toutes", "tous", "insgesamt", "gesamt"),
    *("summe", "todos", "todas", "ambos", "ambos sexos", "both", "both sexes", "country total", "state total"),
    *("all persons", "all ages", "total persons", "alle", "zusammen"),
    *(
        "les deux sexes",
        "todas las edades",
        "tous les ages",
        "all sexes",
        "all suspects",
        "all victims",
        "gesamtzahl",
    ),
    *(
        "razem",
        "ogołem",
        "celkem",
        "spolu",
        "totaal",
        "totalt",
        "i alt",
        "yhteensa",
        "osszesen",
        "ukupno",
        "skupaj",
    ),
    *("toplam", "genel toplam", "jumlah", "totale", "gesamtsumme", "kokku", "is viso", "kopa", "общо", "укупно"),
    *("итого", "всего", "усього", "разом", "συνολο", "合計", "総数", "总计", "合计", "계", "المجموع", "الاجمالي"),
    *("оба пола", "обидві статі", "барлығы", "жалпы", "συνολα", "γενικο συνολο", "iki cinsiyet", "toplami"),
    *(
        "計",
        "総計",
        "小計",
        "男女計",
        "總計",
        "總數",
        "总数",
        "小计",
        "全国",
        "全國",
        "합계",
        "총계",
        "전체",
        "소계",
        "전국",
    ),
    *("الإجمالي", "إجمالي", "المجموع الكلي", "الجملة", "مجموع", "كلا الجنسين", "סך הכל", "סך הכול", 'סה"כ', "סה״כ"),
    *("שני המינים", "รวม", "รวมทั้งสิ้น", "ทั้งหมด", "รวมทั้งหมด", "tổng số", "tổng cộng", "cả nước", "tổng"),
    *("total keseluruhan", "jumlah total", "keduanya", "laki-laki dan perempuan", "totale generale", "samtals"),
)
TOTALS = frozenset(map(plain, _TOTALS))
"""Words that mark a row as the sum of others, without accents."""
