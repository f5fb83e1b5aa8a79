"""Time of searching the classification, first and later queries; by hand: ``python tests/benchmarks/search.py``."""

from __future__ import annotations

import statistics
import sys
import time

from iccs.search import search

QUERIES = {
    "en": "illicit trafficking of drugs and weapons with violence against the person",
    "es": "tráfico ilícito de drogas y de armas con violencia contra la persona",
    "fr": "trafic illicite de drogues et d'armes avec violence contre la personne",
}

for language, text in QUERIES.items():
    seconds = []
    for _ in range(20):
        start = time.perf_counter()
        search(text, language)  # type: ignore[arg-type]
        seconds.append(time.perf_counter() - start)
    first, later = seconds[0] * 1000, statistics.median(seconds[1:]) * 1000
    sys.stdout.write(f"{language}: first {first:.0f} ms, then {later:.1f} ms (median of 19); aim 100 ms\n")
