"""A request that is not answered with what it asked for: the status that says why, and one sentence."""

from __future__ import annotations


class NotAnswered(Exception):
    """Ends the work on a request.

    Args:
        status: of HTTP: 400 wrong words, 404 not there, 406 no such format, 413 too much, 422 no such component, 429
            too often, 501 not done by this server.
        said: one sentence for the person who asked; it has no path of this machine.
        retry_after: seconds after which the same is answered; 0 if it is not.
    """

    def __init__(self, status: int, said: str, retry_after: int = 0) -> None:
        super().__init__(said)
        self.status = status
        self.said = said
        self.retry_after = retry_after
