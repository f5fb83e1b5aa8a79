"""Rate limits: the number of requests per client in a minute, also allowed as a burst after a pause."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from threading import Lock
from time import monotonic

MOST_CLIENTS = 10_000
"""The most clients that are remembered; the least recent are forgotten first."""


class Rates:
    """Counts the requests of each client.

    Args:
        per_minute: requests; 0 for no limit.
        clock: gives seconds.

    >>> rates = Rates(2, clock=lambda: 0.0)
    >>> [rates.wait("one"), rates.wait("one"), rates.wait("one"), rates.wait("other")]
    [0, 0, 30, 0]
    """

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self._most, self._clock = per_minute, clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, client: str) -> int:
        """Count a request; return 0 if it may be answered, or the seconds after which one may.

        A rejected request does not count, so that a client that waits as told is answered.
        """
        if not self._most:
            return 0
        with self._lock:
            now = self._clock()
            left, at = self._left.pop(client, (float(self._most), now))
            left = min(self._most, left + (now - at) * self._most / 60)
            allowed = left >= 1 - 1e-9
            self._left[client] = (left - 1 if allowed else left, now)
            if len(self._left) > MOST_CLIENTS:
                self._left.popitem(last=False)
            return 0 if allowed else max(1, math.ceil((1 - left) * 60 / self._most))


def client_of(address: str) -> str:
    """Return the client for an address: for IPv6 the 64-bit network, which one household or server has.

    >>> client_of("2001:db8::1:2") == client_of("2001:db8::3:4"), client_of("192.0.2.7")
    (True, '192.0.2.7')
    """
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(known, IPv6Address):
        return str(known)
    if known.ipv4_mapped:
        return str(known.ipv4_mapped)
    return known.packed[:8].hex()
