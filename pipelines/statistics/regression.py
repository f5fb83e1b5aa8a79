"""Regression of counts with an exposure: Poisson, quasi-Poisson, negative binomial.

Quasi-Poisson multiplies the errors by the square root of the dispersion. Negative binomial is NB2 (Hilbe 2011,
Negative Binomial Regression, chapter 8): theta by maximum likelihood, the errors of the coefficients with theta
held at its estimate, as R's ``glm.nb``. ``newey-west``: errors that allow for overdispersion and for
autocorrelation up to a lag (Newey and West 1987, Econometrica 55: 703-708, Bartlett weights, factor n / (n - k));
the rows must then be in order of time and evenly spaced. They rest on the observed information, as Stata's; R's
``sandwich`` takes the expected one, which differs for the negative binomial only. ``cautious``: the larger of the
model's and Newey-West's, with Student's t, because the latter run short in short series.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pipelines.statistics.arguments import check_choice, tail_of

Numbers = NDArray[np.float64]
Family = Literal["poisson", "quasi-poisson", "negative binomial"]
Errors = Literal["model", "newey-west", "cautious"]


@dataclass(frozen=True)
class Effect:
    """A ratio of rates with its limits and two-sided p; 0.9 is ten percent fewer."""

    value: float
    low: float
    high: float
    p: float

    @property
    def percent(self) -> float:
        """The ratio as a change in percent."""
        return 100 * (self.value - 1)


@dataclass(frozen=True)
class CountModel:
    """A fitted regression of counts; coefficients are logarithms of ratios, ``intercept`` first.

    Attributes:
        names: of the coefficients.
        coefficients: by name.
        covariances: of the coefficients, in the order of the names; two where the larger is used (``cautious``).
        fitted: expected counts.
        degrees: residual degrees of freedom.
        deviance: residual.
        null_deviance: of the model with the intercept (and the exposure) alone.
        dispersion: Pearson chi-square / degrees; above 1 the counts vary more than Poisson's.
        residuals: Pearson's.
        theta: of the negative binomial, variance = mean + mean^2 / theta; None else.
        aic: Akaike's criterion; None for quasi-Poisson, which has no likelihood.
    """

    names: tuple[str, ...]
    coefficients: dict[str, float]
    covariances: tuple[Numbers, ...]
    fitted: Numbers
    degrees: int
    deviance: float
    null_deviance: float
    dispersion: float
    residuals: Numbers
    theta: float | None
    aic: float | None
    family: Family
    errors: Errors
    lags: int

    def error(self, name: str) -> float:
        """Return the standard error of a coefficient."""
        place = np.array([other == name for other in self.names], dtype=np.float64)
        return larger_error(place, self.covariances)

    def effect(self, weights: Mapping[str, float], confidence: float = 0.95) -> Effect:
        """Return exp(sum of weight x coefficient) with its limits.

        By the normal quantile, as R's ``confint.default``; by Student's t on the residual degrees where ``cautious``.
        """
        w = np.array([weights.get(name, 0.0) for name in self.names])
        value = float(w @ np.array([self.coefficients[name] for name in self.names]))
        degrees = self.degrees if self.errors == "cautious" else None
        return make_effect(value, larger_error(w, self.covariances), degrees, confidence)


def make_effect(value: float, error: float, degrees: int | None, confidence: float) -> Effect:
    """Return exp(value) with limits by Student's t, or by the normal quantile if no degrees are given."""
    from scipy.special import ndtr, ndtri, stdtr, stdtrit

    level = 1 - tail_of(confidence)
    reach = error * float(ndtri(level) if degrees is None else stdtrit(degrees, level))
    score = -abs(value) / error if error else -math.inf if value else 0.0
    p = 2 * float(ndtr(score) if degrees is None else stdtr(degrees, score))
    return Effect(math.exp(value), math.exp(value - reach), math.exp(value + reach), p)


def larger_error(weights: Numbers, covariances: Sequence[Numbers]) -> float:
    """Return the standard error of a weighted sum of coefficients, the largest of those given."""
    return math.sqrt(max(float(weights @ covariance @ weights) for covariance in covariances))


def fit_counts(
    counts: ArrayLike,
    columns: Mapping[str, ArrayLike],
    exposure: ArrayLike | None = None,
    *,
    family: Family = "poisson",
    errors: Errors = "model",
    lags: int | None = None,
) -> CountModel:
    """Return a log-linear regression of counts, the exposure (population) entering as an offset, never as a weight.

    Families and errors are those of the module.

    Args:
        counts: whole numbers, not below 0.
        columns: what is regressed on, by name, without the intercept.
        exposure: of each count, above 0; 1 if None.
        family: of the counts.
        errors: as the model says, robust, or the larger of both.
        lags: of the robust errors; 4 (n / 100)^(2/9), rounded down, if None.

    Raises:
        ValueError: lengths that differ, missing values, columns that repeat each other, too few rows, a negative
            binomial for counts that vary no more than Poisson's.

    >>> model = fit_counts([12, 9, 11, 20, 19, 23], {"after": [0, 0, 0, 1, 1, 1]}, [1e5] * 6)
    >>> round(model.effect({"after": 1}).value, 4)
    1.9375
    """
    from statsmodels.genmod import families

    check_choice("family", family, Family)
    check_choice("errors", errors, Errors)
    names = ("intercept", *columns)
    y, x, offset = _prepare(counts, columns, exposure)
    lag = usual_lag(len(y)) if lags is None else lags
    if not 0 <= lag < len(y):
        raise ValueError(f"{lag} lags of {len(y)} counts: there are 0 to {len(y) - 1}")
    theta = _theta(y, x, offset) if family == "negative binomial" else None
    kind = families.Poisson() if theta is None else families.NegativeBinomial(alpha=1 / theta)
    result, covariances = fit_errors(y, x, kind, offset, errors, lag, overdispersed=family == "quasi-poisson")
    _check_converged(result.converged, names)
    likelihood = float(kind.loglike(y, result.mu, scale=1.0))
    parameters = len(names) + (theta is not None)
    return CountModel(
        names=names,
        coefficients=dict(zip(names, result.params.tolist(), strict=True)),
        covariances=covariances,
        fitted=np.asarray(result.mu, dtype=np.float64),
        degrees=int(result.df_resid),
        deviance=float(result.deviance),
        null_deviance=float(result.null_deviance),
        dispersion=float(result.pearson_chi2 / result.df_resid),
        residuals=np.asarray(result.resid_pearson, dtype=np.float64),
        theta=theta,
        aic=None if family == "quasi-poisson" else 2 * parameters - 2 * likelihood,
        family=family,
        errors=errors,
        lags=0 if errors == "model" else lag,
    )


def _check_converged(converged: bool, names: tuple[str, ...]) -> None:
    if not converged:
        raise ValueError(
            f"the regression on {', '.join(names)} did not converge: one of the columns may select no events at all, "
            "so that its ratio is 0 or unlimited; join periods, or use fewer columns"
        )


def _prepare(
    counts: ArrayLike, columns: Mapping[str, ArrayLike], exposure: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the counts, the design matrix with its intercept, and the logarithm of the exposure."""
    y = np.asarray(counts, dtype=np.float64)
    if any(np.shape(column) != y.shape for column in columns.values()):
        raise ValueError(f"need one value of each column for each of {len(y)} counts: {', '.join(columns)}")
    x = np.column_stack([np.ones(len(y)), *(np.asarray(column, dtype=np.float64) for column in columns.values())])
    size = np.ones(len(y)) if exposure is None else np.asarray(exposure, dtype=np.float64)
    _check(y, x, size, ("intercept", *columns))
    return y, x, np.log(size)


def fit_errors(
    y: Numbers, x: Numbers, kind: Any, offset: Numbers, errors: Errors, lag: int, *, overdispersed: bool
) -> tuple[Any, tuple[Numbers, ...]]:
    """Return the fit of a generalised linear model, and the covariances of its coefficients that were asked for."""
    from statsmodels.genmod.generalized_linear_model import GLM
    from statsmodels.tools.sm_exceptions import PerfectSeparationWarning

    model = GLM(y, x, family=kind, offset=offset)
    robust = {"cov_type": "HAC", "cov_kwds": {"maxlags": lag, "use_correction": True}}
    ways: dict[Errors, list[dict[str, Any]]] = {"model": [{}], "newey-west": [robust], "cautious": [{}, robust]}
    # Convergence is by the coefficients, as the deviance of large counts is rounded more coarsely than any tolerance.
    stop = {"tol_criterion": "params", "tol": 1e-10, "rtol": 1e-10, "maxiter": 200}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PerfectSeparationWarning)  # then it does not converge, which is refused
        results = [model.fit(**stop, **way) for way in ways[errors]]
        _ = results[0].null_deviance  # fits the model without columns, which may predict perfectly too
    spread = float(results[0].pearson_chi2 / results[0].df_resid) if overdispersed else 1.0
    return results[0], tuple(
        np.asarray(result.cov_params(), dtype=np.float64) * (1.0 if way else spread)
        for result, way in zip(results, ways[errors], strict=True)
    )


def usual_lag(n: int) -> int:
    """Return the lag usual for Newey-West errors, 4 (n / 100)^(2/9) rounded down.

    >>> usual_lag(60)
    3
    """
    return math.floor(4 * math.pow(n / 100, 2 / 9))


def _theta(y: Numbers, x: Numbers, offset: Numbers) -> float:
    """Theta of the negative binomial by maximum likelihood."""
    from statsmodels.discrete.discrete_model import NegativeBinomial

    model = NegativeBinomial(y, x, offset=offset)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # what they would say is checked below
        start = model.fit(method="bfgs", maxiter=500, disp=0, warn_convergence=False).params
        result = model.fit(start_params=start, method="newton", maxiter=200, tol=1e-12, disp=0, warn_convergence=False)
    alpha = float(result.params[-1])
    if not 1e-6 < alpha < 1e6 or not result.mle_retvals["converged"]:
        raise ValueError(
            "no theta of a negative binomial was found: the counts vary no more than Poisson's, or there are too few; "
            "use poisson or quasi-poisson"
        )
    return 1 / alpha


def _check(y: Numbers, x: Numbers, size: Numbers, names: tuple[str, ...]) -> None:
    if len(size) != len(y) or not (np.isfinite(x).all() and ((size > 0) & np.isfinite(size)).all()):
        raise ValueError("need one value of each column and one exposure above 0 for each count, none missing")
    if not (y >= 0).all() or (y % 1 != 0).any():
        raise ValueError("counts must be whole, not below 0, none missing")
    if not y.any():
        raise ValueError("there are no events at all: nothing can be compared")
    if len(y) <= len(names):
        raise ValueError(f"{len(y)} counts are too few for {len(names)} coefficients: {', '.join(names)}")
    if np.linalg.matrix_rank(x) < len(names):
        raise ValueError(f"columns repeat each other or do not vary: {', '.join(names)}")
