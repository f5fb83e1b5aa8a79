"""Words by which a row is not of the kind that is counted: cancelled, attempted, about a suspect, of an age in months.

They are looked for in columns that the source does not use, in tables and in files of incidents. The regular
expressions match words, or names of columns, in lower case without accents.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from schemas.words_of_totals import plain

_CANCELLED = re.compile(
    r"unfounded.*|no[ -]?crimes?|not a crime|cancell?ed( .*)?|void(ed)?|withdrawn( .*)?|retracted|annulled|deleted"
    r"|removed"
    r"|entered in error|error|erroneous|false( report| alarm| complaint)|duplicated?s?( .*)?|dup"
    r"|infundad[oa]s?|anulad[oa]s?|cancelad[oa]s?|duplicad[oa]s?|retirad[oa]s?|desistid[oa]s?|eliminad[oa]s?|borrad[oa]s?"
    r"|sin efecto|denuncia falsa|fals[oa]s? denuncias?|excluid[oa]s?|sem efeito|improcedentes?|annulee?s?|doublons?"
    r"|supprimee?s?|infondee?s?|storniert|geloscht|doppelt|doublette|unbegrundet|tests?|testing|teste|prueba|dummy"
    r"|baseless|falsas? alarmas?|alarmes? fals[oa]s?|fausses? alertes?|fehlalarme?|keine straftat"
    r"|(.* )?inexistencia (de|del) (delito|hecho)|no (constituye|es) delito|hecho atipico|atipic[oa]s?"
    r"|(registro|caso|datos?) de (prueba|teste)|test (record|case|row|entry|data)|testfall|testdaten"
    r"|superseded|replaced|obsolete|reemplazad[oa]s?|sustituid[oa]s?|substituid[oa]s?|ersetzt|remplacee?s?"
    r"|assist(ing)? (an)?other (agency|agencies|jurisdiction)|out(side)? (of )?jurisdiction|(an)?other jurisdiction"
    r"|(fuera de (la |su )?|otra )jurisdiccion|fora da jurisdicao|hors (ressort|juridiction)"
    r"|absence d.infraction|infraction (non constituee|inexistante|insuffisamment caracterisee)|no offen[cs]e( .*)?"
)
_CANCELLED_BY_STATUS = re.compile(
    r"(in|not |un)valid|(no |nao )?(invalid|valid)[oae]s?|ungu?e?ltig|rejected|rechazad[oa]s?|rejeitad[oa]s?|rejetee?s?"
    r"|abgelehnt|verworfen|n[ao]o? (procede|procedente)|nul(le)?s?|not (a )?genuine|disproved|error de captura"
)
_VALID = re.compile(r"valid[oae]?s?")
_OF_STATUS = re.compile(
    r"status|estado|estatus|statut|etat|situacao|situacion|disposition|outcome|resultado|resultat|result|ergebnis|validity"
    r"|validez|validade|validite|decision|resolution|resolucion"
)
"""In a column of one of these names, more words mean that a row is not to be counted."""
_IS_CANCELLED = re.compile(
    r"((is|es|e|ist|flag|ind)[ _])?(deleted?|duplicated?|cancell?ed|void(ed)?|unfounded|no[ _-]?crime|withdrawn|test"
    r"|anulad[oa]|cancelad[oa]|duplicad[oa]|eliminad[oa]|borrad[oa]|excluid[oa]|storniert|geloscht|annule|supprime"
    r"|baja|removed|superseded|replaced|obsolete)"
    r"([ _](flag|ind|indicator|yn))?"
)
_IS_VALID = re.compile(
    r"((is|es|e|ist|flag|ind)[ _])?(valid[oae]?|gue?ltig|founded|confirmed|confirmad[oa]|accepted|aceptad[oa]|vigente"
    r"|activ[oa]|ativ[oa]|crime|delito|current|latest|actual|ultim[oa])"
    r"([ _](record|registro|row|version|flag|ind|indicator|yn))?"
)
_OF_CANCELLING = re.compile(
    r"deleted?|deletion|cancell?(ed|ation)|void(ed)?|annulled|withdrawn|superseded|anulad[oa]|anulacion|cancelad[oa]"
    r"|cancelacion|cancelamento|baja|eliminad[oa]|eliminacion|borrad[oa]|exclusao|storno|storniert|geloscht|loschung"
    r"|annulation|suppression"
)
_END_OF_VALIDITY = re.compile(
    r"((row|record|registro) )?(valid|effective|vigen\w*|gu?e?ltig|valable|valide|valido) "
    r"(to|until|till|thru|through|hasta"
    r"|bis|ate|jusqu.*)( date)?|((end|fin|fim|ende) )(of |de |da |der )?(validity|vigencia|validez|validite|gultigkeit)"
    r"|(valid|effective|validity) end( date)?|fecha (de )?fin (de )?vigencia|gultigkeitsende"
)
NO_END = "9999|2999|3000|2100"
"""Years of a last day that has not been set."""
_ACTION = re.compile(
    r"((record|row|change) )?(action|operation|op)|accion|operacion|change type|tipo de (cambio|movimiento)"
)
_CHANGED = re.compile(
    r"(delet|updat|correct|modif|chang)\w*|upd|del|d|u|baja|cambio|actualizacion|correccion|eliminacion"
)
"""Of a file of changes, the rows that correct or delete an earlier one."""
_AT = re.compile(r"at|on|am|em|le")
_OTHER_DEATHS = re.compile(
    r"suicid\w*|(death by |by )?natural( death| causes?)?|muerte natural|causas? naturales|mort naturelle"
    r"|naturlicher tod|morte natural|accident(al|e|es)?( death)?|accidental|acidente|unfall(tod)?"
    r"|legitima defen[sc]a|self[- ]defen[cs]e|notwehr|legitime defense|justifi(ed|able)( (homicide|killing))?"
    r"|(legal|police) intervention|intervencion (legal|policial)|auto de resistencia"
    r"|(homicidio )?(culpos[oa]s?|imprudencial(es)?|imprudente)|negligent( .*)?|negligence|fahrlassig\w*|involontaires?"
)
_ATTEMPTED = re.compile(
    r"attempt(s|ed)?( only)?|attempted .*|tentativas?( .*)?|tentatives?( .*)?|en grado de tentativa|frustrad[oa]s?"
    r"|tentad[oa]s?|versucht?e?|non[ -]?complete|not completed|incomplete|inconclus[oa]"
)
_IS_ATTEMPTED = re.compile(
    r"((is|es|e|ist|flag|ind)[ _])?(attempt(ed)?|tentativa|tentative|tentad[oa]|versuch)([ _](flag|ind|indicator|yn))?"
)
_IS_COMPLETED = re.compile(
    r"((is|flag|ind)[ _])?(completed|consumad[oa]|consomme|vollendet)([ _](flag|ind|indicator|yn))?"
)
_SURVIVED = re.compile(
    r"(non[ -]?fatal(ly)?|injur(ed|y|ies)|wounded|surviv(ed|ors?|ing)|alive|unharmed|uninjured|herid[oa]s?"
    r"|lesionad[oa]s?"
    r"|sobreviv\w+|viv[oa]s?|iles[oa]s?|blessee?s?|survivante?s?|indemnes?|verletzte?r?|uberlebende?r?|ferid[oa]s?"
    r"|(minor|serious|slight|severe|fatal)? ?(non[ -]fatal )?injur(y|ies))"
)
_VICTIMS = re.compile(r"(victims?|victimas?|victimes?|opfer|vitimas?)\b.*")
_SUSPECTS = re.compile(
    r"(suspects?|suspected|offenders?|perpetrators?|arrest(s|ed)?|accused|convicted|prosecuted|imputad[oa]s?"
    r"|sospechos[oa]s?|detenid[oa]s?|victimari[oa]s?|autor(es)?|auteurs?|mis en cause|tatverdachtige?r?|suspeitos?)\b.*"
)
_YES = frozenset({"1", "y", "yes", "true", "t", "s", "si", "sim", "x", "o", "oui", "j", "ja", "v", "verdadero", "1.0"})
_NO = frozenset({"0", "n", "no", "false", "f", "nao", "non", "nein", "falso", "0.0"})
_UNITS_OF_AGE = re.compile(
    r"(in )?(months?|days?|weeks?|hours?|minutes?|mes(es)?|dias?|semanas?|horas?|minutos?|mois|jours?|semaines?|heures?"
    r"|monate?n?|tage?n?|wochen?|stunden?)"
)
_YEARS_OF_AGE = re.compile(r"(in )?(years?|anos?|ans?|annees?|jahre?n?|yrs?)")
_NO_UNIT = frozenset(
    {"", "unknown", "not stated", "desconocido", "no especificado", "ignorado", "inconnu", "unbekannt"}
)
_OCCURRED = re.compile(
    r"(occur\w*|committed|offen[cs]e|incident|event|crime|hecho|hechos|ocurr\w*|suceso|comision|fait|faits|commis\w*|fato"
    r"|ocorr\w*|tat|tatzeit|tattag|tatdatum)"
)
_REPORTED = re.compile(
    r"(report\w*|regist\w*|recorded|entered|entry|received|filed|logged|denuncia\w*|ingreso|inicio|apertura|plainte|depot"
    r"|enregistr\w*|comunicac\w*|notific\w*|anzeige|erfasst|erfassung|aufnahme\w*)"
)
_IS_DAY = re.compile(r"(dates?|days?|fecha|dia|jour|data|datum|tag|dt|tatzeit|tattag|tatdatum|when)")
_RECORDS = {
    "incident": re.compile(r"incident|incidente|hecho|event|evento|case|caso|fall|vorgang|fait|ocorrencia|fato"),
    "victim": re.compile(r"victim|victima|victime|vitima|opfer"),
    "person": re.compile(r"offender|suspect|accused|arrestee|imputado|detenido|autor|auteur|tatverdachtiger?|suspeito"),
    "offence": re.compile(r"offen[cs]e|delito|infraction|straftat|delikt|crime"),
    "property": re.compile(r"property|bien(e)?|vehicle|vehiculo|weapon|arma|witne(s)?|testigo|temoin|zeuge"),
}
"""What a row is, by the word of a column of kinds of records."""
_FIRST_EDITION = re.compile(r"preliminar\w*|provis\w*|first edition|vorlaufig\w*|initial|original|superseded")
_LAST_EDITION = re.compile(r"final|definitiv\w*|revised|revisad[oa]|endgultig\w*|corrected|corregid[oa]|definitif")
A_DAY = "a day"
"""In place of the day on which a row was cancelled."""
HOMICIDE = "0101"
"""The ICCS category that holds no attempts: those of other crimes stay in the category of the crime."""


def cancelled_in(column: str, words: Sequence[str]) -> list[str]:
    """Return the words of a column which mean that a row is not to be counted.

    >>> cancelled_in("status", ["Open", "Unfounded"]), cancelled_in("deleted", ["0", "1"]), cancelled_in("n", ["1"])
    (['Unfounded'], ['1'], [])
    >>> cancelled_in("is_valid", ["0", "1"]), cancelled_in("deleted_at", ["2024-03-05"])
    (['0'], ['2024-03-05'])
    >>> cancelled_in("action", ["insert", "update"])
    ['update']
    """
    if is_day_of_cancelling(column):
        return [word for word in words if word == A_DAY or (re.search("[1-9]", word) and not re.search(NO_END, word))]
    if _ACTION.fullmatch(plain(column.replace("_", " "))):
        return [word for word in words if _CHANGED.fullmatch(plain(word))]
    said = _words_meaning(column, words, _CANCELLED, _IS_CANCELLED, _YES)
    if any(map(_OF_STATUS.fullmatch, _words_of_name(column))):
        found = [word for word in words if _CANCELLED_BY_STATUS.fullmatch(plain(word))]
        said += [word for word in found if word not in said and not _VALID.fullmatch(plain(word))]
    return said or (
        _words_meaning(column, words, _CANCELLED, _IS_VALID, _NO) if _IS_VALID.fullmatch(plain(column)) else []
    )


def other_deaths_in(words: Sequence[str]) -> list[str]:
    """Return the words of a column which mean a death that is no intentional homicide.

    >>> other_deaths_in(["Homicidio", "Suicidio"]), other_deaths_in(["Doloso", "Culposo"])
    (['Suicidio'], ['Culposo'])
    """
    return [word for word in words if _OTHER_DEATHS.fullmatch(plain(word))]


def attempted_in(column: str, words: Sequence[str]) -> list[str]:
    """Return the words of a column which mean that a crime was only attempted, or that its victim survived.

    >>> attempted_in("grado", ["Consumado", "Tentativa"]), attempted_in("completed", ["Y", "N"])
    (['Tentativa'], ['N'])
    >>> attempted_in("outcome", ["Dead", "Injured"]), attempted_in("weapon", ["Knife"])
    (['Injured'], [])
    """
    meant = _words_meaning(column, words, _ATTEMPTED, _IS_ATTEMPTED, _YES) or _words_meaning(
        column, words, _SURVIVED, _IS_COMPLETED, _NO
    )
    return meant if len(meant) < len(words) else []


def suspects_in(words: Sequence[str]) -> list[str]:
    """Return the words for suspects of a column that has words for victims too.

    >>> suspects_in(["VICTIMA", "IMPUTADO"]), suspects_in(["Knife"])
    (['IMPUTADO'], [])
    """
    texts = [(word, plain(word)) for word in words]
    found = [word for word, text in texts if _SUSPECTS.fullmatch(text)]
    return found if any(_VICTIMS.fullmatch(text) for _, text in texts) else []


def units_of_age_in(words: Sequence[str]) -> list[str]:
    """Return the words of a column that are units of ages other than years, if all of its words are units.

    >>> units_of_age_in(["Meses", "Años"]), units_of_age_in(["years"]), units_of_age_in(["May"])
    (['Meses'], [], [])
    """
    texts = [(word, plain(word)) for word in words]
    if not texts or not all(
        _UNITS_OF_AGE.fullmatch(text) or _YEARS_OF_AGE.fullmatch(text) or text in _NO_UNIT for _, text in texts
    ):
        return []
    return [word for word, text in texts if _UNITS_OF_AGE.fullmatch(text)]


def is_day_of_cancelling(column: str) -> bool:
    """Whether a column, by its name, has the day on which a row was cancelled, of those that were.

    The last day on which a row was valid, which has been replaced then, is one.

    >>> is_day_of_cancelling("deleted_at"), is_day_of_cancelling("fecha_anulacion"), is_day_of_cancelling("deleted")
    (True, True, False)
    >>> is_day_of_cancelling("valid_to"), is_day_of_cancelling("vigente_hasta"), is_day_of_cancelling("valid_from")
    (True, True, False)
    """
    words = _words_of_name(column)
    if _END_OF_VALIDITY.fullmatch(" ".join(words)):
        return True
    is_day = any(_IS_DAY.fullmatch(word) or _AT.fullmatch(word) for word in words)
    return is_day and any(map(_OF_CANCELLING.fullmatch, words))


def records_in(words: Sequence[str]) -> dict[str, str]:
    """Return what each word of a column says that a row is, by counting unit, if all of them do, and not the same.

    >>> records_in(["Hecho", "Víctima"]), records_in(["Incident", "Offender"]), records_in(["Victim"])
    ({'Hecho': 'incident', 'Víctima': 'victim'}, {'Incident': 'incident', 'Offender': 'person'}, {})
    """
    found = {
        word: unit for word in words for unit, names in _RECORDS.items() if names.fullmatch(plain(word).rstrip("s"))
    }
    return found if len(found) == len(words) and len(set(found.values())) > 1 else {}


def editions_in(words: Sequence[str]) -> list[str]:
    """Return the words of a column which mean the first of two editions, if it has both.

    >>> editions_in(["Preliminary", "Final"]), editions_in(["Final"])
    (['Preliminary'], [])
    """
    first = [word for word in words if _FIRST_EDITION.fullmatch(plain(word))]
    return first if any(_LAST_EDITION.fullmatch(plain(word)) for word in words) else []


def is_day_of_crime(column: str) -> bool:
    """Whether a column has, by its name, the day on which a crime was committed.

    >>> is_day_of_crime("date_occurred"), is_day_of_crime("FechaHecho"), is_day_of_crime("incident_type")
    (True, True, False)
    """
    words = _words_of_name(column)
    return any(map(_OCCURRED.fullmatch, words)) and any(map(_IS_DAY.fullmatch, words)) and not is_about_report(column)


def is_about_report(column: str) -> bool:
    """Whether a column is, by its name, about the report or the registration of a crime.

    >>> is_about_report("date_reported"), is_about_report("fecha_denuncia"), is_about_report("date")
    (True, True, False)
    """
    return any(map(_REPORTED.fullmatch, _words_of_name(column)))


def _words_of_name(column: str) -> list[str]:
    return re.split(r"[\W_]+", plain(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", column)))


def _words_meaning(
    column: str, words: Sequence[str], meaning: re.Pattern[str], flag: re.Pattern[str], values: frozenset[str]
) -> list[str]:
    """The words of a column with a meaning; if its name asks (``deleted``), the answers with that meaning."""
    if flag.fullmatch(plain(column)):
        answers = [word for word in words if plain(word) in values]
        return answers if all(plain(word) in _YES | _NO for word in words) else []
    return [word for word in words if meaning.fullmatch(plain(word))]
