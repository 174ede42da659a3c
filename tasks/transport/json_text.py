"""Parses JSON from outside: exact numbers, unique keys, and no nesting beyond a cap."""

import json
from decimal import Decimal
from typing import Never

from tasks.transport.bodies import UnusableBodyError

#: Larger exponents are no quantity of anything, but expand to gigabytes as an integer.
_MAX_EXPONENT = 400
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")


def parse_json(body: bytes, max_depth: int) -> object:
    """Parse a UTF-8 body; an empty one is None.

    Numbers with a fraction or exponent become `Decimal`, so that no amount ever
    passes through a float; integers become `int`.

    Raises:
        UnusableBodyError: Not UTF-8, not JSON, a key twice in one object, NaN or
            Infinity, a number of absurd size, or nesting beyond `max_depth`.
    """
    if not body.strip():
        return None
    _check_depth(body, max_depth)
    try:
        parsed: object = json.loads(
            body.decode("utf-8-sig"),
            parse_float=_exact,
            parse_constant=_refuse_constant,
            object_pairs_hook=_unique,
        )
    except UnicodeDecodeError as error:
        message = f"the body is not UTF-8 at byte {error.start}"
        raise UnusableBodyError(message) from None
    except json.JSONDecodeError as error:
        message = f"the body is not JSON at character {error.pos}"
        raise UnusableBodyError(message) from None
    except UnusableBodyError:
        raise
    except ValueError:  # an integer of thousands of digits
        message = "the body holds a number of absurd size"
        raise UnusableBodyError(message) from None
    return parsed


def _check_depth(body: bytes, max_depth: int) -> None:
    """Refuse deep nesting before any parser recurses into it.

    Strings are cut out and braces count as brackets; then each round removes all
    innermost pairs, so the number of rounds is the depth. Every step runs in C.
    """
    if body.count(b"[") + body.count(b"{") <= max_depth:
        return
    unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    brackets = b"".join(unescaped.split(b'"')[::2]).translate(_ONE_KIND, _NOT_BRACKETS)
    for _ in range(max_depth):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"")
    if brackets:
        message = f"the body nests deeper than {max_depth} levels, or its brackets do not pair"
        raise UnusableBodyError(message)


def _exact(text: str) -> Decimal:
    value = Decimal(text)
    if abs(value.adjusted()) > _MAX_EXPONENT:
        message = "the body holds a number of absurd size"
        raise UnusableBodyError(message)
    return value


def _refuse_constant(_: str) -> Never:
    message = "the body holds NaN or Infinity, which JSON does not know"
    raise UnusableBodyError(message)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    record = dict(pairs)
    if len(record) != len(pairs):
        message = "the body holds an object that names one key twice"
        raise UnusableBodyError(message)
    return record
