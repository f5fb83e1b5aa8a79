"""A request that is refused: the HTTP status, and one sentence."""

from __future__ import annotations


class NotAnswered(Exception):
    """Ends the work on a request.

    Args:
        status: of HTTP: 400 wrong words, 404 not there, 406 no such format, 413 too much, 422 no such component, 429
            too often, 501 not done by this server.
        sentence: one sentence for the client, without paths of this machine.
        retry_after: seconds after which the same request will be answered; 0 if it will not.
    """

    def __init__(self, status: int, sentence: str, retry_after: int = 0) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence
        self.retry_after = retry_after
