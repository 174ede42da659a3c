"""Values as plain JSON and back, by the types that their dataclasses declare.

For what is kept beside the books and may be computed again at any time: a field that is added
later is written and read without a line here, and a type nobody thought of is refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

_T = TypeVar("_T")
_Reader = Callable[[Any], Any]
_SCALARS = {str, int, bool, NoneType}


def to_plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    """Turn a value into lists, text, integers, booleans and nulls.

    Raises:
        TypeError: It holds something that cannot be read back exactly, such as a float.
    """
    if type(value) in _SCALARS:
        return value
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date | Decimal):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return [to_plain(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, Mapping):
        return [[to_plain(key), to_plain(inner)] for key, inner in value.items()]
    if isinstance(value, tuple | list):
        return [to_plain(inner) for inner in value]
    message = f"a {type(value).__name__} cannot be kept as plain JSON: declare how in plain.py"
    raise TypeError(message)


def from_plain(of: type[_T], plain: object) -> _T:
    """Read a value of a type back from what `to_plain` made of it; sequences come as tuples.

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
        if is_dataclass(of):
            names = [field.name for field in fields(of)]
        else:
            names = list(getattr(of, "_fields", ()))
            if not names:
                raise _unreadable(of)
        hints = get_type_hints(of)
        readers = [self.reader(hints[name]) for name in names]
        read = _row(lambda values: of(*values), readers)
        return _once_a_row(read) if all(hints[name] in self._flat for name in names) else read


def _same(plain: Any) -> Any:  # noqa: ANN401 - as it is
    return plain


def _row(make: Callable[[list[Any]], Any], readers: list[_Reader]) -> _Reader:
    def read(plain: Any) -> Any:  # noqa: ANN401 - a row of some type
        return make([one(value) for one, value in zip(readers, plain, strict=True)])

    return read


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
