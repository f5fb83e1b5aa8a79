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
    "no ranking": "{what}: no ranking, because no two figures are comparable in all respects",
    "column place": "place",
    "column code": "code",
    "column count": "count",
    "column not ranked": "not ranked",
    "column unit": "unit",
    "column why": "why",
    "column stage and unit": "stage and unit",
    "column counted at": "counted at",
    "column composition": "composition",
    "column source words": "counts, in the source's words",
    "not stated": "not stated",
    "as a whole": "as a whole",
    "what each figure is": "What each figure is",
    "of area": "{area}: {why}",
    "and more": "{labels} and {n} more",
    "relation narrower": "narrower",
    "relation broader": "broader",
    "relation partial": "partial",
    "relation undivided": "undivided",
    "courses not tested": "Courses of {one} and {other}: not tested, {why}.",
    "courses differ": "Courses of {one} and {other}, {first}-{last} ({years} years, {turns}): not parallel, p = {p}.",
    "courses alike": (
        "Courses of {one} and {other}, {first}-{last} ({years} years, {turns}): no difference found except in "
        "level, p = {p}; this does not prove that there is none."
    ),
    "joinpoints": "{n} joinpoints",
    "joinpoints 1": "{n} joinpoint",
    "courses one day": "persons counted on one day are not events, for which the test is made",
    "courses few years": "both have {years} comparable years since the last break; {n} are needed",
    "courses few events": "one has fewer than {n} events a year",
    "courses no events": "one has no event in more than a quarter of the years",
    "column will come to": "will come to",
    "column expected": "expected",
    "column limit": "limit",
    "column exceedance": "exceedance",
    "yes": "yes",
    "month exceeds": (
        "{month}: {value} where {expected} were expected and {upper} is the limit: more than the past explains "
        "(exceedance {exceedance})"
    ),
    "month will exceed": (
        "{month} is still filling up: expected to reach {value}, above the limit of {upper}, though the count so "
        "far is not"
    ),
    "no month exceeds": "no month is higher than the past explains",
    "month without figure": "{month}: no figure",
    "month apart for": "{month} is compared with no other month: {caveats}",
    "months tested": (
        "{n} months of all series were tested in this release: of its alerts {share}% are expected to be false"
    ),
    "no month tested few": (
        "no month was tested: fewer than {months} months or {events} events since the last break, not counting "
        "the latest nine months"
    ),
    "no month tested small": "no month was tested: fewer than {events} events in each of the latest months",
    "no nowcast kept": (
        "no nowcast: {n} editions of {source} kept; estimating how counts grow takes at least {least} editions "
        "of consecutive months"
    ),
    "no nowcast kept 1": (
        "no nowcast: {n} edition of {source} kept; estimating how counts grow takes at least {least} editions of "
        "consecutive months"
    ),
    "no nowcast growth": (
        "no nowcast: judging by earlier editions, no month will grow by half a percent, or there are too few "
        "events to estimate the growth"
    ),
    "column events": "events",
    "column smoothed": "smoothed",
    "column own weight": "own weight",
    "column P above": "P above",
    "column funnel": "funnel",
    "funnel above": "above",
    "funnel below": "below",
    "smoothed title": "{series}; per 100,000, smoothed with 95 % limits",
    "P above note": (
        "P above: probability that the rate is above that of all areas. {pairs} pairs of neighbours in {origin}; "
        "rates differ by {sigma} on the logarithm (standard deviation), {share} % of that variance shared with "
        "neighbours (+- {error} %)"
    ),
    "shrunk alone": "without neighbours, shrunk only towards the rate of all areas: {areas}",
    "all together": "all {n} areas together: {rate}; {outside} of them are outside the 99.8 % limits of chance",
    "beyond chance": (
        "beyond chance the areas differ by {share} % of that rate (standard deviation); outside 99.8 % of the "
        "funnel with it: {areas}"
    ),
    "limits include common": "limits include the common rate, so it is not known on which side they are: {areas}",
    "left out": "left out, without a rate of that year that can be compared: {areas}",
    "no areas": "none",
    "many areas": "{n} areas, {first} ... (all: --json)",
    "asked below": "{iccs} below {area}",
    "column name": "name",
    "column class": "class",
    "few": "few",
    "status and few": (
        "status: observation status other than A (normal); few: a count below {n}: one more or less can change "
        "the rank; use the confidence limits where there are any"
    ),
    "area without rate": "no rate: {area}, {reason}",
    "area not compared": "not compared: {area}, {reason}",
    "unlike composition": "another composition than most",
    "unlike scope": "another scope than most",
    "one and other": "{one} and {other}",
    "undrawn": "not on the map (no outline): {areas}",
    "other series undrawn": "not on the map, because their figures belong to another series: {areas}",
    "column ratio of rates": "ratio of rates",
    "column ratio value": "value",
    "column change": "change",
    "column difference": "difference",
    "change at": "{series}: change at {date}",
    "first months against": "first {n} months after the date, against {names}",
    "first months alone": "first {n} months after the date, relative to what was expected",
    "first year against": "first year after the date, against {names}",
    "first year alone": "first year after the date, relative to what was expected",
    "drift each month": "before the date: drift against {names}, each month",
    "drift each year": "before the date: drift against {names}, each year",
    "drift none": "none found",
    "drift down": "down",
    "drift up": "up",
    "evaluation noise": (
        "model: quasi-Poisson, autocorrelation {r} allowed for; 95 % limits include the usual swings of the series"
    ),
    "randomisation": (
        "randomisation p {p}: rank among the same estimate at {n} other dates and areas, 95 % of which are from "
        "{low} to {high}"
    ),
    "others": "other dates and areas {parts}",
    "others extreme": "at least as extreme: {listed}",
    "others left out": "left out: {listed}",
    "without no event after the date": "{n} with no event after the date",
    "without no event before the date": "{n} with no event before the date",
    "without the model cannot be fitted": "{n} whose model cannot be fitted",
    "without a period without a comparable figure": "{n} with a period without a comparable figure",
    "without no event at all": "{n} with no event at all",
    "without no control with all figures": "{n} with no control with all figures",
    "weights": "weights: {weights}",
    "segmented diagnostics": "diagnostics of the segmented model ({family}): {values}",
    "control diagnostics": "against the control: {values}",
    "family poisson": "poisson",
    "family negative binomial": "negative binomial",
    "family quasi-poisson": "quasi-poisson",
    "diagnostic periods before": "periods before",
    "diagnostic periods after": "periods after",
    "diagnostic dispersion": "dispersion",
    "diagnostic lag-1 autocorrelation": "lag-1 autocorrelation",
    "diagnostic Ljung-Box p": "Ljung-Box p",
    "diagnostic placebo p": "placebo p",
    "diagnostic pre-trend p": "pre-trend p",
    "note": "note: {remark}",
    "remark others": "other series there: {names}",
    "remark run": "used {first} to {last} of {begin} to {end}: the run around the date without a gap or a break",
    "remark bridged": "bridged in {period} ({factor})",
    "remark counts": "no population: the counts themselves are compared, not rates",
    "limitations": "Limitations:",
    "cannot tell placebos": (
        "Whether the same comparison gives as large an effect at other dates: only {n} other dates and areas can "
        "be compared, but {least} are needed. The model alone is weak evidence: real series turn more often than "
        "any noise model allows for."
    ),
    "cannot tell date": "Whether the date matters: of {n} other dates and areas {share} % show as large an effect.",
    "cannot tell residuals": (
        "Its true margin of error: the residuals of the model are still correlated (Ljung-Box p {p}); the other "
        "dates and areas do not depend on that."
    ),
    "cannot tell events": "What else happened at the same date: there is no control series.",
    "cannot tell recording": (
        "Whether crime changed or only its reporting and recording: the series counts what was recorded."
    ),
    "cannot tell anticipation": (
        "Whether people acted before the date (anticipation) or the effect came later: one date is assumed."
    ),
    "cannot tell displacement": "Whether crime moved to other places, times or kinds of offence (displacement).",
    "cannot tell course": "How the series would have continued: {n} periods before the date are few.",
    "cannot tell placebo date": "Whether the date matters: a date without a policy also shows a change (p {p}).",
    "cannot tell parallel": (
        "Whether the control would have moved like the area after the date: only the time before it can be checked."
    ),
    "cannot tell apart": "The effect as estimated: the areas already moved apart before the date (p {p}).",
    "cannot tell step": "Whether the areas were in step before the date: {n} periods show only large differences.",
    "cannot tell one of two": "What else happened at the same date in one of the two areas.",
    "cannot tell one control": "How far the result depends on this control: two areas are one comparison.",
    "linear title": "linear model, {unit}; Newey-West errors, {n} lags",
    "linear title 1": "linear model, {unit}; Newey-West errors, {n} lags",
    "linear rate": "per 100,000 a year",
    "linear trend": "trend",
    "linear level": "level",
    "linear slope change": "slope change",
    "linear difference in trend": "difference in trend",
    "linear difference in level": "difference in level",
    "linear difference in slope change": "difference in slope change",
    "linear panel": (
        "mean after less before, against the controls: {value}; randomisation p {p} among {n} areas taken in "
        "turn as the one with the policy; the smallest possible is {least}"
    ),
    "linear assumes": (
        "A linear model assumes the same noise at all levels and considers no other date or area: the verdict is "
        "that of the first table."
    ),
    "column period": "period",
    "column category": "category",
    "column in the source": "in the source",
    "column measure": "measure",
    "column of": "of",
    "column estimate": "estimate",
    "column of the survey": "of the survey",
    "column recorded count": "recorded",
    "column share": "share",
    "column differences": "differences",
    "estimates title": "As published; low and high at the source's confidence level, otherwise 95 %",
    "beside title": "Recorded counts next to the estimates: figures of two populations, never one series",
    "units of people": "{units}: {people}",
    "line of estimates": (
        "{area} {iccs} {label}, {measure} ({source}): {direction}, {first}-{last}, n = {n}, {slope} a year "
        "({low} to {high})"
    ),
    "difference counts once": (
        "the survey counts {survey}, each once however often the offence was experienced, the police {recorded}"
    ),
    "difference counts": "the survey counts {survey}, the police {recorded}",
    "difference people": "the survey covers {people}, the police count covers everybody",
    "difference undeclared": "the period about which people were asked is not declared",
    "difference period": "people were asked about {period}, the police count is for the year",
    "difference category": "the survey category is {relation}",
    "difference years": "years do not begin in the same month",
    "difference error": "the survey gives no sampling error",
    "column programme": "programme",
    "column since": "since",
    "column design": "design",
    "column effect": "effect",
    "column said by": "said by",
    "evidence title": "As their authors state them; nothing is computed from them",
    "evidence compared": "{design}, compared with {other}",
    "evidence not given": "not given",
    "evidence no interval": "{measure} {effect}, no interval",
    "evidence effect": "{measure} {effect} ({low} to {high}, {level} %)",
    "evidence lacks": "{programme}: lacks: {lacks}; cannot tell: {limits}",
    "evidence cannot tell": "{programme}: cannot tell: {limits}",
    "evidence without effect": "effect",
    "evidence without interval": "interval",
    "evidence without comparison": "comparison",
}
"""English by key; part of :data:`pipelines.reader.words.WORDS`."""
