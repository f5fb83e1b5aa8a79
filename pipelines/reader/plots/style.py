"""What all pictures share: styles that need no colour, words in three languages, titles and the footer."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.reader.rates import year_spans
from pipelines.reader.release import names_of, query
from pipelines.reader.selection import TOTAL, SeriesKey, SeriesQuery
from pipelines.system.settings import Settings
from schemas.codelists import age_labels, load_codelist
from schemas.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Line style, marker and a colour of the Okabe-Ito set: each alone distinguishes the series.
STYLES = (
    ("-", "o", "#000000"),
    ("--", "s", "#0072B2"),
    (":", "^", "#D55E00"),
    ("-.", "D", "#009E73"),
    ((0, (5, 1, 1, 1, 1, 1)), "v", "#CC79A7"),
    ((0, (1, 3)), "P", "#56B4E9"),
)
LANGUAGES = ("en", "fr", "es")

_WORDS = {
    "rate": ("per 100,000 population", "pour 100 000 habitants", "por 100.000 habitantes"),
    "source": ("Source", "Source", "Fuente"),
    "release": ("Release", "Version", "Versión"),
    "poisson": (
        "Band: exact Poisson 95 % interval.",
        "Bande : intervalle de Poisson exact à 95 %.",
        "Banda: intervalo de Poisson exacto del 95 %.",
    ),
    "segments": (
        "Thin lines: joinpoint segments, percent a year (ns: not significant).",
        "Traits fins : segments de régression, pourcentage par an (ns : non significatif).",
        "Líneas finas: segmentos de regresión, porcentaje anual (ns: no significativo).",
    ),
    "not drawn": (
        "Not drawn, as too many or not comparable: {areas}.",
        "Non tracés, trop nombreux ou non comparables : {areas}.",
        "No dibujados, por ser demasiados o no comparables: {areas}.",
    ),
    "log": (
        "Logarithmic scale; a year without an event is not drawn.",
        "Échelle logarithmique ; une année sans événement n’est pas tracée.",
        "Escala logarítmica; un año sin hechos no se dibuja.",
    ),
    "bounds": (
        "Brackets: the sex or age of too many is unknown; the rate lies between (none of them, all of them).",
        "Crochets : sexe ou âge inconnu pour trop de personnes ; le taux se situe entre les deux (aucune, toutes).",
        "Corchetes: se desconoce el sexo o la edad de demasiadas personas; la tasa está entre ambas (ninguna, todas).",
    ),
    "breaks": (
        "Dotted: break in series, not compared across.",
        "Pointillé : rupture de série, non comparable.",
        "Punteado: ruptura de la serie, no comparable.",
    ),
    "break": ("break", "rupture", "ruptura"),
    "bridged": ("bridged", "raccordé", "empalmado"),
    "bridges": (
        "Before a bridged break: recorded (grey) times the factor between the definitions, the band with its limits; "
        "an estimate (E).",
        "Avant une rupture raccordée : enregistré (gris) fois le facteur entre définitions, bande avec ses limites ; "
        "une estimation (E).",
        "Antes de una ruptura empalmada: lo registrado (gris) por el factor entre definiciones, banda con sus "
        "límites; estimación (E).",
    ),
    "monthly": ("monthly count", "effectif mensuel", "recuento mensual"),
    "raw": ("as recorded", "brut", "registrado"),
    "adjusted": ("seasonally adjusted", "corrigé des variations saisonnières", "desestacionalizado"),
    "trend": ("trend", "tendance", "tendencia"),
    "turns": ("turning point", "point de retournement", "punto de giro"),
    "stl": (
        "Adjusted and trend: STL (Cleveland et al. 1990); the last months change when new ones arrive.",
        "Série corrigée et tendance : STL (Cleveland et al. 1990) ; les derniers mois changeront.",
        "Serie ajustada y tendencia: STL (Cleveland et al. 1990); los últimos meses cambiarán.",
    ),
    "men": ("men", "hommes", "hombres"),
    "women": ("women", "femmes", "mujeres"),
    "unknown": (
        "Not shown, sex or age unknown: {n}",
        "Non représentés, sexe ou âge inconnu : {n}",
        "Sin mostrar, sexo o edad desconocidos: {n}",
    ),
    "observed": ("observed", "observé", "observado"),
    "fitted": ("fitted", "ajusté", "ajustado"),
    "without": (
        "expected without the change",
        "attendu sans le changement",
        "esperado sin el cambio",
    ),
    "begins": ("strategy begins", "début de la stratégie", "inicio de la estrategia"),
    "effect": (
        "Level just after, over what was expected: {value} ({low} to {high}), p {p}. One date and one "
        "series show no cause.",
        "Niveau juste après, rapporté à l’attendu : {value} ({low} à {high}), p {p}. Une date et une "
        "série ne montrent pas de cause.",
        "Nivel justo después, sobre lo esperado: {value} ({low} a {high}), p {p}. Una fecha y una "
        "serie no muestran causa.",
    ),
    "poisson regression": ("Poisson regression.", "Régression de Poisson.", "Regresión de Poisson."),
    "quasi-poisson regression": (
        "Quasi-Poisson regression.",
        "Régression quasi-Poisson.",
        "Regresión cuasi-Poisson.",
    ),
    "negative binomial regression": (
        "Negative binomial regression.",
        "Régression binomiale négative.",
        "Regresión binomial negativa.",
    ),
    "evaluation": ("change at {date}", "changement en {date}", "cambio en {date}"),
    "caveats": ("Caveats", "Réserves", "Salvedades"),
    "no rate": ("no rate", "pas de taux", "sin tasa"),
    "classes": (
        "Classes of about as many areas each (their number in brackets); equal-area projection.",
        "Classes d’effectifs proches (nombre de zones entre parenthèses) ; projection équivalente.",
        "Clases con un número parecido de áreas (entre paréntesis); proyección equivalente.",
    ),
    "hatched": (
        "Hatched: no rate, or none that can be compared with the others; not zero.",
        "Hachuré : pas de taux, ou aucun qui soit comparable aux autres ; ce n’est pas zéro.",
        "Rayado: sin tasa, o ninguna comparable con las demás; no es cero.",
    ),
    "few events": (
        "*: fewer than {n} events.",
        "* : moins de {n} faits.",
        "*: menos de {n} hechos.",
    ),
    "without outline": (
        "Not drawn, no outline: {names}.",
        "Non représentés, faute de contour : {names}.",
        "Sin dibujar, por falta de contorno: {names}.",
    ),
    "outlines": (
        "Outlines: {origin}; they state no view on any border.",
        "Contours : {origin} ; sans prise de position sur les frontières.",
        "Contornos: {origin}; sin opinión sobre las fronteras.",
    ),
    "slopes": (
        "Solid lines rise, dashed lines fall; named: those that changed most, and the highest.",
        "Traits pleins : hausse ; tirets : baisse ; nommés : les plus fortes variations et les taux les plus élevés.",
        "Líneas continuas: aumento; discontinuas: descenso; con nombre: las que más cambiaron y las más altas.",
    ),
    "from to": ("{first} and {last}", "{first} et {last}", "{first} y {last}"),
    "yearly rate": (
        "per 100,000 population a year",
        "pour 100 000 habitants par an",
        "por 100.000 habitantes al año",
    ),
}


def word(key: str, language: str) -> str:
    """Return a word of a picture in a language.

    >>> word("trend", "es")
    'tendencia'
    """
    return _WORDS[key][LANGUAGES.index(language)]


def colon(language: str) -> str:
    """Return the colon as the language sets it."""
    return " : " if language == "fr" else ": "


def figure_in(text: str, language: str) -> str:
    """Return a figure written as in English with the separators of a language.

    >>> figure_in("21,941.5", "es"), figure_in("21,941.5", "fr"), figure_in("21,941.5", "en")
    ('21.941,5', '21\u202f941,5', '21,941.5')
    """
    thousands, decimal = {"en": (",", "."), "fr": ("\u202f", ","), "es": (".", ",")}[language]
    return text.translate(str.maketrans(",.", thousands + decimal))


def label_of(codelist: str, code: str, language: str) -> str:
    """Return the label of a code in a language.

    >>> label_of("sex", "F", "fr")
    'Femmes'
    """
    return next(str(getattr(entry, f"label_{language}")) for entry in load_codelist(codelist) if entry.code == code)


def people_words(sex: str, age: str, language: str) -> str:
    """Return sex and age, where they are not totals, to follow a name.

    >>> people_words("F", "Y15T29", "en"), people_words("_T", "_T", "en")
    (', female, 15-29 years', '')
    """
    parts = [label_of("sex", sex, language).lower()] if sex != TOTAL else []
    parts += [age_labels(age)[LANGUAGES.index(language)].lower()] if age != TOTAL else []
    return "".join(f", {part}" for part in parts)


def key_words(keys: Iterable[SeriesKey], language: str) -> str:
    """Return counting unit and stage as far as the series of a picture share them, to follow a title.

    >>> key_words([SeriesKey("un_cts_prisons", "held_unsentenced", "person")], "en")
    ' (person, held in prison without a sentence)'
    """
    found = list(keys)
    shared = []
    for codelist in ("counting_unit", "stage"):
        codes = list({getattr(key, codelist) for key in found})
        shared += [label_of(codelist, codes[0], language).lower()] if len(codes) == 1 else []
    return f" ({', '.join(shared)})" if shared else ""


def key_label(key: SeriesKey, others: Iterable[SeriesKey], language: str) -> str:
    """Return the label of a series in the legend: counting unit and source, and the stage where the stages differ."""
    stages = {other.stage for other in others}
    stage = f" ({label_of('stage', key.stage, language).lower()})" if len(stages) > 1 else ""
    return f"{label_of('counting_unit', key.counting_unit, language)}{stage}, {key.source}"


def picture_title(
    wanted: SeriesQuery, keys: Iterable[SeriesKey], language: str, settings: Settings | None = None
) -> str:
    """Return the title of a picture: category, area, sex, age, and what its series share of counting unit and stage."""
    title, name = names_of(wanted.iccs, wanted.area or "", language, settings)
    where = f"{colon(language)}{name}" if wanted.area else ""
    attributes = "".join(f", {label_of(column, code, language).lower()}" for column, code in wanted.attributes.items())
    people = people_words(wanted.sex, wanted.age, language)
    return f"{wanted.iccs} {title}{where}{people}{attributes}{key_words(keys, language)}"


def short_name(name: str) -> str:
    """Return the name of an area as it fits next to a line or above a small panel.

    >>> short_name("Jalisco"), short_name("Ciudad Autónoma de Buenos Aires")
    ('Jalisco', 'Ciudad Autónoma de …')
    """
    return name if len(name) < 21 else name[:19] + "…"


def new_figure(width: float = 8.0, height: float = 4.8) -> tuple[Figure, Axes]:
    """Return a figure that needs no display, and its axes."""
    figure = blank_figure(width, height)
    axes = figure.subplots()
    clear_frame(axes)
    return figure, axes


def blank_figure(width: float, height: float) -> Figure:
    """Return a figure without axes that needs no display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure as NewFigure

    figure = NewFigure(figsize=(width, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def clear_frame(axes: Axes) -> None:
    """Keep only the parts of the frame that are read: two axes and light lines."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="0.88", linewidth=0.8)
    axes.set_axisbelow(True)


def whole_years(axes: Axes) -> None:
    """Put the marks of the horizontal axis on whole years."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def add_title(figure: Figure, text: str) -> None:
    """Put the title at the top left, in as many lines as it needs."""
    width = int(figure.get_figwidth() * 11)
    figure.suptitle("\n".join(textwrap.wrap(text, width)), x=0.01, ha="left", fontsize=11)


def add_foot(
    figure: Figure, sources: Sequence[str], notes: Sequence[str], language: str, settings: Settings | None = None
) -> None:
    """Put sources, methods and release into the foot."""
    publishers = query("SELECT source, publisher FROM out.source", settings).rows
    (release,) = query("SELECT release FROM out.release", settings).rows[0]
    names = list(dict.fromkeys(f"{name} ({source})" for source, name in publishers if source in sources))
    text = f"{word('source', language)}{colon(language)}{', '.join(names)}. {' '.join(notes)} "
    text += f"{word('release', language)} {release}."
    if language == "fr":  # no line begins with the mark that follows a space
        text = re.sub(" (?=[:;%])", "\N{NO-BREAK SPACE}", text)
    width = int(figure.get_figwidth() * 18)
    figure.supxlabel("\n".join(textwrap.wrap(text, width)), fontsize=7, color="0.35", x=0.01, ha="left")


def caveat_notes(rows: Sequence[dict[str, Any]], language: str, by: str = "year") -> list[str]:
    """Return the caveats of the figures of a picture, each once, with the years or areas it holds for if not all.

    Args:
        rows: year, ref_area and caveats of each figure.
        language: of the texts.
        by: ``year`` or ``ref_area``.
    """
    places: dict[str, set[Any]] = {}
    for row in rows:
        for caveat in filter(None, (row["caveats"] or "").split(";")):
            places.setdefault(caveat, set()).add(row[by])
    if not places:
        return []
    every = {row[by] for row in rows}
    texts = []
    for caveat, found in sorted(places.items()):
        where = year_spans(sorted(found)) if by == "year" else ", ".join(sorted(found))
        texts.append(label_of("caveat", caveat, language) + ("" if found == every else f" ({where})"))
    return [f"{word('caveats', language)}{colon(language)}{'; '.join(texts)}."]


def check_picture_path(path: Path) -> None:
    """Check the name of a picture before work is done for it.

    Raises:
        UsageError: the ending is not that of a picture.
    """
    if path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise UsageError(f"{path.name}: a picture ends in .png, .svg or .pdf")


def save_picture(figure: Figure, path: Path) -> None:
    """Write a picture to a .png, .svg or .pdf file; its folder is made if needed.

    Raises:
        UsageError: the ending is not that of a picture.
    """
    check_picture_path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
