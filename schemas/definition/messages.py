"""Error messages for mistakes in source.yml: the key, what is wrong with it, and the nearest valid one."""

from __future__ import annotations

import codecs
import typing
from collections.abc import Iterable
from functools import partial
from typing import Any
from zoneinfo import available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, ValidationError

from schemas.codelists import area_codes, load_areas, parse_age, valid_codes
from schemas.declarations import NotADeclaration
from schemas.errors import nearest_values

# The library's messages, reworded for the person who wrote the file.
_SAID = {
    "missing": "is missing",
    "string_type": "must be text; put it in quotes",
    "tuple_type": "must be a list, [one, two]",
    "model_type": "must contain keys, {key: value}",
    "dict_type": "must contain keys, {key: value}",
    "bool_parsing": "must be true or false",
}
# Kinds of error that only repeat what is reported for a value inside.
_FOLLOWS = ("too_short",)
# The most names that can be read at a glance.
_FEW = 12
# The most names that help somebody who wrote nothing near to one of them.
_SEVERAL = 60


def yaml_problem(error: Exception) -> str:
    """Return what is wrong with a text that is not a YAML mapping, with its line.

    >>> yaml_problem(TypeError("a declaration must hold a mapping"))
    'a declaration must hold a mapping'
    """
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return str(error).strip()
    mark = error.problem_mark
    place = f"line {mark.line + 1}, column {mark.column + 1}: {error.problem}"
    if isinstance(error, NotADeclaration):
        return place
    if "mapping values are not allowed" in (error.problem or ""):
        return f"{place}; text that contains a colon and a space must be quoted"
    if "cannot start any token" in (error.problem or ""):
        return f"{place}; indent with spaces, not tabs, and quote text that begins with a special character"
    return f"{place}; check the indentation of this line and of the line above"


def field_problems(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """Return a line for each field that is wrong: its place in the file, what is wrong, the nearest known name.

    Args:
        error: raised by the model.
        model: the model, whose fields are the known names.
    """
    found = error.errors()
    inside = [item["loc"] for item in found if item["type"] not in _FOLLOWS]
    return [
        _line(item["loc"], item["type"], item["msg"], item.get("input"), model)
        for item in found
        if item["type"] not in _FOLLOWS or not any(other[: len(item["loc"])] == item["loc"] for other in inside)
    ]


def _line(loc: tuple[int | str, ...], kind: str, message: str, given: Any, model: type[BaseModel]) -> str:
    key = str(loc[-1]) if loc else ""
    where = ".".join(str(part + 1) if isinstance(part, int) else part for part in loc)
    if kind == "extra_forbidden":
        return f"{where}: there is no such key{hint(key, _known_keys(model, loc[:-1]))}"
    if kind == "literal_error":
        return f"{where}: {given!r} must be {message.removeprefix('Input should be ')}"
    text = _SAID.get(kind) or message.removeprefix("Value error, ")
    if kind == "string_type":
        text = f"{given!r} {text}"
    return f"{where}: {text}" if where else text


def hint(value: str, known: Iterable[str]) -> str:
    """Return the end of a message: the nearest known values, and all of them where they can be read at a glance.

    >>> hint("ofence", ["offence", "victim"])
    '; nearest: offence; there are offence, victim'
    """
    names = sorted(known)
    near = nearest_values(value, names)
    return (f"; nearest: {', '.join(near)}" if near else "") + (
        f"; there are {', '.join(names)}" if len(names) <= (_FEW if near else _SEVERAL) else ""
    )


def require_known(where: str, names: tuple[str, ...], known: tuple[str, ...]) -> None:
    """Raise ValueError for a name that is not one of those known."""
    for name in names:
        if name not in known:
            near = nearest_values(name, known)
            nearest = f"; nearest: {', '.join(near)}" if near else ""
            raise ValueError(f"{where}: {name!r} is not one of {', '.join(known)}{nearest}")


def require_code(codelist: str, code: str, where: str = "") -> str:
    """Return the code; raise ValueError if the list does not have it, as it would be published unchecked."""
    valid = valid_codes(codelist)
    if valid is None:
        parse_age(code)
    elif code not in valid:
        raise ValueError(f"{where}there is no code {code!r}{hint(code, valid)}")
    return code


def code_of(codelist: str) -> AfterValidator:
    """Return the validator that restricts a field of a declaration to a code list."""
    return AfterValidator(partial(require_code, codelist))


def known_area_scheme(name: str) -> str:
    """Return the name of the scheme; raise ValueError if no list of areas has a column for it."""
    schemes = {scheme for area in load_areas() for scheme, _ in area.schemes} | {"code", "name"}
    if name not in schemes:
        raise ValueError(f"no area list has the scheme {name!r}{hint(name, schemes)}")
    return name


def known_area(code: str) -> str:
    """Return the code of the area; raise ValueError if no list has it."""
    areas = area_codes()
    if code not in areas:
        raise ValueError(f"there is no area {code!r}{hint(code, areas)}")
    return code


def known_encoding(name: str) -> str:
    """Return the name of the encoding; raise ValueError if Python has none of that name."""
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"{name!r} is not an encoding; write utf-8, cp1252, latin-1 or utf-16") from None
    return name


def known_time_zone(name: str) -> str:
    """Return the name of the time zone; raise ValueError if it is not in the IANA database."""
    zones = available_timezones()
    if name not in zones:
        raise ValueError(
            f"{name!r} is not a time zone{hint(name, zones)}; write America/Mexico_City, Europe/Madrid ..."
        )
    return name


def _known_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys that are allowed at a place of the file."""
    here: Any = model
    for part in loc:
        if isinstance(part, int) or not (isinstance(here, type) and issubclass(here, BaseModel)):
            continue
        if part not in here.model_fields:  # a name that the declaration gives, such as that of a measure
            continue
        here = _model_of(here.model_fields[part].annotation) or here
    return [name for name in here.model_fields if name != "source_id"]


def _model_of(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in typing.get_args(annotation) if (found := _model_of(part))), None)
