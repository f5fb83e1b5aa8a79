"""A request that is not answered with what it asked for: the status that says why, and one sentence."""

from __future__ import annotations


class NotAnswered(Exception):
    """Ends the work on a request.

    Args:
        status: of HTTP: 400 wrong words, 404 not there, 406 no such format, 413 too much, 422 no such component, 501
            not done by this server.
        said: one sentence for the person who asked; it has no path of this machine.
    """

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said
