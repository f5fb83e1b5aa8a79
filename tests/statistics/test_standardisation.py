"""Direct standardisation against published figures."""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import poisson

from iccs.ages import ICCS_AGE_BANDS
from pipelines.statistics.rates import exact_limits
from pipelines.statistics.standardisation import standard_names, standard_weights, standardised_rate

Printed = Callable[[float, str], bool]

# Down's syndrome by mother's age, fifth and later births, Michigan 1950-64 (Stark and Mantel 1966; Fleiss 1981, table
# 14.4; used by Fay and Feuer 1997); standard: all births.
CASES = [0, 8, 63, 112, 262, 295]
BIRTHS = [327, 30666, 123419, 149919, 104088, 34392]
ALL_BIRTHS = [319933, 931318, 786511, 488235, 237863, 61313]


@pytest.mark.parametrize(
    ("method", "low", "high"),
    [
        ("fay-feuer", "67.702", "188.300"),
        ("tiwari", "67.702", "112.858"),
        ("mid-p", "59.716", "173.082"),
        ("dobson exact", "67.633", "83.867"),
    ],
)
def test_downs_syndrome(method: str, low: str, high: str, as_printed: Printed) -> None:
    # Printed in the vignette of the R package dsrTest 1.0.0.
    found = standardised_rate(CASES, BIRTHS, ALL_BIRTHS, method=method)  # type: ignore[arg-type]
    assert as_printed(found.value, "75.529")
    assert as_printed(found.low, low)
    assert as_printed(found.high, high)


def test_dobson_with_byar() -> None:
    # PHEindicatormethods 2.1.0, testdata_DSR_ISR.xlsx, small area; European standard population 2013, 19 bands.
    counts = [12, 4, 3, 2, 3, 4, 8, 2, 2, 3, 4, 5, 6, 8, 5, 6, 5, 5, 4]
    people = [636, 558, 609, 543, 384, 594, 669, 843, 660, 576, 606, 522, 426, 273, 300, 288, 153, 123, 207]
    ages = ["Y0T4", *(f"Y{age}T{age + 4}" for age in range(5, 90, 5)), "Y_GE90"]
    weights = list(standard_weights("ESP2013", ages).values())
    assert [round(weight * 100_000) for weight in weights][:3] == [5000, 5500, 5500]
    found = standardised_rate(counts, people, weights, method="dobson byar")
    wide = standardised_rate(counts, people, weights, method="dobson byar", confidence=0.998)
    expected = (1103.212025300104, 877.455767536709, 1367.0882227251795, 763.6420358, 1530.0328948244762)
    assert (found.value, found.low, found.high, wide.low, wide.high) == pytest.approx(expected, rel=1e-9)
    assert not found.few_events


def test_rate_and_variance_of_heroin_deaths() -> None:
    # Deaths by heroin, US, 2015, black population; US 2000 standard. Alexander, Kiang, Barbieri (2018), Epidemiology
    # 29: 707-715, replication files (deaths: US NCHS).
    deaths = [0, 0, 0, 6, 65, 92, 125, 150, 127, 172, 195, 198, 161, 50, 11, 2, 1, 0]
    people = [
        3036803,
        3099821,
        3060552,
        3223786,
        3640811,
        3349381,
        2986922,
        2805991,
        2716481,
        2729722,
        2839226,
        2658827,
    ]
    people += [2135533, 1602545, 1057710, 732723, 482862, 472834]
    standard = [18986520, 19919840, 20056779, 19819518, 18257225, 17722067, 19511370, 22179956, 22479229, 19805793]
    standard += [17224359, 13307234, 10654272, 9409940, 8725574, 7414559, 4900234, 4259173]
    found = standardised_rate(deaths, people, standard)
    assert found.value == pytest.approx(3.11056350180472, rel=1e-12)
    assert found.variance == pytest.approx(0.0074006559158781, rel=1e-12)


def test_standard_populations_as_published() -> None:
    # Sums of the bands as printed by WHO (Ahmad et al. 2001) and Eurostat (2013).
    assert standard_names() == ("WHO2000-2025", "ESP2013")
    who = [26.15, 24.62, 21.35, 15.96, 11.955]
    assert list(standard_weights("WHO2000-2025").values()) == pytest.approx([share / 100.035 for share in who])
    esp = [16000, 17500, 20500, 20500, 25500]
    assert list(standard_weights("ESP2013").values()) == pytest.approx([share / 100_000 for share in esp])
    assert tuple(standard_weights("ESP2013")) == ICCS_AGE_BANDS
    text = (files("pipelines") / "statistics" / "tables" / "standard_populations.csv").read_text(encoding="utf-8")
    assert len(text.splitlines()) == 1 + 18 + 21


@pytest.mark.parametrize(
    ("ages", "words"),
    [
        (("Y0T14", "Y15T29"), "Y30T34"),  # ages left out
        (("Y0T12", "Y_GE13"), "Y10T14"),  # cuts a band
        (("Y0T14", "Y10T29", "Y_GE30"), "Y10T14"),  # overlap
        (("_T",), "not an age band"),
    ],
)
def test_bands_that_do_not_nest_are_refused(ages: tuple[str, ...], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        standard_weights("WHO2000-2025", ages)


@given(st.integers(1, 500), st.floats(1e3, 1e6))
def test_one_band_is_the_crude_rate(count: int, people: float) -> None:
    # With one band w = 1/n, and Fay and Feuer's limits are Garwood's.
    found = standardised_rate([count], [people], [7.0])
    low, high = exact_limits([count])
    assert (found.low, found.high) == pytest.approx((low[0] / people * 1e5, high[0] / people * 1e5), rel=1e-9)


@given(st.integers(1, 500), st.floats(1e3, 1e6))
def test_mid_p_of_one_band_is_that_of_a_poisson_count(count: int, people: float) -> None:
    """Half the probability of the count itself and all beyond it are 0.025 at each limit, by scipy's Poisson."""
    found = standardised_rate([count], [people], [7.0], method="mid-p")
    low, high = found.low * people / 1e5, found.high * people / 1e5
    half = [0.5 * poisson.pmf(count, mean) for mean in (low, high)]
    assert half[0] + poisson.sf(count, low) == pytest.approx(0.025, rel=1e-6)
    assert half[1] + poisson.cdf(count - 1, high) == pytest.approx(0.025, rel=1e-6)


def test_mid_p_of_no_event() -> None:
    # Half of exp(-mean) is 0.025 at the upper limit.
    found = standardised_rate([0, 0], [1e5, 1e5], [0.5, 0.5], method="mid-p")
    assert (found.low, found.high) == (0.0, pytest.approx(-math.log(0.05) / 2))


@given(st.lists(st.integers(0, 80), min_size=5, max_size=5))
def test_tiwari_is_never_wider_than_fay_feuer(counts: list[int]) -> None:
    people, weights = [2e5, 1e5, 3e5, 5e4, 1e5], list(standard_weights("ESP2013").values())
    wide = standardised_rate(counts, people, weights)
    narrow = standardised_rate(counts, people, weights, method="tiwari")
    assert wide.low == narrow.low <= wide.value <= narrow.high <= wide.high


def test_refusals_say_why() -> None:
    with pytest.raises(ValueError, match="missing"):
        standardised_rate([1, float("nan")], [10, 10], [1, 1])
    with pytest.raises(ValueError, match="fay-feuer"):
        standardised_rate([0, 0], [10, 10], [1, 1], method="dobson byar")
    with pytest.raises(ValueError, match="WHO2000-2025, ESP2013"):
        standard_weights("ESP1976")
