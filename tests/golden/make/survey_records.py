"""Records of an invented survey in the words of the NCVS, and its estimates by numpy: python survey_records.py."""

from __future__ import annotations

import csv
from random import Random

import numpy as np
from scipy.stats import t as student
from surveys import COLUMNS, EXTRACTS, figure, shown

SOURCE, PERSONS = "us_bjs_ncvs", "us_bjs_ncvs_persons"
YEAR, STRATA, HOUSEHOLDS = 2019, 12, 240
KINDS = {"burglary": ("0501", ("31", "32", "33")), "motor vehicle theft": ("050211", ("40", "41")),
         "other theft": ("0502", ("54", "55", "56", "57"))}  # fmt: skip

PERSONAL = {"robbery": ("0401", ("5", "7", "10")), "aggravated assault": ("0201", ("11", "13")),
            "simple assault": ("0201", ("14", "20")), "personal theft": ("0502", ("23",))}  # fmt: skip
Kinds = dict[str, tuple[str, tuple[str, ...]]]


def persons_records(households: list[dict[str, str]]) -> list[dict[str, str]]:
    """What persons of the interviewed households experienced, and whether it is a series not told apart."""
    chance = Random(2022)
    incidents = []
    for number, household in enumerate(households):
        for _ in range(chance.choice([0, 1, 2]) if float(household["WGTHHCY"]) > 0 else 0):
            series = chance.random() < 0.2
            incidents.append(
                {
                    "YEARQ": household["YEARQ"],
                    "IDHH": household["IDHH"],
                    "IDPER": f"PERSON{number:03d}",
                    "WGTVICCY": f"{float(household['WGTHHCY']) * chance.uniform(0.9, 1.3):.5f}",
                    "V4016": chance.choice(["6.0", "12.0", "998.0"] if series else ["1.0", "2.0", "7.0"]),
                    "V4017": "2" if series else "1",
                    "V4018": "1" if series else "",
                    "V4019": "2" if series else "",
                    "V4022": chance.choice(["1", "3", "3", "3", "3", "3"]),
                    "V4529": chance.choice(["5", "7", "10", "11", "13", "14", "20", "23", "31", "55"]),
                }
            )
    return incidents


def times_of_series(row: dict[str, str]) -> int:
    """As often as a series happened, at most ten times, or six where that is not known; else once."""
    if row["V4017"] != "2":
        return 1
    return 6 if float(row["V4016"]) >= 997 else min(int(float(row["V4016"])), 10)


def times(known: str) -> int:
    number = float(known)
    return 6 if number >= 997 else int(min(number, 10)) if number >= 6 else 1


def records() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Households, of which every seventh was not interviewed, and what some of the others experienced."""
    chance = Random(20211)
    households, incidents = [], []
    for number in range(HOUSEHOLDS):
        interviewed = number % 7 != 6
        weight = f"{chance.uniform(400, 1600):.5f}" if interviewed else "0.0"
        household = {"YEARQ": f"{YEAR}.{number % 4 + 1}", "IDHH": f"HOUSE{number:03d}", "WGTHHCY": weight,
                     "V2117": f"{number % STRATA + 1}.0", "V2118": f"{number // STRATA % 2 + 1}.0"}  # fmt: skip
        households.append(household)
        for _ in range(chance.choice([0, 0, 1, 1, 2]) if interviewed else 0):
            kind = chance.choice(["31", "32", "33", "40", "54", "55", "56", "57", "20"])
            incidents.append(
                {
                    "YEARQ": household["YEARQ"],
                    "IDHH": household["IDHH"],
                    "IDPER": f"PERSON{number:03d}",
                    "WGTVICCY": f"{float(weight) * chance.uniform(0.9, 1.3):.5f}",
                    "V4016": chance.choice(["1.0", "1.0", "1.0", "2.0", "7.0", "12.0", "998.0"]),
                    "V4022": chance.choice(["1", "3", "3", "3", "3", "3", "3"]),
                    "V4529": kind,
                }
            )
    return households, incidents


def estimate(
    households: list[dict[str, str]], incidents: list[dict[str, str]], kinds: Kinds = KINDS, *, persons: bool = False
) -> list[dict[str, object]]:
    """Totals and rates per 1,000 households: sums over halves of strata, their variance and the delta method."""
    used = {row["IDHH"]: row for row in households if float(row["WGTHHCY"]) > 0}
    places = sorted({(row["V2117"], row["V2118"]) for row in used.values()})
    strata = np.array([stratum for stratum, _ in places])
    weights = np.zeros(len(places))
    for row in used.values():
        weights[places.index((row["V2117"], row["V2118"]))] += float(row["WGTHHCY"])
    reach = student.ppf(0.975, len(places) - len(set(strata)))
    found = []
    for kind, (iccs, codes) in kinds.items():
        events, sample = np.zeros(len(places)), 0
        for row in incidents:
            if row["V4529"] in codes and row["V4022"] != "1":
                home = used[row["IDHH"]]
                events[places.index((home["V2117"], home["V2118"]))] += float(row["WGTVICCY"]) * (
                    times_of_series(row) if persons else times(row["V4016"])
                )
                sample += 1
        rate = events.sum() / weights.sum()
        linear = (events - rate * weights) / weights.sum()
        units = (("number", events.sum(), events), ("per_1000", 1000 * rate, 1000 * linear))
        for unit, value, parts in units[: 1 if persons else 2]:
            error = np.sqrt(sum(2 * np.var(parts[strata == one], ddof=1) for one in set(strata)))
            one = figure(ref_area="US", time_period=str(YEAR), iccs=iccs, national_code=kind,
                         universe="persons" if persons else "households", age="Y_GE12" if persons else "_T",
                         unit_of_measure=unit, estimate="", obs_status="Q", missing_reason="suppressed")  # fmt: skip
            if sample >= 10:
                one |= {"estimate": shown(value), "obs_status": "A", "missing_reason": ""}
                one |= {
                    "lower_limit": shown(max(value - reach * error, 0)),
                    "upper_limit": shown(value + reach * error),
                }
            found.append(one)
    return found


def write(source: str, name: str, rows: list[dict[str, str]]) -> None:
    with (EXTRACTS / source / name).open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def write_all(source: str, tables: tuple[list[dict[str, str]], list[dict[str, str]]], kinds: Kinds) -> None:
    (EXTRACTS / source).mkdir(exist_ok=True)
    write(source, f"ncvs_{YEAR}_household.csv", tables[0])
    write(source, f"ncvs_{YEAR}_incident.csv", tables[1])
    found = estimate(*tables, kinds, persons=source == PERSONS)
    texts = sorted([str(row[name]) for name in COLUMNS] for row in found)
    with (EXTRACTS / source / "expected.csv").open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows([COLUMNS, *texts])


if __name__ == "__main__":
    made, experienced = records()
    write_all(SOURCE, (made, experienced), KINDS)
    write_all(PERSONS, (made, persons_records(made)), PERSONAL)
