"""Words in the headings of columns, by what they say about the column and by language.

Each entry is a regular expression for one word or phrase, or several of them with ``|`` between; a letter that files
write without its accent is given with and without. They are found as whole words, in capitals or not; those of
languages written without spaces between words are found anywhere, those of Arabic and Hebrew also behind a short prefix
(the article, "and").
"""

from __future__ import annotations

import re

_WITHOUT_SPACES = ("ja", "zh", "ko", "th")
_PREFIXES = {"ar": r"(?:[وفبك]{0,2}ال|لل|[وبل])?", "he": "[והבלמ]{0,3}"}


def words(**by_language: str) -> re.Pattern[str]:
    """Return the pattern that finds any of these words, by code of their language.

    >>> words(en="births?", es="nacimientos?").search("FECHA_NACIMIENTO")[0]
    'NACIMIENTO'
    >>> words(ja="検挙", ar="ضحايا").search("刑法犯検挙件数")[0], words(ar="ضحايا").search("عدد الضحايا")[0]
    ('検挙', 'الضحايا')
    """
    spaced = [
        f"{_PREFIXES.get(one, '')}(?:{pattern})" for one, pattern in by_language.items() if one not in _WITHOUT_SPACES
    ]
    found = [rf"(?<![^\W_])(?:{'|'.join(spaced)})(?![^\W_])"] if spaced else []
    found += [pattern for one, pattern in by_language.items() if one in _WITHOUT_SPACES]
    return re.compile("|".join(found), re.IGNORECASE)


PUBLISHED = words(
    en=r"publi\w*|edition|release(?:d|[ _]year)?|vintage|updated?",
    es=r"edici[oó]n|actuali[sz]aci[oó]n",
    fr=r"édition",
    pt=r"edição",
)
AGES_IN = {
    "months": words(en=r"months?|mths?", es=r"mes(?:es)?", fr=r"mois", de=r"monat\w*"),
    "weeks": words(en=r"weeks?", es=r"semanas?", fr=r"semaines?", de=r"wochen?"),
    "days": words(en=r"days?", es=r"d[ií]as?", fr=r"jours?", de=r"tage?n?"),
    "hours": words(en=r"hours?", es=r"horas?", fr=r"heures?", de=r"stunden?"),
}
"""What the name of a column of ages says that its numbers are in."""
OTHER_DAYS = {
    "of the birth": words(
        en=r"births?|born|dob|birth(?:date|day|year)",
        es=r"nacimiento|nac",
        fr=r"naissance",
        de=r"geburts?\w*|geboren",
        pt=r"nascimento|nasc",
    ),
    "of the record in a system": words(
        en=r"inserted|loaded|imported|exported|extract\w*|downloaded|modified",
        es=r"carga|extracci[oó]n|descarga|modificaci[oó]n",
        fr=r"modifi[eé]\w*",
        de=r"ge[aä]ndert|[aä]nderung\w*",
        pt=r"extraç[aã]o|modifica[cç][aã]o",
    ),
}
OF_THE_CASE = {
    "of the arrest": words(
        en=r"arrests?|arrested", es=r"detenci[oó]n|captura", fr=r"arrestation", de=r"festnahme\w*", pt=r"pris[aã]o"
    ),
    "of the sentence": words(
        en=r"sentenc\w*|convict\w*|verdict|judg(?:e)?ment|trial|court",
        es=r"condena\w*|fallo",
        fr=r"jugement|condamnation",
        de=r"urteil\w*",
    ),
}
OTHER_PLACES = {
    "where persons live": words(
        en=r"residen(?:ce|tial)",
        es=r"residencia|resid|res|domicilio",
        fr=r"r[eé]sidence|domicile",
        de=r"wohn(?:ort|sitz|gemeinde|kreis|land)\w*",
        pt=r"resid[eê]ncia",
        it=r"residenza",
    ),
    "where persons were born": words(
        en=r"births?|born",
        es=r"nacimiento",
        fr=r"naissance",
        de=r"geburts(?:ort|land)",
        pt=r"nascimento|naturalidade",
    ),
}
"""What the column of areas may be about instead of the place of the event."""
CLOSED = words(
    en=r"clos(?:ed|ing|ure)|clear(?:ed|ance)|solved|dispos(?:ed|ition|al)",
    es=r"cierre",
    fr=r"cl[oô]ture",
    de=r"abschluss\w*",
    pt=r"encerramento",
)
"""What the column of dates may be about instead of the event: of offences recorded, the arrest; unless counted_at says
``output``, the closing of the case."""

VICTIMS = words(
    en=r"victims?",
    es=r"v[ií]ctimas?",
    fr=r"victimes?",
    de=r"opfer",
    pt=r"v[ií]timas?",
    it=r"vittim[ae]",
    nl=r"slachtoffers?",
    pl=r"ofiar\w*",
    ru=r"жертв\w*|потерпевш\w*",
    uk=r"потерпіл\w*",
    kk=r"жәбірленуш\w*",
    el=r"θ[υύ]μα(?:τα|των)?|παθ[οό]ντ\w+",
    tr=r"mağdur\w*",
    id=r"korban",
    vi=r"nạn nhân|bị hại",
    ar=r"ضحايا|ضحية|مجني عليهم?",
    he=r"קו?רבן|קו?רבנות|נפגע(?:ים|ות)?",
    ja=r"被害者",
    zh=r"被害人|受害[人者]",
    ko=r"피해자",
    th=r"ผู้เสียหาย|เหยื่อ",
)
SUSPECTS = words(
    en=r"suspects?|offenders?|perpetrators?|accused|assailants?",
    es=r"imputad[oa]s?|sospechos[oa]s?|agresor(?:es)?|victimari[oa]s?|sindicad[oa]s?|autor(?:es)?|acusad[oa]s?",
    fr=r"auteurs?|mis[ _]en[ _]cause",
    de=r"tatverd[aä]chtige?r?|täter(?:in)?",
    pt=r"suspeit[oa]s?",
    ru=r"подозреваем\w*|обвиняем\w*",
    uk=r"підозрюван\w*",
    el=r"δρ[αά]στ\w+",
    tr=r"şüpheli\w*|failler\w*|faili",
    id=r"tersangka|pelaku",
    vi=r"nghi phạm|bị can|đối tượng",
    ar=r"مشتبه بهم?|متهمون|متهمين|جناة|جاني",
    he=r"חשוד(?:ים|ות|ה)?",
    ja=r"被疑者|容疑者",
    zh=r"嫌疑[人犯]",
    ko=r"피의자|용의자",
    th=r"ผู้ต้องหา",
)
_CHARGED = {
    "en": r"(?:persons?|people|adults?|youths?|males?|females?)(?: who)?(?: were)? charged|proceeded against"
    r"|charge-?sheeted",
    "es": r"inculpad[oa]s?|indiciad[oa]s",
    "fr": r"pr[ée]venus",
    "de": r"beschuldigte?",
}
"""Words for persons that are suspected in one country and prosecuted in another."""
STAGES = {
    "suspected": words(
        en=rf"suspects?|suspected|arrests?|arrested|arrestees?|offenders|apprehended|{_CHARGED['en']}",
        es=r"detenid[oa]s?|detenciones|capturas|capturad[oa]s?|aprehendid[oa]s?|investigad[oa]s?|imputad[oa]s?"
        rf"|sospechos[oa]s?|{_CHARGED['es']}",
        fr=rf"mis(?:es?)?[ _]en[ _]cause|{_CHARGED['fr']}",
        de=rf"(?:tat)?verd[aä]chtige?|{_CHARGED['de']}",
        pt=r"suspeitos?",
        it=r"indagat[ie]|arrestat[ie]",
        nl=r"verdachten?",
        sv=r"misstänkta",
        pl=r"podejrzan\w+|zatrzyman\w+",
        ru=r"подозреваем\w*|выявлено лиц|выявленн\w+ лиц\w*|лиц,? совершивш\w+|задержан\w*",
        uk=r"підозрюван\w*|(?:про )?підозр\w+|затриман\w*",
        kk=r"күдікті\w*",
        el=r"δρ[αά]στ\w+|συλληφθ\w+|συλλ[ηή]ψεις",
        tr=r"şüpheli\w*|yakalanan\w*",
        id=r"tersangka|pelaku",
        vi=r"nghi phạm|bị can|đối tượng|bị bắt",
        ar=r"مشتبه بهم?|متهمون|متهمين|جناة|موقوف\w*|مقبوض عليهم?",
        he=r"חשוד(?:ים|ות|ה)?|עצור(?:ים|ות)|מעצרים",
        ja=r"検挙人[員数]|検挙者|被疑者|容疑者|逮捕",
        zh=r"嫌疑[人犯]|抓[获獲]|逮捕",
        ko=r"검거\s?인[원수]|검거자|피의자|용의자|체포",
        th=r"ผู้ต้องหา|จับกุม\s?\(คน\)|ผู้ถูกจับ",
    ),
    "prosecuted": words(
        en=rf"prosecuted|prosecutions?|defendants?|{_CHARGED['en']}",
        es=rf"procesad[oa]s|acusad[oa]s|{_CHARGED['es']}",
        fr=rf"poursuivi[es]+|{_CHARGED['fr']}",
        de=rf"angeklagte?|abgeurteilte?|{_CHARGED['de']}",
        pt=r"processad[oa]s",
        it=r"imputat[ie]",
        pl=r"oskarżon\w+",
        ru=r"обвиняем\w*|подсудим\w*",
        uk=r"обвинувачен\w*|підсудн\w*",
        tr=r"sanık\w*",
        id=r"terdakwa",
        vi=r"bị cáo",
        he=r"נאש[םמ](?:ים|ות)?",
        ja=r"起訴人員|被告人",
        zh=r"被告人?|起[诉訴]人[数數]",
        ko=r"기소|피고인",
        th=r"จำเลย",
    ),
    "convicted": words(
        en=r"convicted|convictions?|(?:offenders|persons|people) sentenced|found guilty|guilty findings",
        es=r"condenad[oa]s?|condenas|sentenciad[oa]s?",
        fr=r"condamn\w*",
        de=r"verurteilte?|verurteilungen",
        it=r"condannat[ie]|condanne",
        pl=r"skazan\w+",
        ru=r"осужд[её]н\w*",
        uk=r"засуджен\w*",
        kk=r"сотталған\w*",
        el=r"καταδικ\w+",
        tr=r"hükümlü\w*|mahk[uû]m\w*",
        id=r"terpidana",
        vi=r"bị kết án",
        ar=r"محكوم عليهم?|محكومون|محكومين|مدانون|مدانين",
        he=r"מורשע(?:ים|ות)?|הורשעו",
        ja=r"有罪",
        zh=r"判[决決刑]人[数數]|罪犯|有罪",
        ko=r"유죄",
        th=r"ต้องโทษ|ต้องคำพิพากษา",
    ),
    "held": words(
        en=r"prisoners?|inmates?|prison population|(?:persons?|people|held) in (?:prison|custody|detention)"
        r"|undertrials?|remand(?: population| prisoners)?",
        es=r"reclus[oa]s?|presos|intern[oa]s|privad[oa]s? de (?:la )?libertad"
        r"|poblaci[oó]n (?:penal|carcelaria|penitenciaria|reclusa|privada de (?:la )?libertad)",
        fr=r"d[eé]tenus?|[eé]crou[eé]e?s",
        de=r"gefangene|inhaftierte",
        pt=r"privad[oa]s de liberdade",
        it=r"detenut[ie]",
        ru=r"заключ[её]нн\w*|содержится в",
        uk=r"ув['’]язнен\w*|засуджен\w+, які відбува\w+",
        tr=r"tutuklu\w*",
        id=r"tahanan|narapidana",
        ar=r"سجناء|نزلاء|مساجين",
        he=r"אסירים|כלואים",
        ja=r"収容人員|受刑者",
        zh=r"在押|服刑",
        ko=r"수용자|재소자|수감자",
        th=r"ผู้ต้องขัง|นักโทษ",
    ),
}
RECORDED = words(
    en=r"recorded|reported|known|offen[cs]es?|crimes?|incidents?|cases|victims?",
    es=r"registrad\w+|denuncia\w*|delitos?|casos|hechos|v[ií]ctimas?",
    fr=r"infractions?|faits|constat\w+|victimes",
    de=r"straftaten|fälle|erfasst\w*|opfer",
    pt=r"ocorr[eê]ncias|v[ií]timas?",
    ru=r"зарегистрирован\w*|потерпевш\w*",
    uk=r"обліковано|облікован\w+|зареєстрован\w*|потерпіл\w*",
    kk=r"тіркелген",
    el=r"διαπραχθ\w+|τελεσθ\w+|καταγεγραμμ\w+|τελ/να",
    tr=r"işlenen|kayıtlı|meydana gelen",
    id=r"dilaporkan|kasus|kejadian",
    vi=r"số vụ|vụ án|vụ việc",
    ar=r"مسجلة|مرتكبة|مبلغ عنها|بلاغات|قضايا",
    he=r"תיקים|עבירות",
    ja=r"認知|発生",
    zh=r"立案|[发發]生",
    ko=r"발생",
    th=r"รับแจ้ง|รับคำร้องทุกข์",
)
OFFENCES = words(
    en=r"offen[cs]es|crimes|incidents",
    es=r"delitos|hechos",
    fr=r"infractions|faits",
    de=r"straftaten",
    pt=r"ocorr[eê]ncias",
    it=r"reati",
)
ADMITTED = words(
    en=r"admissions?|admitted|receptions?|intakes?|releases?|released|discharges?",
    es=r"ingresos|egresos|liberad[oa]s",
    fr=r"entr[ée]es|sorties|lib[ée]rations",
    de=r"zug[aä]nge|abg[aä]nge|entlassungen",
    pt=r"entrad[ao]s|sa[ií]das",
)
_ONE_UNIT = {
    "person": {
        "en": r"persons?|people|individuals",
        "es": r"personas?",
        "fr": r"personnes?",
        "de": r"personen",
        "pt": r"pessoas",
    },
    "charge": {
        "en": r"charges?|counts? of indictment",
        "es": r"cargos",
        "fr": r"chefs d['’]accusation",
        "de": r"anklagepunkte",
        "pt": r"acusaç(?:ão|ões)",
    },
    "arrest": {
        "en": r"arrests?",
        "es": r"arrestos|detenciones",
        "fr": r"arrestations",
        "de": r"festnahmen",
        "pt": r"pris(?:ão|ões)",
    },
    "household": {
        "en": r"households?",
        "es": r"hogares",
        "fr": r"m[eé]nages",
        "de": r"haushalte",
        "pt": r"domic[ií]lios|lares",
    },
    "victim": {"en": r"victims?", "es": r"v[ií]ctimas?", "fr": r"victimes?", "de": r"opfer", "pt": r"v[ií]timas?"},
    "offence": {
        "en": r"offen[cs]es?|crimes?|incidents?|cases?",
        "es": r"delitos|incidentes|casos|hechos",
        "fr": r"infractions?|faits|affaires",
        "de": r"straftaten|f[aä]lle",
        "pt": r"ocorr[eê]ncias|crimes|registros",
    },
}
_NUMBER_OF = r"(?:(?:total )?(?:numbers?|n[°º]|no\.?|n[uú]mero|nombre|anzahl|total|cantidad) ?(?:of|de|d['’]|der)? ?)?"
ONE_UNIT = {
    unit: re.compile(rf"{_NUMBER_OF}(?:{'|'.join(by_language.values())})", re.IGNORECASE)
    for unit, by_language in _ONE_UNIT.items()
}
"""A heading that is nothing but a counting unit, or the number of it."""

INCIDENCE = words(en=r"incidence", es=r"incidencia", pt=r"incid[eê]ncia", de=r"inzidenz")
PREVALENCE = words(en=r"prevalen\w+", fr=r"pr[ée]valence", de=r"pr[aä]valenz")
ERRORS = {
    "standard_error": words(
        en=r"(?<!relative[ _])standard[ _-]?errors?|std\.?[ _-]?err\w*|s\.?e\.?",
        es=r"err?or(?:es)? est[aá]ndar",
        fr=r"erreurs?[ -]types?",
        de=r"standardfehler",
        pt=r"erro[ -]padrão",
    ),
    "cv": words(
        en=r"c\.?v\.?|coef\w*\.?[ _]?(?:of|de|d['’])?[ _]?var\w*\.?|r\.?s\.?e\.?|relative standard errors?",
        de=r"variationskoeffizient",
    ),
    "half_width": words(
        en=r"margins?[ _]of[ _]error|half[ _-]?widths?|moe|.*±.*|confidence[ _]intervals?",
        es=r"margen(?:es)? de error|intervalos? de confian[zç]a",
        fr=r"marges? d['’]erreur|intervalles? de confiance",
        de=r"fehlerspannen?|konfidenzintervalle?",
        any=r"\d{2} ?% ?(?:ci|ic|ki)|(?:ci|ic|ki) ?\d{2} ?%?",
    ),
    "variance": words(en=r"variances?", es=r"varian[zç]as?", de=r"varianz(?:en)?"),
    "design_effect": words(
        en=r"deff|deft|design[ _]effects?",
        es=r"efectos? de(?:l)? diseño",
        fr=r"effets? de sondage",
        de=r"designeffekte?",
    ),
}
ONE_SIDED = words(en=r"one[- _](?:sided|tailed)", es=r"unilatera(?:l|is|les)", de=r"einseitig\w*")
UNWEIGHTED = words(
    en=r"un-?weighted",
    es=r"sin ponderar|no ponderad[oa]s?",
    fr=r"non pond[eé]r[eé]e?s?",
    de=r"ungewichtet\w*",
    pt=r"não ponderad[oa]s?",
)
SAMPLE_SIZE = words(
    en=r"sample[ _]sizes?",
    es=r"tamaño (?:de (?:la )?)?muestra",
    fr=r"taille de l['’]échantillon",
    de=r"stichprobengr[oö](?:ß|ss)e",
)
HOUSEHOLDS = words(
    en=r"households?|dwellings?",
    es=r"hogar(?:es)?|viviendas?",
    fr=r"m[eé]nages?",
    de=r"haushalte?n?",
    pt=r"domic[ií]lios?",
)
PERSONS = words(
    en=r"persons?|people|adults?|individuals?|victims?",
    es=r"personas?",
    fr=r"personnes?",
    de=r"personen",
    pt=r"pessoas?",
)
OF_OFFENCES = words(
    en=r"(?:%|share|percent(?:age)?|proportion) of (?:all |total |recorded |known )*(?:offen[cs]es|crimes?|incidents"
    r"|cases)",
    es=r"(?:%|porcentaje|proporci[oó]n) (?:de|del) (?:los |las |total de )*(?:delitos|casos|hechos|incidentes)",
    fr=r"(?:%|part|pourcentage) (?:de|des) (?:l['’]ensemble des )?(?:infractions|faits)",
)
BESIDE_ESTIMATES = words(
    en=r"upper|lower|lim(?:ite?s?|\.)|confidence|standard errors?|std\.? ?err\w*|margins? of error|c\.?v\.?"
    r"|sample sizes?",
    es=r"l[ií]mites?",
)
ASKED = {
    "last_12_months": words(
        en=r"(?:last|past|previous) (?:12|twelve) months", es=r"[uú]ltimos (?:12|doce) meses", fr=r"12 derniers mois"
    ),
    "last_6_months": words(en=r"(?:last|past|previous) (?:6|six) months", es=r"[uú]ltimos (?:6|seis) meses"),
    "last_5_years": words(
        en=r"(?:last|past|previous) (?:5|five) years",
        es=r"[uú]ltimos (?:5|cinco) años",
        fr=r"(?:5|cinq) derni[eè]res ann[eé]es",
    ),
    "lifetime": words(
        en=r"lifetime|since (?:the )?age (?:of )?1[0-9]",
        es=r"a lo largo de (?:la|su) vida",
        fr=r"au cours de (?:la|leur) vie",
    ),
}
"""The period that the respondents of a survey were asked about."""
