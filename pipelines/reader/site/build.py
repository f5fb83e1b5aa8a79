"""Building a site from a release: written beside the old one, which it then replaces as a whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.publish.releases import attached, kept_releases, release_path
from pipelines.reader.answers import write_csv_rows, write_table
from pipelines.reader.release import OpenRelease
from pipelines.reader.site.area_map import KnownOutlines
from pipelines.reader.site.content import Content, read_content
from pipelines.reader.site.engine import read_engine
from pipelines.reader.site.pages.countries import country_files
from pipelines.reader.site.pages.pages import Pages
from pipelines.reader.site.pages.renderer import LANGUAGE_NAMES, environment
from pipelines.reader.site.query_file import ReadyQuery, write_query_file
from pipelines.reader.words import LANGUAGES
from pipelines.system.running.limits import describe_limit
from pipelines.system.scratch import scratch_folder
from pipelines.system.settings import Settings
from schemas.errors import UsageError, nearest_values

MARK = ".iccs-site"
"""Marker file of our sites: only a folder with it is replaced."""
_OLD = "old"
"""Folder for the old site, under its name, while it is being replaced."""


@dataclass(frozen=True)
class BuiltSite:
    """A site that was built.

    Attributes:
        folder: where it is.
        release: of its figures.
        pages: how many pages of HTML.
        size: bytes of all files.
        largest: bytes of the largest page.
        withheld: sources whose licence or policy does not allow their figures on a site.
        seconds: how long it took.
    """

    folder: Path
    release: str
    pages: int
    size: int
    largest: int
    withheld: tuple[str, ...]
    seconds: float


def build_site(settings: Settings, folder: Path, release: str | None = None, engine: Path | None = None) -> BuiltSite:
    """Build the site of a release; the folder holds the old site until the new one is complete.

    Args:
        settings: where the published file is.
        folder: to write; one that holds something else is refused.
        release: name of a stored release; the published one if None.
        engine: folder with the packages of the query page's engine; without it there is no such page.

    Raises:
        UsageError: a package of the engine is missing or another one, nothing is published, no such release is kept,
            or the folder holds something else.
    """
    start = time.monotonic()
    folder = folder.absolute()
    check_site_folder(folder)
    files = read_engine(engine) if engine is not None else {}
    folder.parent.mkdir(parents=True, exist_ok=True)
    put_back(folder)
    with scratch_folder(folder.parent) as scratch:
        new = scratch / "new"
        new.mkdir(mode=0o755)
        new.chmod(0o755)  # whatever the umask: a site is for everybody
        with _open(settings, release) as connection:
            content = _read(connection, release)
            if not content.figures:
                raise UsageError("the release has no figures of a country that may be shown on a site")
            queries = _write_engine(files, settings, release, content, new) if files else ()
            sizes = _write(content, connection, new, queries)
        (new / MARK).write_text(f"{content.release['release']}\n", encoding="utf-8")
        _put_in_place(new, folder)
    pages = [size for path, size in sizes.items() if path.endswith(".html")]
    return BuiltSite(
        folder,
        content.release["release"],
        len(pages),
        sum(sizes.values()),
        max(pages),
        content.withheld,
        time.monotonic() - start,
    )


def try_to_build_site(settings: Settings, folder: Path) -> BuiltSite | str:
    """Build the site of the published release at the end of a run; if that fails, the run is not affected.

    Returns:
        The site, or a message on why it could not be built.
    """
    try:
        return build_site(settings, folder)
    except UsageError as error:
        why = str(error)
    except Exception as error:  # of any library that ran out of memory or disk; all others are raised again
        if (limit := describe_limit(error, settings)) is None:
            raise
        why = f"{limit.summary}; {limit.to_do}"
    return f"the site was not built; the old one stays: {why}"


def check_site_folder(folder: Path) -> None:
    """Check that a folder may be replaced by a site.

    Raises:
        UsageError: it is a link or a file, or holds something that is not a site.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is a link or a file; a site needs a folder of its own")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARK).is_file():
        raise UsageError(f"{folder} contains something that is not a site ({MARK} is missing); give another folder")


def _read(connection: duckdb.DuckDBPyConnection, release: str | None) -> Content:
    try:
        return read_content(connection)
    except (duckdb.BinderException, duckdb.CatalogException) as error:
        first = str(error).partition("\n")[0]
        raise UsageError(
            f"{release or 'the published release'} was built by another version of this program and lacks something "
            f"the pages show ({first}); iccs run publishes one of this version"
        ) from error


@contextmanager
def _open(settings: Settings, release: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    if release is None:
        with OpenRelease(settings) as published:
            yield published.connection
        return
    kept = [one.release for one in kept_releases(settings)]
    if release not in kept:
        near = nearest_values(release, kept) or kept
        raise UsageError(f"there is no release {release!r}; kept: {', '.join(near) or 'none'}")
    with attached(release_path(release, settings)) as connection:
        connection.execute("USE release_0.out")
        yield connection


def _write_engine(
    files: dict[str, bytes], settings: Settings, release: str | None, content: Content, folder: Path
) -> tuple[ReadyQuery, ...]:
    """Write the engine of the query page and its file; return the questions that the file answers."""
    (folder / "engine").mkdir()
    for name, data in files.items():
        (folder / "engine" / name).write_bytes(data)
    (folder / "data").mkdir()
    path = settings.published if release is None else release_path(release, settings)
    return write_query_file(path, content.withheld, folder / "data" / "release.duckdb")


def _write(
    content: Content, connection: duckdb.DuckDBPyConnection, folder: Path, queries: tuple[ReadyQuery, ...]
) -> dict[str, int]:
    """Write every other file of the site; return the bytes of all by path."""
    there = [path for path in folder.rglob("*") if path.is_file()]  # the engine and its file
    sizes = {path.relative_to(folder).as_posix(): path.stat().st_size for path in there}
    megabytes = round(sum(sizes.values()) / 1e6)
    made: set[Path] = set()

    def write(path: str, text: str) -> None:
        target = folder / path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        data = text.encode()
        target.write_bytes(data)
        sizes[path] = len(data)

    templates = resources.files("pipelines").joinpath("reader", "site", "templates")
    for name in ("style.css", "search.js", "choose.js", *(("ask.js", "picture.js") if queries else ())):
        write(name, templates.joinpath(name).read_text(encoding="utf-8"))
    write("index.html", environment().get_template("languages.html").render(languages=LANGUAGE_NAMES))
    outlines = KnownOutlines()
    for language in LANGUAGES:
        for path, text in Pages(content, language, queries, megabytes, outlines).every():
            write(f"{language}/{path}", text)
    (folder / "data").mkdir(exist_ok=True)
    # One for all countries, so that their files can be read together: of one alone, a column may have no value.
    schema = pa.Table.from_pylist(
        [row for own in content.figures.values() for rows in own.values() for row in rows]
    ).schema
    for code, categories in content.figures.items():
        if not categories:
            continue
        for iccs, rows in categories.items():
            target = folder / "data" / f"{code}_{iccs}.csv"
            write_csv_rows(rows, target)
            sizes[f"data/{target.name}"] = target.stat().st_size
        every = [row for rows in categories.values() for row in rows]
        for name in country_files(code):
            _write_rows(connection, pa.Table.from_pylist(every, schema), folder / "data" / name, sizes)
    return sizes


def _write_rows(connection: duckdb.DuckDBPyConnection, rows: pa.Table, path: Path, sizes: dict[str, int]) -> None:
    connection.register("rows_of_site", rows)
    connection.execute("CREATE OR REPLACE TABLE memory.main.answer AS FROM rows_of_site")
    connection.unregister("rows_of_site")
    write_table(connection, path)
    sizes[f"data/{path.name}"] = path.stat().st_size


def _put_in_place(new: Path, folder: Path) -> None:
    """Rename the new site to its name; if that fails, the old one gets its name back."""
    if not folder.exists():
        new.rename(folder)
        return
    old = new.with_name(_OLD) / folder.name
    old.parent.mkdir()
    folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        old.rename(folder)
        raise


def put_back(folder: Path) -> None:
    """Restore the name of the old site if a build was killed while replacing it."""
    for old in folder.parent.glob(f".iccs-scratch-*/{_OLD}"):
        if not folder.exists() and (old / folder.name / MARK).is_file():
            (old / folder.name).rename(folder)
