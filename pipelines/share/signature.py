"""Signed checksums: who made a package, and whether it is unaltered.

The checksum files are signed with Ed25519: ``SHA256SUMS``, with the checksum of every file of the data package, and
that of the database, whose bytes differ each time. Signing the same bytes with the same key gives the same signature.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.system.files import sha256_of_file
from schemas.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE, PUBLIC_KEY = ".sig", "signing_key.pub"
_SIGNED = ("SHA256SUMS", "crime.duckdb.sha256")
_PURPOSE = b"iccs package sums, version 1\n"
"""Prefix of the signed bytes, so that signatures made with the key for other purposes are not valid for a package."""


class NotVerified(Exception):
    """A package is not as it was signed, or was not signed with the key; the text says why."""


@dataclass(frozen=True)
class Verified:
    """A package with a valid signature: the name of the key, and how many files match the signed checksums."""

    key: str
    files: int


def make_key(path: Path) -> str:
    """Make a private key in a new file of mode 600; return the public key, in one line.

    Raises:
        UsageError: the file is there already, or cannot be written.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{path} already exists, and a key is never replaced; give a new file name") from error
    except OSError as error:
        raise UsageError(f"{path} cannot be written ({type(error).__name__})") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{base64.b64encode(key.private_bytes_raw()).decode()}\n")
    return _written(key.public_key())


def read_key(path: Path) -> Ed25519PrivateKey:
    """Return a private key.

    Raises:
        UsageError: others can read the file, or it has no key.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(1000)
    except OSError as error:
        raise UsageError(
            f"{path} cannot be read ({type(error).__name__}); create one with iccs share key FILE"
        ) from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise UsageError(
            f"{path} can be read by others; chmod 600 {path}, and if others may have read it, create a new key"
        )
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(content.strip(), validate=True))
    except (ValueError, binascii.Error):  # its cause would show the content
        raise UsageError(f"{path} has no key; create one with iccs share key FILE") from None


def sign_sums(folder: Path, key: Ed25519PrivateKey) -> None:
    """Write the signature of each checksum file in a folder beside it, and the public key."""
    for name in _SIGNED:
        if (folder / name).is_file():
            signature = key.sign(_message(folder / name))
            _write(folder / f"{name}{SIGNATURE}", base64.b64encode(signature).decode())
    _write(folder / PUBLIC_KEY, _written(key.public_key()))


def verify_package(folder: Path, public_key: str) -> Verified:
    """Check a package against a public key obtained independently of the package.

    Args:
        folder: the package.
        public_key: one line, as ``make_key`` returned it, or the path of a file with it.

    Raises:
        NotVerified: the signature does not match, or a file is missing, changed or not signed; names it.
        UsageError: there is no such folder, or no key is given.
    """
    key = _public_key(public_key)
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}; name the folder of a package")
    sums: dict[str, str] = {}
    for name in _SIGNED:
        _check_signature(folder, name, key)
        for line in (folder / name).read_text(encoding="ascii").splitlines():
            digest, _, path = line.partition("  ")
            sums[path] = digest
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
    allowed = {*_SIGNED, *(f"{name}{SIGNATURE}" for name in _SIGNED), PUBLIC_KEY}
    if more := sorted(there.keys() - sums.keys() - allowed):
        raise NotVerified(f"{more[0]} was not in the package when it was signed")
    for name, digest in sorted(sums.items()):
        if name not in there or there[name].is_symlink():
            raise NotVerified(f"{name} is missing")
        if sha256_of_file(there[name]) != digest:
            raise NotVerified(f"{name} has changed since the package was signed")
    return Verified(_written(key), len(sums))


def _check_signature(folder: Path, name: str, key: Ed25519PublicKey) -> None:
    from cryptography.exceptions import InvalidSignature

    try:
        signature = base64.b64decode((folder / f"{name}{SIGNATURE}").read_bytes().strip(), validate=True)
        message = _message(folder / name)
    except FileNotFoundError as error:
        raise NotVerified(f"{folder} has no {name} with a signature: it is not signed, or not a package") from error
    except binascii.Error as error:
        raise NotVerified(f"{name}{SIGNATURE} is not a signature") from error
    try:
        key.verify(signature, message)
    except InvalidSignature as error:
        raise NotVerified(f"{name} was not signed with this key, or was changed") from error


def _public_key(given: str) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    path = Path(given)
    try:
        text = path.read_text(encoding="ascii") if path.is_file() else given
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text.split()[-1], validate=True))
    except (OSError, ValueError, IndexError, binascii.Error) as error:
        raise UsageError(f"--key {given} is neither a public key nor a file that contains one") from error


def _written(key: Ed25519PublicKey) -> str:
    return f"ed25519 {base64.b64encode(key.public_bytes_raw()).decode()}"


def _message(path: Path) -> bytes:
    return _PURPOSE + path.name.encode() + b"\n" + path.read_bytes()


def _write(path: Path, text: str) -> None:
    path.write_text(f"{text}\n", encoding="ascii", newline="\n")
