"""Tokens that identify partners: from a file readable only by its owner, or from the environment."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from schemas.errors import UsageError

VARIABLE = "ICCS_SHARE_TOKEN"
SHORTEST = 24
"""Fewest characters of a token, so that it cannot be guessed."""


def read_tokens(path: str | None) -> dict[str, str]:
    """Return the token of each partner, by name.

    Args:
        path: of a file with a name and a token in each line, or None for the one token in the environment.

    Raises:
        UsageError: others can read the file, or a line is not a name and a token, or a token is too short.
    """
    if path is None:
        found = os.environ.get(VARIABLE)
        return _checked({"partner": found} if found else {}, VARIABLE)
    try:
        with Path(path).open(encoding="utf-8") as handle:
            mode = os.fstat(handle.fileno()).st_mode
            lines = handle.read().splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--tokens {path} cannot be read ({type(error).__name__})") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(f"--tokens {path} can be read by others; chmod 600 {path}")
    tokens: dict[str, str] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, token = line.strip().partition(" ")
        if not token.strip() or name in tokens:
            raise UsageError(f"--tokens {path}, line {number}: write NAME TOKEN, each name once")
        tokens[name] = token.strip()
    if not tokens:
        raise UsageError(f"--tokens {path} contains no token; write NAME TOKEN on a line")
    return _checked(tokens, f"--tokens {path}")


def _checked(tokens: dict[str, str], where: str) -> dict[str, str]:
    for name, token in tokens.items():
        if len(token) < SHORTEST or not token.isascii() or " " in token:
            raise UsageError(f"{where}: the token of {name} must have {SHORTEST} characters or more, without blanks")
    return tokens
