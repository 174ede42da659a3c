"""Values as plain JSON and back, by the types that their dataclasses declare.

For what is kept beside the books and may be computed again at any time: a field that is added
later is written and read without a line here, and a type nobody thought of is refused.

`to_plain` writes the fields of a dataclass as a row, which is small; `to_named` by name, which
people can read, and which a later version reads as long as what it added has a default.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel

_T = TypeVar("_T")
_Reader = Callable[[Any], Any]
_SCALARS = {str, int, bool, NoneType}


def to_plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Turn a value into lists, text, integers, booleans and nulls.

    Raises:
        TypeError: It holds something that cannot be read back exactly, such as a float.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return [to_plain(getattr(value, field.name)) for field in fields(value)]
    return _plain(value, to_plain)


def to_named(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Do as `to_plain`, with the fields of dataclasses by name.

    Shapes of the configuration are written whole: a default that changes later moves nothing, and
    one that was recorded and read back is written as it was.

    Raises:
        TypeError: As `to_plain` does.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_named(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, BaseModel):
        return _shape(value.model_dump(mode="python", by_alias=True))
    return _plain(value, to_named)


def _shape(value: object) -> Any:  # noqa: ANN401 - as above
    """Turn what a shape holds into plain JSON; an amount is spelt one way, `1500.00` as `1500`."""
    if isinstance(value, Mapping):
        return {str(key): _shape(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_shape(inner) for inner in value]
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return _plain(value, _shape)


def _plain(value: object, inner_of: Callable[[object], Any]) -> Any:  # noqa: ANN401 - as above
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return [[inner_of(key), inner_of(inner)] for key, inner in value.items()]
    if isinstance(value, tuple | list):
        return [inner_of(inner) for inner in value]
    message = f"a {type(value).__name__} cannot be kept as plain JSON: declare how in plain.py"
    raise TypeError(message)


def from_plain(of: type[_T], plain: object) -> _T:
    """Read a value of a type back from what `to_plain` or `to_named` made of it.

    Sequences come as tuples. Of fields by name, one that is not there takes its default.

    Raises:
        TypeError: The type is none that can be read back.
        ValueError: The value is not of that type's shape.
    """
    return cast("_T", _Readers().reader(of)(plain))


class _Readers:
    """The functions that read one value back, one a type, with the flat rows they have met.

    A night names the same destinations on every day: each is made once.
    """

    def __init__(self) -> None:
        self._flat = set(_SCALARS)

    def reader(self, of: Any) -> _Reader:  # noqa: ANN401 - a type, or what `typing` makes of some
        origin, inner = get_origin(of), get_args(of)
        if of in _SCALARS:
            return _same
        if origin in {Union, UnionType}:
            return self._optional(of, inner)
        if origin is tuple and inner[1:] != (...,):
            return _row(tuple, [self.reader(one) for one in inner])
        if isinstance(origin, type) and issubclass(origin, Mapping):
            key, value = map(self.reader, inner)
            return lambda plain: {key(one): value(other) for one, other in plain}
        if isinstance(origin, type) and inner:
            item = self.reader(inner[0])
            return lambda plain: tuple(map(item, plain))
        if isinstance(of, type):
            return self._of_type(of)
        raise _unreadable(of)

    def _optional(self, of: object, inner: tuple[Any, ...]) -> _Reader:
        others = [one for one in inner if one is not NoneType]
        if len(others) != 1:
            raise _unreadable(of)
        reader = self.reader(others[0])
        if others[0] in self._flat:
            self._flat.add(of)  # type: ignore[arg-type]  # a union is as good a key as a type
        return lambda plain: None if plain is None else reader(plain)

    def _of_type(self, of: type) -> _Reader:
        if issubclass(of, date):
            self._flat.add(of)
            return _once(of.fromisoformat)
        if issubclass(of, Enum | Decimal):
            self._flat.add(of)
            return _once(of)
        if issubclass(of, BaseModel):
            return of.model_validate
        if is_dataclass(of):
            names = [field.name for field in fields(of)]
        else:
            names = list(getattr(of, "_fields", ()))
            if not names:
                raise _unreadable(of)
        hints = get_type_hints(of)
        readers = {name: self.reader(hints[name]) for name in names}
        read = _row(lambda values: of(*values), list(readers.values()))
        if all(hints[name] in self._flat for name in names):
            read = _once_a_row(read)
        return _by_shape(read, _named(of, readers))


def _same(plain: Any) -> Any:  # noqa: ANN401 - as it is
    return plain


def _row(make: Callable[[list[Any]], Any], readers: list[_Reader]) -> _Reader:
    def read(plain: Any) -> Any:  # noqa: ANN401 - a row of some type
        return make([one(value) for one, value in zip(readers, plain, strict=True)])

    return read


def _named(of: type, readers: Mapping[str, _Reader]) -> _Reader:
    def read(plain: Any) -> Any:  # noqa: ANN401 - fields of some type
        unknown = sorted(plain.keys() - readers.keys())
        if unknown:
            message = f"{of.__name__} has no field {unknown[0]!r}"
            raise ValueError(message)
        try:
            return of(**{name: readers[name](value) for name, value in plain.items()})
        except TypeError as error:  # a field without a default is missing
            message = f"{of.__name__}: {error}"
            raise ValueError(message) from None

    return read


def _by_shape(read_row: _Reader, read_named: _Reader) -> _Reader:
    return lambda plain: read_named(plain) if isinstance(plain, dict) else read_row(plain)


def _once(make: _Reader) -> _Reader:
    known: dict[Any, Any] = {}

    def read(plain: Any) -> Any:  # noqa: ANN401 - a scalar of some type
        if plain not in known:
            known[plain] = make(plain)
        return known[plain]

    return read


def _once_a_row(read: _Reader) -> _Reader:
    look_up = _once(read)
    return lambda plain: look_up(tuple(plain))


def _unreadable(of: object) -> TypeError:
    return TypeError(f"{of} cannot be read back from plain JSON: declare how in plain.py")
