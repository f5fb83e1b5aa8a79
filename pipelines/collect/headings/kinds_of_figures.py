"""Words for figures that are not plain counts of all events: targets, changes, averages, cases cleared, women only.

Rule: a table of some of the persons, or of something other than events, is not published as all events of the year.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator

from pipelines.collect.headings.captions import Caption
from schemas.definition.measures import Measure
from schemas.source import Source


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{pattern})(?![^\W_])", re.IGNORECASE)


_KINDS = {
    "cases cleared up": _words(
        r"cleared|solved|resolved|clearances?|clear[ -]?ups?|detections?|detected(?!\W+(?:\w+\W+)?victims?)"
        r"|esclarecid[oa]s?|esclarecimentos?|aclarad[oa]s?|resuelt[oa]s?|[ée]lucid[ée]e?s?|[ée]lucidations?|elucidad[oa]s"
        r"|(?:auf)?gekl[aä]rte?n?|aufkl[aä]rung(?:en)?|upp?klarade|oppklarte?|opklarede?"
    ),
    "unfounded or cancelled reports": _words(
        r"unfounded|cancelled (?:crimes?|reports?|records?)|no[- ]crimed|false reports?|infundad[oa]s?|falsas denuncias"
        r"|non fond[ée]e?s?|unbegr[uü]ndete?"
    ),
    "targets or forecasts": _words(
        r"targets?|goals?|metas?|objetivos?|forecasts?|projected|projections?|pron[oó]sticos?|proyecci[oó]n(?:es)?"
        r"|expected|esperad[oa]s?|attendu[es]*|erwartete?"
    ),
    "changes": _words(
        r"changes?|variations?|variaci[oó]n(?:es)?|differences?|diff|diferencias?|f[öo]r[äa]ndring|endring|ver[aä]nderung(?:en)?|[ée]volutions?"
        r"|variaç(?:ão|ões)"
    ),
    "figures of the year before": _words(
        r"(?:previous|prior|last)[ _]year|año (?:anterior|previo)|ann[ée]e pr[ée]c[ée]dente|vorjahr(?:es\w*)?"
        r"|ano anterior"
    ),
    "averages": _words(
        r"averages?|promedios?|moyennes?|durchschnitt\w*|m[eé]dias? (?:mensual|mensal|anual|diari|m[oó]v)\w*"
        r"|(?:monthly|annual|daily|rolling|moving|(?:three|five|[2-9])[- ]year) means?|means?\Z|medians?"
        r"|medianas?|médianes?"
        r"|mittelwerte?|(?:monats|jahres)mittel|\Am[eé]dia\Z"
    ),
    "estimates of a survey": _words(
        r"victimi[sz]ation survey|crime survey|survey estimates?|encuesta (?:\w+ ){0,3}victimizaci[oó]n|envipe|enusc"
        r"|enqu[eê]te (?:\w+ ){0,3}victimation|opferbefragung|viktimisierungs(?:survey|befragung)|dunkelfeld\w*"
        r"|pesquisa (?:\w+ ){0,3}vitimização"
    ),
    "index numbers": _words(
        r"(?:(?:19|20)\d\d|base)\W{0,3}=\W{0,3}100|bas[eé]\w* (?:(?:year|año|ano|ann[ée]e|jahr) )?(?:(?:19|20)\d\d|100)"
        r"|index (?:numbers?|points?|values?)|\A(?:index|[ií]ndice|indice)\Z"
    ),
    "durations": _words(
        r"durations?|duraci[oó]n(?:es)?|durées?|duraç(?:ão|ões)|dauer|length of (?:sentences?|stay)|sentence lengths?"
        r"|(?:in|en|em) (?:days|months|years|d[ií]as|meses|años|anos|jours|mois|tagen|monaten)|(?:days|d[ií]as"
        r"|jours|tage)"
        r"|time (?:to|until|served)\b.*"
    ),
    "ranks": _words(r"ranks?|ranking|puesto|rang|platz|posici[oó]n"),
    "codes": _words(r"id|code|codes|c[oó]digos?|nr|row ?(?:number|id)|object ?id|folio"),
    "ages": _words(r"\A(?:edad|age|alter|[âa]ge|idade)(?: (?:in|en|em|de la) \w+)?\Z"),
    "times of day": _words(r"\A(?:hour|hora|heure|stunde|uhrzeit)\Z"),
    "quantities of goods": _words(r"kg|kilos?|kilogram\w*|grams?|gramos|gramm|tonel\w*|tonnes?|litros|lit(?:er|re)s"),
    "scores": _words(r"scores?|severity (?:index|weights?)|puntajes?|puntuaci[oó]n|punktzahl"),
    "cases on a day": _words(r"\Astocks?\Z"),
    "inhabitants": _words(r"population|poblaci[oó]n|populaç[aã]o|bev[oö]lkerung|inhabitants|habitantes|einwohner"),
    "amounts of money": _words(
        r"amounts?|montos?|importes?|montants?|schadenssummen?|(?:financial|economic|monetary) loss(?:es)?"
        r"|(?:us)?[$€£].*|.*[$€£]|usd|eur|gbp|mxn|brl|ars|cop|euros?|(?:us )?dollars?|d[oó]lares|pesos|reais|francs"
    ),
}
_NO_MISTAKES = {
    "ratio": ("inhabitants", "estimates of a survey"),
    "estimate": ("estimates of a survey",),
    "stock": ("cases on a day",),
}
"""What a heading may say of figures of these kinds: the population of a rate, the survey of an estimate."""
_OF_ALL_TITLES = ("index numbers", "estimates of a survey")
_OF_TITLES = ("cases cleared up", "averages", "durations")
_RECORDED = _words(
    r"recorded|reported|known|registered|registrad[oa]s?|conocid[oa]s?|constat\w*|erfasst\w*|and|y|et|und|e"
)
_CUMULATIVE = _words(
    r"cumulative|cumulated|acumulad[oa]s?|cumul[ée]e?s?|kumuliert\w*|running total"
    r"|year[ -]to[ -]date|ytd"
)
_OF_SEX = {
    "F": _words(
        r"wom[ae]n|females?|girls?|mujer(?:es)?|femmes?|filles?|mulher(?:es)?|frauen|weiblich\w*|donne"
        r"|женщин\w*"
    ),
    "M": _words(
        r"m[ae]n|males?|boys?|hombres?|varon(?:es)?|hommes?|gar[cç]ons|homens?|m[aä]nner|m[aä]nnlich\w*"
        r"|uomini|мужчин\w*"
    ),
}
_NAMES = {"F": "women", "M": "men"}
_OF_AGE = re.compile(
    r"\b(?:aged?|ages)\s+\d{1,2}\b|\b\d{1,2}\s*(?:years?\s*(?:of age\s*)?)?(?:and|or|&)\s+(?:over|older|above|more)\b"
    r"|\b\d{1,2}\s+(?:años|anos|ans|jahren?)\s*(?:y m[aá]s|e mais|et plus|und (?:älter|mehr)|o m[aá]s)\b"
    r"|\b(?:menores|under|moins|unter|mayores)\s+(?:de\s+|of\s+)?\d{1,2}\b(?!\s*%)|\b\d{1,2}\+(?!\d)"
    r"|\b(?:per|por|pour|je|pro|cada)\s[\d.,'’ ]+(?:mil\s)?(?:adults?|adult\w*|children|child|niñ[oa]s|crianças"
    r"|enfants?"
    r"|kinder|erwachsene\w*|youths?|j[oó]venes|young people|working[- ]age\w*)\b"
    r"|\b(?:minors|juveniles?|menores de edad|mineurs|jugendliche[rn]?)\b|\b\d{1,2} ?(?:plus|y\+)(?!\w)",
    re.IGNORECASE,
)
_AGES_OF_RESIDENTS = re.compile(
    r"(?<![\d.,])(?<!\d{4}[ -])\d{1,2}(?: ?[-–] ?| )\d{1,2}(?![\d.,]|[ -]\d{4})"  # 0-14, 0_14; no day and month
    r"|\b(?:adults?|adult[oa]s?|adultes?|erwachsene\w*|working[- ]age|voting[- ]age)\b",
    re.IGNORECASE,
)
_NOT_RESIDENTS = {
    "households or dwellings": _words(
        r"households?|dwellings?|housing units|hogares|viviendas?|m[eé]nages|logements|haushalte?|wohnungen"
        r"|domic[ií]lios"
    ),
    "births or deaths": _words(
        r"births?|deaths?|nacimientos|nacidos|defunciones|naissances|d[eé]c[eè]s|geburten|sterbef[aä]lle|nascimentos|[oó]bitos"
    ),
    "voters": _words(
        r"voters?|electors?|electorate|elector(?:es|al)|votantes|lista nominal|[eé]lect(?:eurs|orale)|wahlberechtigte?"
        r"|eleitor(?:es|ado)"
    ),
    "the labour force": _words(
        r"labou?r force|work ?force|economically active|active population|employed|econ[oó]micamente activ[ao]s?"
        r"|poblaci[oó]n activa|pea|ocupad[oa]s|population active|actifs|erwerbs\w+|economicamente ativ[ao]s?"
    ),
    "citizens or foreigners": _words(
        r"citizens|nationals|foreign(?:ers|[- ]born)|immigrants|extranjer[oa]s|nacionales|(?:in)?migrantes"
        r"|[eé]trang[eè]re?s|ausl[aä]nder\w*|staatsb[uü]rger\w*|estrangeir[oa]s"
    ),
    "pupils or students": _words(
        r"students?|pupils?|alumn[oa]s|estudiantes|[eé]l[eè]ves|[eé]tudiants|sch[uü]ler\w*|studierende|alunos|enrol\w+"
    ),
    "a density": _words(r"densit(?:y|ies)|densidad\w*|densit[eé]s?|\w*dichte"),
    "a change": _words(r"growth|change|crecimiento|croissance|wachstum|crescimento|variaci[oó]n|increase|migration"),
}
"""What the heading of a population may say that its figures are, other than the residents of a place."""
_OF_ATTRIBUTES = {
    "attempted": _words(r"attempt(?:s|ed)?|tentativas?|tentatives?|tentad[oa]s?|versuchte?[nrs]?"),
    "weapon": _words(
        r"fire ?-?arms?|guns?|gun ?shots?|armas? de (?:fuego|fogo)|armes? [àa] feu|schusswaffen?|feuerwaffen?"
    ),
}
_ALSO_OTHERS = re.compile(
    r"[,;/&+]|(?<!\w)(?:and|or|incl\w*|without|with or|non?|not|excl\w*|except|completed|y|e|o|u|sin|con o"
    r"|consumad[oa]s?|et|ou|sans|sauf|consomm\w*|und|oder|ohne|einschl\w*|vollendet\w*|sem|exceto|types?|tipos?)"
    r"(?!\w)",
    re.IGNORECASE,
)
"""A title with one of these may be about completed crimes, or other weapons, as well."""
_OF_RESIDENTS = _words(
    r"popula\w+|poblaci[oó]n|bev[oö]lkerung|inhabitants|residents?|habitante?s|einwohner|persons?|people|personas|personnes"
    r"|census|censo|recensement|zensus"
)
_BROKEN_DOWN_BY = _words("by|por|par|nach")


def kind_of_heading(text: str, known: Collection[str] = ()) -> str | None:
    """Return the words of a heading by which its figures are something other than the events of the period.

    >>> kind_of_heading("Cleared up"), kind_of_heading("Variación %"), kind_of_heading("Casos")
    ('cases cleared up', 'changes', None)

    Args:
        text: of the heading.
        known: kinds that are no mistake.
    """
    return next((kind for kind, words in _KINDS.items() if kind not in known and words.search(text)), None)


def kind_named(text: str, measure: Measure, source: Source) -> str | None:
    """Return the words by which a column of counts has something other than what its measure declares.

    Args:
        text: of the heading.
        measure: whose figures they are.
        source: its source.
    """
    if source.kind not in ("count", "incident") or measure.stage.startswith("held"):
        return None
    found = kind_of_heading(text, _NO_MISTAKES.get(measure.figures, ()))
    if found is None and source.cumulative is None and _CUMULATIVE.search(text):
        return "cumulative figures"
    return found


def kind_of_title(text: str) -> str | None:
    """Return the words of a title by which its figures are not events recorded; None if it names these as well."""
    if always := next((kind for kind in _OF_ALL_TITLES if _KINDS[kind].search(text)), None):
        return always
    if _RECORDED.search(text):
        return None
    return next((kind for kind in _OF_TITLES if _KINDS[kind].search(text)), None)


def persons_named(captions: Iterable[Caption], source: Source) -> Iterator[tuple[Caption, str]]:
    """Yield the titles and headings that name one sex or some ages although the source declares all persons.

    A table with a column for men and one for women is about both.
    """
    declared = {*source.columns, *source.constants, *source.totals}
    by_table: dict[tuple[str, str | None], list[Caption]] = {}
    for caption in captions:
        text = caption.text.replace("_", " ")
        if caption.is_count and not caption.is_unit:
            by_table.setdefault((caption.file, caption.sheet), []).append(caption)
        elif "sex" not in declared and caption.is_title and (sex := _one_sex([caption])):
            yield caption, f"{_NAMES[sex]}, but the source declares no sex"
        if "age" not in declared and (caption.is_title or caption.is_count) and (match := _OF_AGE.search(text)):
            yield caption, f"{match[0]!r}, but the source declares no age"
    for headings in by_table.values() if "sex" not in declared else ():
        if sex := _one_sex(headings):
            yield headings[0], f"{_NAMES[sex]}, but the source declares no sex"


def attributes_named(captions: Iterable[Caption], declared: Collection[str]) -> Iterator[tuple[Caption, str]]:
    """Yield the titles, and headings of the only column of counts, that name attempts or firearms alone.

    Args:
        captions: of all tables.
        declared: the attributes that the source gives, in whatever way.
    """
    captions = list(captions)
    counts = Counter((caption.file, caption.sheet) for caption in captions if caption.is_count and not caption.is_unit)
    for caption in captions:
        is_only_count = caption.is_count and counts[caption.file, caption.sheet] == 1
        text = caption.text.replace("_", " ")
        if not (caption.is_title or is_only_count) or _ALSO_OTHERS.search(text):
            continue
        for attribute, words in _OF_ATTRIBUTES.items():
            if attribute not in declared and (match := words.search(text)):
                yield caption, f"{match[0]!r}, but neither the source nor a link declares {attribute}"


def residents_named(caption: Caption, source: Source) -> Iterator[str]:
    """Yield what a title or heading of a population says that its figures are, if they are not all residents.

    Rates would be divided by households, voters or births.
    """
    text = caption.text.replace("_", " ")
    if {one.counting_unit for one in source.measures.values()} != {"person"}:
        return
    about = _BROKEN_DOWN_BY.split(text)[0]
    if not caption.is_count and (not caption.is_title or _OF_RESIDENTS.search(about)):
        return
    if kind := next((kind for kind, words in _NOT_RESIDENTS.items() if words.search(about)), None):
        yield f"{kind}, not the residents of a place"
    declared = {*source.columns, *source.constants, *source.totals}
    if caption.is_count and "age" not in declared and (match := _AGES_OF_RESIDENTS.search(text)):
        yield f"{match[0]!r}, but the source declares no age"


def _one_sex(captions: list[Caption]) -> str | None:
    """Return the sex that all captions name, if none names the other one."""
    named = [{sex for sex, words in _OF_SEX.items() if words.search(one.text.replace("_", " "))} for one in captions]
    return next(iter(named[0])) if all(len(one) == 1 and one == named[0] for one in named) else None
