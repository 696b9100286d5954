"""What the values of this room are made of: frozen, closed, exact."""

from dataclasses import dataclass
from typing import TypeVar, dataclass_transform

from pydantic import BaseModel, ConfigDict

T = TypeVar("T")


class Frozen(BaseModel):
    """A frozen pydantic model that refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


@dataclass_transform(frozen_default=True, kw_only_default=True)
def frozen(kind: type[T]) -> type[T]:
    """A dataclass for the many small values of a plan, frozen by mypy, which sees every line that makes or reads them.

    At run time nothing freezes it: that would take as long again as all else that makes the value, and a plan has
    millions of them (docs/figures.md).
    """
    return dataclass(slots=True, kw_only=True, unsafe_hash=True)(kind)
