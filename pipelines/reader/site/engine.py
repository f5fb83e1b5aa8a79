"""The engine of the query page: DuckDB for browsers, from packages that are pinned here and fetched by the office.

It is not part of the repository or the package, as its WebAssembly alone is 34 MB (docs/decisions/0011).
"""

from __future__ import annotations

import hashlib
import tarfile
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from schemas.errors import UsageError

FETCH = "npm pack @duckdb/duckdb-wasm@1.32.0 apache-arrow@17.0.0"
"""The command that fetches the packages into the folder where it is run."""


@dataclass(frozen=True)
class _Package:
    """An npm package file, its integrity hash from the registry, and the files in it that a site needs."""

    file: str
    integrity: str
    members: tuple[tuple[str, str], ...]


_PACKAGES = (
    _Package(
        "duckdb-duckdb-wasm-1.32.0.tgz",
        "sha512-IewXTNYEjsZCPE9weUWgtjGxUlMRo7qhX0GF6tq/KjK8bnY+RAl4cyUdYUfcdzbyb4b9ZxPC+FOsCcxgaKFWMg==",
        (
            ("package/dist/duckdb-eh.wasm", "duckdb-eh.wasm"),
            ("package/dist/duckdb-browser-eh.worker.js", "worker.js"),
            ("package/dist/duckdb-browser.cjs", "duckdb"),
        ),
    ),
    _Package(
        "apache-arrow-17.0.0.tgz",
        "sha512-X0p7auzdnGuhYMVKYINdQssS4EcKec9TCXyez/qtJt32DrIMGbzqiaMiQ0X6fQlQpw8Fl0Qygcv4dfRAr5Gu9Q==",
        (
            ("package/Arrow.es2015.min.js", "arrow"),
            ("package/LICENSE.txt", "arrow-licence.txt"),
            ("package/NOTICE.txt", "arrow-notice.txt"),
        ),
    ),
)


def read_engine(folder: Path) -> dict[str, bytes]:
    """Return the files of the engine by name, from the packages in a folder.

    Two of them are merged, as DuckDB's module imports Arrow by its package name, which a browser cannot resolve.

    Raises:
        UsageError: a package is not there, or is not the one that is pinned.
    """
    files: dict[str, bytes] = {}
    for package in _PACKAGES:
        path = folder / package.file
        if not path.is_file():
            raise UsageError(f"{path} does not exist; fetch it into that folder with: {FETCH}")
        found = "sha512-" + b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
        if found != package.integrity:
            raise UsageError(f"{path} is not the expected file ({found}); fetch it with: {FETCH}")
        with tarfile.open(path) as archive:
            for member, name in package.members:
                content = archive.extractfile(member)
                if content is None:
                    raise UsageError(f"{path} has no file {member}")
                files[name] = content.read()
    before = b";(function(){const module={exports:{}},exports=module.exports,require=()=>globalThis.Arrow;\n"
    after = b"\n;globalThis.duckdb=module.exports;})();\n"
    files["engine.js"] = files.pop("arrow") + before + files.pop("duckdb") + after
    return files
