"""English words of the commands that print figures, by the keys under which ``locale`` has their translations."""

from __future__ import annotations

COMMAND_WORDS = {
    "units victim": "victims",
    "units offence": "offences",
    "units incident": "incidents",
    "units case": "cases",
    "units person": "persons",
    "units charge": "charges",
    "units arrest": "arrests",
    "units place": "places",
    "units household": "households",
    "recorded masculine": "recorded {units}",
    "recorded feminine": "recorded {units}",
    "suspected masculine": "suspected {units}",
    "suspected feminine": "suspected {units}",
    "prosecuted masculine": "prosecuted {units}",
    "prosecuted feminine": "prosecuted {units}",
    "convicted masculine": "convicted {units}",
    "convicted feminine": "convicted {units}",
    "held masculine": "held {units}",
    "held feminine": "held {units}",
    "held_unsentenced masculine": "held_unsentenced {units}",
    "held_unsentenced feminine": "held_unsentenced {units}",
    "_Z masculine": "_Z {units}",
    "_Z feminine": "_Z {units}",
    "experienced masculine": "experienced {units}",
    "experienced feminine": "experienced {units}",
    "asked in area": "{iccs} in {area}",
    "asked by country": "{iccs} by country",
    "asked sex": "sex {sex}",
    "asked age": "age {age}",
    "rates": "rates per 100,000",
    "rates with limits": "rates per 100,000 with 95 % limits",
    "table title": "{what}; {figures}",
    "picture": "picture: {path}",
    "other series": "other series: {names}",
    "column year": "year",
    "column month": "month",
    "column value": "value",
    "column population": "population",
    "column rate": "rate",
    "column low": "low",
    "column high": "high",
    "column status": "status",
    "column area": "area",
    "column source": "source",
    "limits usual": "limits include chance alone; with the usual variation between years, {year}: {low} to {high}",
    "rate bounds": "rate between (if none of the unknown belong here, if all do): {years}",
    "year low high": "{year} {low} to {high}",
    "no rate of years": "no rate, {reason}: {years}",
    "years back": "{years}, up to {n} years back",
    "years back 1": "{years}, up to {n} years back",
    "trend of": "{series} ({basis}): {direction}, {first}-{last}, n = {n}",
    "basis rate": "rate per 100,000",
    "basis counts": "counts",
    "change percent": "change {percent} %",
    "no percent none": "change not given in percent (a count of 0 in {year})",
    "no percent few": "change not given in percent (a count below {n} in {year})",
    "annual change": "{percent} % a year ({low} to {high}), p {p} (autocorrelation {r} allowed for)",
    "same without any": "the same without any one year",
    "other without one of": "a different direction without any one of {n} of {years} years",
    "other without": "a different direction without {years}",
    "other without the last": "a different direction without {years} ({direction} without the last year)",
    "one or other": "{one} or {other}",
    "mean events": "{n} a year on average",
    "mann-kendall rate": (
        "Mann-Kendall p {p} (variance x {factor} for autocorrelation), Sen slope of the rate per 100,000 {slope} "
        "a year ({low} to {high})"
    ),
    "mann-kendall counts": (
        "Mann-Kendall p {p} (variance x {factor} for autocorrelation), Sen slope of the counts {slope} a year "
        "({low} to {high})"
    ),
    "estimate": "estimate (E)",
    "carries": "caveats: {codes}",
    "change of": "{series}, {first} to {last}: {direction}",
    "change increase": "increase",
    "change decrease": "decrease",
    "change no significant change": "no significant change",
    "change not tested": "not tested",
    "change not compared": "not compared",
    "usual swings": "within the usual swings of the series ({low} to {high} %)",
    "percent limits": "{percent} % ({low} to {high})",
    "ratio": "ratio {ratio}",
    "ratio limits": "ratio {ratio} ({low} to {high})",
    "ratio at least": "ratio at least {low}",
    "no break between": "no break in between",
    "break across": "break in {years}: not compared across it",
    "before break": "before the break in {year}",
    "segment of": "{series}, segment {first}-{last}: {percent} % a year ({low} to {high}), p {p}",
    "joinpoint": "{year} ({low} to {high})",
    "low high": "{low} to {high}",
    "joinpoints of": (
        "{series}, joinpoint {turns}, and percent a year {changes}, on average {low} to {high}: 95 % limits from "
        "{n} resampled series, which do not assume that the joinpoints are known"
    ),
    "all ages only": "directions, changes and segments are published for all ages together only",
    "before last break": "before the last break (not valid for today):",
    "no years before": "no years before a break",
    "column recorded": "recorded",
    "column equal months": "equal months",
    "column adjusted": "adjusted",
    "column season": "season",
    "last months": "{series}: the last months",
    "turn peak": "peak of the trend: {month}, {value} a month",
    "turn trough": "trough of the trend: {month}, {value} a month",
    "no turn": "no turning point of the trend beyond what noise explains",
    "direction not tested (the model cannot be fitted)": "not tested (the model cannot be fitted)",
    "months alone": "{direction}, {first} to {last}, n = {n} months",
    "months rate": (
        "{direction}, {first} to {last}, n = {n} months: rate {percent} % a year ({low} to {high}), p {p}, "
        "autocorrelation allowed for"
    ),
    "months number": (
        "{direction}, {first} to {last}, n = {n} months: number {percent} % a year ({low} to {high}), p {p}, "
        "autocorrelation allowed for"
    ),
    "annual series": "annual series, {sentence}",
    "annual open": "the monthly or the annual direction is inconclusive: they do not contradict each other",
    "annual other": "the annual direction differs: it may cover other years, and allows for slower swings",
    "annual opposite": (
        "the annual direction is the opposite: it covers other years, or some of the years outweigh the rest"
    ),
    "seasonal test": (
        "in addition, for the counts: seasonal Mann-Kendall p {p}, Sen slope {slope} a year ({low} to {high})"
    ),
    "correlated seasonal test": (
        "in addition, for the counts: seasonal Mann-Kendall, correlated seasons p {p}, Sen slope {slope} a year "
        "({low} to {high})"
    ),
    "months used": "published {first} to {last}; used: the months after the last break and gap",
    "earlier bridged": "bridged in {month} ({factor}): earlier months are estimates (E)",
    "factor": "x {factor}",
    "factor limits": "x {factor}, {low} to {high}",
    "stl lines": "adjusted and trend by STL; the latest months are provisional and change when new months are added",
}
"""English by key; part of :data:`pipelines.reader.words.WORDS`."""
