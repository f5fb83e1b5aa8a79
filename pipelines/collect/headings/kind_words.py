"""Words for figures that are not plain counts of all events, by what they are and by language.

Written as those of ``role_words``.
"""

from __future__ import annotations

from pipelines.collect.headings.role_words import words

CLEARED = {
    "en": r"cleared|solved|resolved|clearances?|clear[ -]?ups?",
    "es": r"esclarecid[oa]s?|aclarad[oa]s?|resuelt[oa]s?",
    "fr": r"[ée]lucid[ée]e?s?|[ée]lucidations?",
    "de": r"(?:auf)?gekl[aä]rt\w*|aufkl[aä]rung(?:en)?",
    "pt": r"elucidad[oa]s?|esclarecimentos?",
    "sv": r"uppklarade",
    "no": r"oppklarte?",
    "da": r"opklarede?",
}
"""Words for cases cleared up, in headings, cells and labels of codes alike."""
_DETECTED = r"detections?|detected(?!\W+(?:\w+\W+)?victims?)"  # in the label of a code, of drugs or trafficking

KINDS = {
    "cases cleared up": words(**CLEARED | {"en": rf"{CLEARED['en']}|{_DETECTED}"}),
    "unfounded or cancelled reports": words(
        en=r"unfounded|cancelled (?:crimes?|reports?|records?)|no[- ]crimed|false reports?",
        es=r"infundad[oa]s?|falsas denuncias",
        fr=r"non fond[ée]e?s?",
        de=r"unbegr[uü]ndete?",
    ),
    "targets or forecasts": words(
        en=r"targets?|goals?|forecasts?|projected|projections?|expected",
        es=r"metas?|objetivos?|pron[oó]sticos?|proyecci[oó]n(?:es)?|esperad[oa]s?",
        fr=r"attendu[es]*",
        de=r"erwartete?",
    ),
    "changes": words(
        en=r"changes?|variations?|differences?|diff",
        es=r"variaci[oó]n(?:es)?|diferencias?",
        fr=r"[ée]volutions?",
        de=r"ver[aä]nderung(?:en)?",
        pt=r"variaç(?:ão|ões)",
        sv=r"f[öo]r[äa]ndring",
        no=r"endring",
    ),
    "figures of the year before": words(
        en=r"(?:previous|prior|last)[ _]year",
        es=r"año (?:anterior|previo)",
        fr=r"ann[ée]e pr[ée]c[ée]dente",
        de=r"vorjahr(?:es\w*)?",
        pt=r"ano anterior",
    ),
    "averages": words(
        en=r"averages?|(?:monthly|annual|daily|rolling|moving|(?:three|five|[2-9])[- ]year) means?|means?\Z|medians?",
        es=r"promedios?|m[eé]dias? (?:mensual|mensal|anual|diari|m[oó]v)\w*|medianas?|\Am[eé]dia\Z",
        fr=r"moyennes?|médianes?",
        de=r"durchschnitt\w*|mittelwerte?|(?:monats|jahres)mittel",
    ),
    "estimates of a survey": words(
        en=r"victimi[sz]ation survey|crime survey|survey estimates?",
        es=r"encuesta (?:\w+ ){0,3}victimizaci[oó]n|envipe|enusc",
        fr=r"enqu[eê]te (?:\w+ ){0,3}victimation",
        de=r"opferbefragung|viktimisierungs(?:survey|befragung)|dunkelfeld\w*",
        pt=r"pesquisa (?:\w+ ){0,3}vitimização",
    ),
    "index numbers": words(
        any=r"(?:(?:19|20)\d\d|base)\W{0,3}=\W{0,3}100"
        r"|bas[eé]\w* (?:(?:year|año|ano|ann[ée]e|jahr) )?(?:(?:19|20)\d\d|100)",
        en=r"index (?:numbers?|points?|values?)|\A(?:index|[ií]ndice|indice)\Z",
    ),
    "durations": words(
        en=r"durations?|length of (?:sentences?|stay)|sentence lengths?|time (?:to|until|served)\b.*",
        es=r"duraci[oó]n(?:es)?",
        fr=r"durées?",
        de=r"dauer",
        pt=r"duraç(?:ão|ões)",
        any=r"(?:in|en|em) (?:days|months|years|d[ií]as|meses|años|anos|jours|mois|tagen|monaten)"
        r"|(?:days|d[ií]as|jours|tage)",
    ),
    "ranks": words(en=r"ranks?|ranking", es=r"puesto|posici[oó]n", fr=r"rang", de=r"platz"),
    "codes": words(en=r"id|code|codes|row ?(?:number|id)|object ?id", es=r"c[oó]digos?|folio", de=r"nr"),
    "ages": words(any=r"\A(?:edad|age|alter|[âa]ge|idade)(?: (?:in|en|em|de la) \w+)?\Z"),
    "times of day": words(any=r"\A(?:hour|hora|heure|stunde|uhrzeit)\Z"),
    "quantities of goods": words(
        en=r"kg|kilos?|kilogram\w*|grams?|lit(?:er|re)s", es=r"gramos|tonel\w*|litros", fr=r"tonnes?", de=r"gramm"
    ),
    "scores": words(en=r"scores?|severity (?:index|weights?)", es=r"puntajes?|puntuaci[oó]n", de=r"punktzahl"),
    "cases on a day": words(en=r"\Astocks?\Z"),
    "inhabitants": words(
        en=r"population|inhabitants",
        es=r"poblaci[oó]n|habitantes",
        de=r"bev[oö]lkerung|einwohner",
        pt=r"populaç[aã]o",
    ),
    "amounts of money": words(
        en=r"amounts?|(?:financial|economic|monetary) loss(?:es)?",
        es=r"montos?|importes?",
        fr=r"montants?",
        de=r"schadenssummen?",
        any=r"(?:us)?[$€£].*|.*[$€£]|usd|eur|gbp|mxn|brl|ars|cop|euros?|(?:us )?dollars?|d[oó]lares|pesos|reais|francs",
    ),
}
RECORDED = words(
    en=r"recorded|reported|known|registered|and",
    es=r"registrad[oa]s?|conocid[oa]s?|y",
    fr=r"constat\w*|et",
    de=r"erfasst\w*|und",
    pt=r"e",
)
CUMULATIVE = words(
    en=r"cumulative|cumulated|running total|year[ -]to[ -]date|ytd",
    es=r"acumulad[oa]s?",
    fr=r"cumul[ée]e?s?",
    de=r"kumuliert\w*",
)
OF_SEX = {
    "F": words(
        en=r"wom[ae]n|females?|girls?",
        es=r"mujer(?:es)?",
        fr=r"femmes?|filles?",
        de=r"frauen|weiblich\w*",
        pt=r"mulher(?:es)?",
        it=r"donne|femmin[ae]|femminile",
        nl=r"vrouw(?:en)?",
        sv=r"kvinnor",
        no=r"kvinner",
        da=r"kvinder",
        pl=r"kobiet[ay]?",
        ru=r"женщин\w*",
    ),
    "M": words(
        en=r"m[ae]n|males?|boys?",
        es=r"hombres?|varon(?:es)?",
        fr=r"hommes?|gar[cç]ons",
        de=r"m[aä]nner|m[aä]nnlich\w*",
        pt=r"homens?",
        it=r"uomini|maschio?|maschile",
        nl=r"mannen",
        sv=r"män",
        no=r"menn",
        da=r"mænd",
        pl=r"mężczyzn[iay]?|mężczyźni",
        ru=r"мужчин\w*",
    ),
}
NOT_RESIDENTS = {
    "households or dwellings": words(
        en=r"households?|dwellings?|housing units",
        es=r"hogares|viviendas?",
        fr=r"m[eé]nages|logements",
        de=r"haushalte?|wohnungen",
        pt=r"domic[ií]lios",
    ),
    "births or deaths": words(
        en=r"births?|deaths?",
        es=r"nacimientos|nacidos|defunciones",
        fr=r"naissances|d[eé]c[eè]s",
        de=r"geburten|sterbef[aä]lle",
        pt=r"nascimentos|[oó]bitos",
    ),
    "voters": words(
        en=r"voters?|electors?|electorate",
        es=r"elector(?:es|al)|votantes|lista nominal",
        fr=r"[eé]lect(?:eurs|orale)",
        de=r"wahlberechtigte?",
        pt=r"eleitor(?:es|ado)",
    ),
    "the labour force": words(
        en=r"labou?r force|work ?force|economically active|active population|employed",
        es=r"econ[oó]micamente activ[ao]s?|poblaci[oó]n activa|pea|ocupad[oa]s",
        fr=r"population active|actifs",
        de=r"erwerbs\w+",
        pt=r"economicamente ativ[ao]s?",
    ),
    "citizens or foreigners": words(
        en=r"citizens|nationals|foreign(?:ers|[- ]born)|immigrants",
        es=r"extranjer[oa]s|nacionales|(?:in)?migrantes",
        fr=r"[eé]trang[eè]re?s",
        de=r"ausl[aä]nder\w*|staatsb[uü]rger\w*",
        pt=r"estrangeir[oa]s",
    ),
    "pupils or students": words(
        en=r"students?|pupils?|enrol\w+",
        es=r"alumn[oa]s|estudiantes",
        fr=r"[eé]l[eè]ves|[eé]tudiants",
        de=r"sch[uü]ler\w*|studierende",
        pt=r"alunos",
    ),
    "a density": words(en=r"densit(?:y|ies)", es=r"densidad\w*", fr=r"densit[eé]s?", de=r"\w*dichte"),
    "a change": words(
        en=r"growth|change|increase|migration",
        es=r"crecimiento|variaci[oó]n",
        fr=r"croissance",
        de=r"wachstum",
        pt=r"crescimento",
    ),
}
"""What the heading of a population may say that its figures are, other than the residents of a place."""

OF_RESIDENTS = words(
    en=r"popula\w+|inhabitants|residents?|persons?|people|census",
    es=r"poblaci[oó]n|habitante?s|personas|censo",
    fr=r"personnes|recensement",
    de=r"bev[oö]lkerung|einwohner|zensus",
)
OF_ATTRIBUTES = {
    "attempted": words(
        en=r"attempt(?:s|ed)?",
        es=r"tentativas?|tentad[oa]s?",
        fr=r"tentatives?",
        de=r"versuche?|versuchte?[nrs]?",
        it=r"tentat[oi]",
        nl=r"poging(?:en)?",
        sv=r"försök",
        pl=r"usiłowani\w*",
    ),
    "weapon": words(
        en=r"fire ?-?arms?|guns?|gun ?shots?",
        es=r"armas? de (?:fuego|fogo)",
        fr=r"armes? [àa] feu",
        de=r"schusswaffen?|feuerwaffen?",
    ),
}
BROKEN_DOWN_BY = words(en=r"by", es=r"por", fr=r"par", de=r"nach")
CHILDREN = words(
    en=r"child(?:ren)?|minors?|juveniles?|youths?",
    es=r"niñ[oa]s|menores|adolescentes?",
    fr=r"enfants|mineurs",
    de=r"kinder",
    pt=r"crianças",
)
