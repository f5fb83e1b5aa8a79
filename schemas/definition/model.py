"""What every part of a source definition is: an immutable model without other keys than those declared."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Declared(BaseModel):
    """A part of source.yml; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
