"""Words of columns that say what a row is, by meaning and language: cancelled, attempted, about a suspect, an edition.

Each entry is a regular expression for one word or phrase, or several of them with ``|`` between, in lower case without
accents, as they are compared with the whole of a word (``fullmatch``).
"""

from __future__ import annotations

import re


def whole_words(**by_language: str) -> re.Pattern[str]:
    """Return the pattern of any of these words, by code of their language.

    >>> whole_words(en="no[ -]?crimes?", de="keine straftat").fullmatch("no-crime") is not None
    True
    """
    return re.compile("|".join(by_language.values()))


def flags(
    asks: str = "is|es|e|ist|flag|ind", ends: str = "flag|ind|indicator|yn", **by_language: str
) -> re.Pattern[str]:
    """Return the pattern of names of columns that ask whether a row is so: ``is_deleted``, ``deleted flag``.

    >>> flags(en="deleted").fullmatch("is_deleted") is not None
    True
    """
    return re.compile(rf"(({asks})[ _])?({'|'.join(by_language.values())})([ _]({ends}))?")


CANCELLED = whole_words(
    en=r"unfounded.*|no[ -]?crimes?|not a crime|cancell?ed( .*)?|void(ed)?|withdrawn( .*)?|retracted|annulled|deleted"
    r"|removed|entered in error|error|erroneous|false( report| alarm| complaint| information)|duplicated?s?( .*)?|dup"
    r"|tests?|testing|dummy|baseless|test (record|case|row|entry|data)|superseded|replaced|obsolete"
    r"|assist(ing)? (an)?other (agency|agencies|jurisdiction)|out(side)? (of )?jurisdiction|(an)?other jurisdiction"
    r"|no offen[cs]e( .*)?|training exercise|(transferred|referred) to (an)?other (agency|force|jurisdiction|district)",
    es=r"infundad[oa]s?|anulad[oa]s?|cancelad[oa]s?|duplicad[oa]s?|retirad[oa]s?|desistid[oa]s?|eliminad[oa]s?"
    r"|borrad[oa]s?|sin efecto|denuncia falsa|fals[oa]s? denuncias?|excluid[oa]s?|prueba|falsas? alarmas?"
    r"|(.* )?inexistencia (de|del) (delito|hecho)|no (constituye|es) delito|hecho atipico|atipic[oa]s?"
    r"|(registro|caso|datos?) de (prueba|teste)|reemplazad[oa]s?|sustituid[oa]s?|incompetencia|simulacro"
    r"|(fuera de (la |su )?|otra )jurisdiccion",
    fr=r"annulee?s?|doublons?|supprimee?s?|infondee?s?|alarmes? fals[oa]s?|fausses? alertes?|remplacee?s?"
    r"|hors (ressort|juridiction)|absence d.infraction"
    r"|infraction (non constituee|inexistante|insuffisamment caracterisee)",
    de=r"storniert|geloscht|doppelt|doublette|unbegrundet|fehlalarme?|keine straftat|testfall|testdaten|ersetzt",
    pt=r"sem efeito|improcedentes?|teste|substituid[oa]s?|fora da jurisdicao",
    ar=r"mulgha(h|a)?",
)
A_RECORD = whole_words(
    en=r"(the )?(offen[cs]e|crime|incident|case|report|record|complaint)( (is|was|has been))?",
    es=r"(el |la )?(registro|caso|delito|denuncia|expediente|carpeta)( fue| ha sido)?",
    fr=r"(le |l.)?(fait|dossier|plainte|affaire|infraction|enregistrement)( est| a ete)?",
    de=r"(der |die |das )?(fall|vorgang|anzeige|datensatz|tat)( ist| wurde)?",
    pt=r"(o |a )?(registro|caso|ocorrencia|boletim|processo)( foi)?",
)
"""What may stand before such a word: record deleted, offence cancelled."""
NOT_VALID = whole_words(
    en=r"(in|not |un)valid|rejected|not (a )?genuine|disproved",
    es=r"(no |in)valid[oa]s?|rechazad[oa]s?|no (procede|procedente)|error de captura",
    fr=r"(in|non )valides?|rejetee?s?|nul(le)?s?",
    de=r"ungu?e?ltig|abgelehnt|verworfen",
    pt=r"(nao |in)valid[oa]s?|rejeitad[oa]s?|nao procede(nte)?",
)
OF_STATUS = whole_words(
    en=r"status|disposition|outcome|result|validity|decision|resolution",
    es=r"estado|estatus|situacion|resultado|validez|resolucion",
    fr=r"statut|etat|resultat|validite",
    de=r"ergebnis",
    pt=r"situacao|validade",
)
OF_RECORD = whole_words(
    en=r"case|record|report|complaint|incident|of|the|current|final",
    es=r"caso|registro|denuncia|carpeta|expediente|de|del|la|actual",
    fr=r"affaire|dossier|plainte|du|de|la|l",
    de=r"fall|vorgang|der|des",
    pt=r"ocorrencia|boletim|processo|da|do",
)
"""In a column of the status of a record, by its name, more words mean that a row is not to be counted."""
IS_CANCELLED = flags(
    en=r"deleted?|duplicated?|cancell?ed|void(ed)?|unfounded|no[ _-]?crime|withdrawn|test|removed|superseded|replaced"
    r"|obsolete",
    es=r"anulad[oa]|cancelad[oa]|duplicad[oa]|eliminad[oa]|borrad[oa]|excluid[oa]|baja|ampliacion",
    fr=r"annule|supprime|doublon",
    de=r"storniert|storno|geloscht|dublette",
    pt=r"aditamento",
    ar=r"mulgha(h|a)?",
)
IS_VALID = flags(
    ends="record|registro|row|version|flag|ind|indicator|yn",
    en=r"valid[oae]?|founded|confirmed|accepted|is[ _]active|crime|current|latest",
    es=r"confirmad[oa]|aceptad[oa]|vigente|activ[oa]|delito|actual|ultim[oa]",
    de=r"gue?ltig",
    pt=r"ativ[oa]",
)
OF_CANCELLING = whole_words(
    en=r"deleted?|deletion|cancell?(ed|ation)|void(ed)?|annulled|withdrawn|superseded",
    es=r"anulad[oa]|anulacion|cancelad[oa]|cancelacion|baja|eliminad[oa]|eliminacion|borrad[oa]",
    fr=r"annulation|suppression",
    de=r"storno|storniert|geloscht|loschung",
    pt=r"cancelamento|exclusao",
)
END_OF_VALIDITY = whole_words(
    en=r"((row|record) )?(valid|effective) (to|until|till|thru|through)( date)?|end of validity"
    r"|(valid|effective|validity) end( date)?",
    es=r"((fila|registro) )?(valid[oa]|vigen\w*) hasta|(fecha (de )?)?fin (de )?(la )?(vigencia|validez)",
    fr=r"val(able|ide) jusqu.*|fin (de )?validite",
    de=r"gu?e?ltig bis|gu?e?ltigkeitsende|ende (der )?gu?e?ltigkeit",
    pt=r"(valido|vigente) ate|fim (da |de )?(vigencia|validade)",
)
NO_END = "9999|2999|3000|2100"
"""Years of a last day that has not been set."""
ACTION = whole_words(
    en=r"((record|row|change) )?(action|operation|op)|change type", es=r"accion|operacion|tipo de (cambio|movimiento)"
)
CHANGED = whole_words(
    en=r"(delet|updat|correct|modif|chang)\w*|upd|del|d|u", es=r"baja|cambio|actualizacion|correccion|eliminacion"
)
"""Of a file of changes, the rows that correct or delete an earlier one."""

AT = whole_words(en=r"at|on", de=r"am", pt=r"em", fr=r"le")
OTHER_DEATHS = whole_words(
    en=r"suicid\w*|(death by |by )?natural( death| causes?)?|accident(al|e|es)?( death)?|accidental|self[- ]defen[cs]e"
    r"|justifi(ed|able)( (homicide|killing))?|(legal|police) intervention|negligent( .*)?|negligence",
    es=r"muerte natural|causas? naturales|accidentes? .*|legitima defen[sc]a|intervencion (legal|policial)"
    r"|(homicidio )?(culpos[oa]s?|imprudencial(es)?|imprudente)",
    fr=r"mort (naturelle|accidentelle)|accidents? .*|legitime defense|involontaires?",
    de=r"naturlicher tod|sui[zc]id\w*|selbst(mord|totung)\w*|unfall(tod)?|notwehr|fahrlassig\w*",
    pt=r"morte natural|acidentes?( .*)?|(morte|obito) .*(intervencao|oposicao)( .*)?|auto de resistencia",
)
ATTEMPTED = whole_words(
    en=r"attempt(s|ed)?( only)?|attempted .*|non[ -]?complete|not completed|incomplete",
    es=r"tentativas?( .*)?|en grado de tentativa|frustrad[oa]s?|tentad[oa]s?|inconclus[oa]",
    fr=r"tentatives?( .*)?",
    de=r"versucht?e?",
)
IS_ATTEMPTED = flags(en=r"attempt(ed)?", es=r"tentativa|tentad[oa]", fr=r"tentative", de=r"versuch")
ATTEMPTED_OR_COMPLETED = re.compile(r"attempt(ed)?[ _](or[ _])?complete(d)?([ _](flag|ind|indicator|code))?")
"""A column with A for attempted and C for completed."""
IS_COMPLETED = flags(asks="is|flag|ind", en=r"completed", es=r"consumad[oa]", fr=r"consomme", de=r"vollendet")
SURVIVED = whole_words(
    en=r"non[ -]?fatal(ly)?|injur(ed|y|ies)|wounded|surviv(ed|ors?|ing)|alive|unharmed|uninjured"
    r"|(minor|serious|slight|severe|fatal)? ?(non[ -]fatal )?injur(y|ies)",
    es=r"herid[oa]s?|lesionad[oa]s?|sobreviv\w+|viv[oa]s?|iles[oa]s?",
    fr=r"blessee?s?|survivante?s?|indemnes?",
    de=r"verletzte?r?|uberlebende?r?",
    pt=r"ferid[oa]s?",
)
VICTIMS = re.compile(r"(victims?|victimas?|victimes?|opfer|vitimas?|ofendid[oa]s?|agraviad[oa]s?|geschadigte?r?)\b.*")
SUSPECTS = whole_words(
    en=r"(suspects?|suspected|offenders?|perpetrators?|arrest(s|ed)?|accused|convicted|prosecuted|complainants?|witness(es)?)\b.*",
    es=r"(imputad[oa]s?|sospechos[oa]s?|detenid[oa]s?|victimari[oa]s?|autor(es)?|denunciantes?|testigos?)\b.*",
    fr=r"(auteurs?|mis en cause)\b.*",
    de=r"tatverdachtige?r?\b.*",
    pt=r"suspeitos?\b.*",
)
YES = frozenset({"1", "y", "yes", "true", "t", "s", "si", "sim", "x", "o", "oui", "j", "ja", "v", "verdadero", "1.0"})
NO = frozenset({"0", "n", "no", "false", "f", "nao", "non", "nein", "falso", "0.0"})
UNITS_OF_AGE = whole_words(
    en=r"(in )?(months?|days?|weeks?|hours?|minutes?)",
    es=r"(in )?(mes(es)?|dias?|semanas?|horas?|minutos?)",
    fr=r"(in )?(mois|jours?|semaines?|heures?)",
    de=r"(in )?(monate?n?|tage?n?|wochen?|stunden?)",
)
YEARS_OF_AGE = re.compile(r"(in )?(years?|anos?|ans?|annees?|jahre?n?|yrs?)")
NO_UNIT = frozenset({"", "unknown", "not stated", "desconocido", "no especificado", "ignorado", "inconnu", "unbekannt"})
OCCURRED = whole_words(
    en=r"occur\w*|committed|offen[cs]e|incident|event|crime",
    es=r"hecho|hechos|ocurr\w*|suceso|comision",
    fr=r"fait|faits|commis\w*",
    de=r"tat|tatzeit|tattag|tatdatum",
    pt=r"fato|ocorr\w*",
)
REPORTED = whole_words(
    en=r"report\w*|regist\w*|recorded|entered|entry|received|filed|logged",
    es=r"denuncia\w*|ingreso|inicio|apertura|notific\w*",
    fr=r"plainte|depot|enregistr\w*",
    de=r"anzeige\w*|melde(datum|tag|zeit)|erfasst|erfassung\w*|aufnahme\w*",
    pt=r"comunicac\w*",
)
IS_DAY = whole_words(
    en=r"dates?|days?|data|dt|when", es=r"fecha|dia", fr=r"jour", de=r"datum|tag|tatzeit|tattag|tatdatum|anzeigedatum"
)
RECORDS = {
    "incident": whole_words(
        en=r"incident|event|case",
        es=r"incidente|hecho|evento|caso",
        fr=r"fait",
        de=r"fall|vorgang",
        pt=r"ocorrencia|fato",
    ),
    "victim": whole_words(en=r"victim", es=r"victima", fr=r"victime", de=r"opfer", pt=r"vitima"),
    "person": whole_words(
        en=r"offender|suspect|accused|arrestee",
        es=r"imputado|detenido|autor",
        fr=r"auteur",
        de=r"tatverdachtiger?",
        pt=r"suspeito",
    ),
    "offence": whole_words(en=r"offen[cs]e|crime", es=r"delito", fr=r"infraction", de=r"straftat|delikt"),
    "property": whole_words(
        en=r"property|vehicle|weapon|witne(s)?", es=r"bien(e)?|vehiculo|arma|testigo", fr=r"temoin", de=r"zeuge"
    ),
}
"""What a row is, by the word of a column of kinds of records."""

FIRST_EDITION = whole_words(
    en=r"preliminar\w*|provis\w*|first edition|initial|original|superseded", de=r"vorlaufig\w*", pt=r"parcial|previa"
)
LAST_EDITION = whole_words(
    en=r"final|revised|corrected",
    es=r"definitiv\w*|revisad[oa]|corregid[oa]",
    fr=r"definitif",
    de=r"endgultig\w*",
    pt=r"consolidad[oa]",
)
