"""The step before acquiring: fetch what is new at the addresses of a source into its input folder.

A file is downloaded under a temporary name, checked, and renamed into ``input/<source>/acquired``: a failed attempt
leaves the last good file. The run keeps the bytes by sha256 like those of any input; here their origin and time are
recorded.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.collect.acquire import FETCHED, find_layouts
from pipelines.collect.fetch.limits import Limits, require_allowed
from pipelines.collect.fetch.received import Receipt, Received, read_received, write_received
from pipelines.collect.fetch.stores import NothingThere, copy_file, fetch_store, list_folder, list_store, open_store
from pipelines.collect.fetch.web import Answer, fetch_web
from pipelines.system.clock import utc_now
from pipelines.system.errors import DataRefused, Problem, is_disk_full
from pipelines.system.files import replace_atomically, sha256_of_file
from pipelines.system.removal import make_work_folder
from pipelines.system.settings import Settings
from schemas.definition.acquisition import Acquisition
from schemas.errors import UsageError
from schemas.source import SourceFolder

_FIRST_BYTES = 512
_STARTS = {"excel": (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"), "parquet": (b"PAR1",)}
_PAGES = (b"<!doctype html", b"<html", b"<head", b'<?xml version="1.0" encoding="utf-8"?><!doctype html')


@dataclass(frozen=True)
class FetchedFile:
    """The outcome for one file: ``new``, ``changed``, ``same``, or ``gone`` (kept here, no longer at its address)."""

    name: str
    address: str
    end: str
    size: int
    received: str


@dataclass(frozen=True)
class Fetched:
    """What fetching a source did."""

    source_id: str
    files: tuple[FetchedFile, ...]

    @property
    def rows(self) -> int:
        """How many files the addresses gave, new or not."""
        return sum(file.end != "gone" for file in self.files)

    @property
    def summary(self) -> str:
        """One line for people."""
        ends = [file.end for file in self.files]
        return ", ".join(f"{ends.count(end)} {end}" for end in ("new", "changed", "same", "gone") if end in ends)


def fetch(folder: SourceFolder, settings: Settings) -> Fetched:
    """Fetch what is new at the addresses of a source.

    Args:
        folder: a source with ``acquire``.
        settings: where data live, and the allowed origins; the caller must hold the lock of the data folder.

    Raises:
        DataRefused: a file could not be fetched or is not data; the others were fetched nevertheless.
        UsageError: an address is not allowed, or its library or secret is missing.
    """
    for one in folder.source.acquire:
        _check_declared(one, folder, settings)
    fetching = _Fetching(folder, settings)
    problems: list[Problem] = []
    for one in folder.source.acquire:
        try:
            for file in fetching.files_at(one):
                try:
                    fetching.take(file)
                except DataRefused as refused:
                    problems += refused.problems
        except NothingThere as error:
            found = f"{str(error)[:1].upper()}{str(error)[1:]}."
            problems.append(Problem(rule="file_not_fetched", source=folder.source_id, file=one.file_name, found=found))
    if problems:
        raise DataRefused(problems)
    return Fetched(folder.source_id, (*fetching.files, *fetching.gone()))


def _check_declared(one: Acquisition, folder: SourceFolder, settings: Settings) -> None:
    require_allowed(one, settings)
    if folder.source.of_persons and not (one.is_web or one.is_store):
        raise UsageError(
            f"source.yml: acquire: {one.address}: records of persons are not copied from a folder on this machine; use "
            "them where they are: iccs run --from DIR, or put the folder into the input folder"
        )
    place = settings.input / folder.source_id / FETCHED / one.file_name
    if not one.is_pattern and _layout_of(folder, place, settings) is None:
        patterns = ", ".join(pattern for layout in folder.source.layouts for pattern in layout.files)
        raise UsageError(
            f"source.yml: acquire: {one.address} gives a file {one.file_name!r}, which matches no layout ({patterns}); "
            "give it a name under acquire, or add its name under files"
        )


def _layout_of(folder: SourceFolder, path: Path, settings: Settings) -> int | None:
    found = find_layouts(folder, settings.input, path)
    return found[0] if found else None


class _Fetching:
    """Fetches the files of one source, one after the other, and records each as it arrives."""

    def __init__(self, folder: SourceFolder, settings: Settings) -> None:
        self.folder, self.settings = folder, settings
        self.place = settings.input / folder.source_id / FETCHED
        self.received: Received = read_received(folder.source_id, settings)
        self.files: list[FetchedFile] = []
        self._store: Any = None

    def files_at(self, one: Acquisition) -> Iterator[Acquisition]:
        """Yield the files that an address stands for."""
        if one.is_web:
            yield one
        elif one.is_store:
            self._store = self._store or open_store()
            with self._store_errors(one):
                found = list_store(self._store, one)
            yield from found
        else:
            yield from list_folder(one)

    def take(self, one: Acquisition) -> None:
        """Fetch one file.

        Raises:
            DataRefused: it could not be fetched, or is not data.
        """
        name, settings = one.file_name, self.settings
        limits = Limits(
            self.folder.source_id, name, settings.max_file_mib * 1024**2, float(settings.max_acquire_seconds)
        )
        target = self.place / name
        last = self.received.last(one.address)
        is_here = last is not None and last.name == name and target.is_file() and sha256_of_file(target) == last.sha256
        part = make_work_folder(settings) / f"{self.folder.source_id}.fetched"
        try:
            answer = self._fetch(one, last if is_here else None, part, limits)
            receipt = None
            if answer is not None:
                layout = _layout_of(self.folder, target, settings)
                if layout is None:
                    raise limits.refuse("file_not_found", f"No layout of source.yml takes {name}, of {one.address}.")
                check_kind(part, self.folder.source.layouts[layout].read.format, limits)
                receipt = self._keep(one, answer, part, target, last)
        finally:
            part.unlink(missing_ok=True)
        self.received = self.received.with_check(one.address, receipt)
        write_received(self.folder.source_id, self.received, settings)
        end = "same" if receipt is None else "new" if last is None else "changed"
        known = receipt or last
        if known is not None:
            self.files.append(FetchedFile(name, one.address, end, known.size, known.received))

    def _fetch(self, one: Acquisition, last: Receipt | None, part: Path, limits: Limits) -> Answer | None:
        if one.is_web:
            return fetch_web(one, last, part, limits, self.settings)
        if one.is_store:
            with self._store_errors(one):
                return fetch_store(self._store, one, last, part, limits)
        return copy_file(one, part, limits)

    def _keep(self, one: Acquisition, answer: Answer, part: Path, target: Path, last: Receipt | None) -> Receipt | None:
        """Move a file into place; return its receipt, None if the content is that of the previous one."""
        digest, size = sha256_of_file(part), part.stat().st_size
        if not target.is_file() or sha256_of_file(target) != digest:
            self.place.mkdir(parents=True, exist_ok=True)
            replace_atomically(target, lambda temporary: shutil.move(part, temporary))
        if last is not None and (last.sha256, last.name) == (digest, target.name):
            return None
        return Receipt(one.address, target.name, digest, size, utc_now(), answer.came_from, answer.headers)

    def gone(self) -> list[FetchedFile]:
        """Return the files here that no address provides any longer; their figures stay until somebody deletes them."""
        there = {file.name for file in self.files}
        last = {one.name: one for one in self.received.receipts}
        return [
            FetchedFile(name, last[name].address, "gone", last[name].size, last[name].received)
            for name in sorted(last)
            if name not in there and (self.place / name).is_file()
        ]

    @contextmanager
    def _store_errors(self, one: Acquisition) -> Iterator[None]:
        """Report a failure of a store, but only the type of the error, as its text may contain credentials."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (OSError, BotoCoreError, ClientError) as error:
            if is_disk_full(error):
                raise
            found = f"{one.address} could not be fetched from the store ({type(error).__name__})."
            problem = Problem(rule="file_not_fetched", source=self.folder.source_id, file=one.file_name, found=found)
            raise DataRefused([problem]) from error


def check_kind(path: Path, file_format: str, limits: Limits) -> None:
    """Refuse a download that is not data, before it replaces a file that is.

    Args:
        path: the download.
        file_format: of the layout: csv, excel or parquet.
        limits: with the names of source and file.

    Raises:
        DataRefused: it is empty, a web page, or of another kind.
    """
    with path.open("rb") as file:
        first = file.read(_FIRST_BYTES)
    if not first:
        raise limits.refuse("file_empty", "The address returned an empty file.")
    text = first.replace(b"\x00", b"").removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if text.startswith(_PAGES):
        raise limits.refuse("file_is_html", "The address returned a web page (HTML), not data.")
    starts = _STARTS.get(file_format)
    if (starts is not None and not first.startswith(starts)) or (starts is None and first.startswith(b"%PDF")):
        raise limits.refuse("file_not_readable", f"The address returned something that is not of type {file_format}.")
