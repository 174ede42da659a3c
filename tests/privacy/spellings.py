"""How a name may be written down: every encoding that the byte search knows, by name.

Every spelling is at least `SHORTEST` bytes long, so that chance does not write it.
"""

import base64
import codecs
import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import quote

#: Fewer bytes would be met by accident.
SHORTEST = 6
#: Characters of a digest that make a hit: who cuts a digest short leaks as much.
_DIGEST_HEX = 16
_DIGEST_RAW = 10

Spell = Callable[[str], bytes]


def _codes(template: str) -> Spell:
    """Write every byte of the text as a code of its own."""
    return lambda text: "".join(template.format(one) for one in text.encode()).encode()


def _points(template: str) -> Spell:
    """Write every UTF-16 unit of the text as a code of its own."""

    def spell(text: str) -> bytes:
        units = text.encode("utf-16-be")
        pairs = zip(units[::2], units[1::2], strict=True)
        return "".join(template.format(high * 256 + low) for high, low in pairs).encode()

    return spell


def _without_marks(text: str) -> bytes:
    """Leave out accents, as logins and slugs do."""
    apart = unicodedata.normalize("NFKD", text)
    return "".join(one for one in apart if not unicodedata.combining(one)).encode()


def _latin(text: str) -> bytes:
    return text.encode("latin-1", "ignore")  # what it lacks is no reason to look for question marks


#: Encodings in which ASCII letters of either case look alike to the search.
FOLDED: dict[str, Spell] = {
    "text": str.encode,
    "latin-1": _latin,
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "utf-32-le": lambda text: text.encode("utf-32-le"),
    "percent codes": _codes("%{:02x}"),
    "percent codes of the rest": lambda text: quote(text).encode(),
    "HTML entities, decimal": _points("&#{};"),
    "HTML entities, hexadecimal": _points("&#x{:x};"),
    "JSON escapes": _points("\\u{:04x}"),
    "JSON escapes of the rest": lambda text: json.dumps(text)[1:-1].encode(),
    "string escapes": _codes("\\x{:02x}"),
    "octal escapes": _codes("\\{:03o}"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "quoted-printable": _codes("={:02x}"),
    "rot13": lambda text: codecs.encode(text, "rot13").encode(),
    "reversed": lambda text: text[::-1].encode(),
    "decomposed": lambda text: unicodedata.normalize("NFD", text).encode(),
    "without accents": _without_marks,
    "base32": lambda text: base64.b32encode(text.encode()).rstrip(b"=").lower(),
}
_BASE64 = {"base64": base64.b64encode, "url-safe base64": base64.urlsafe_b64encode}
_DIGESTS = ("md5", "sha1", "sha256", "sha512", "blake2b")

#: Every encoding; those of digests are of the value alone, without a key.
ENCODINGS: tuple[str, ...] = (
    *FOLDED,
    *(f"{name}, {shift} bytes in" for name in _BASE64 for shift in range(3)),
    *(f"{name}, {form}" for name in _DIGESTS for form in ("hexadecimal", "bytes", "base64")),
)


def folded(mark: str) -> Iterator[tuple[str, bytes]]:
    """Spell a mark in every encoding that is searched without regard to case."""
    for text in _cases(mark):
        for name, spell in FOLDED.items():
            spelt = spell(text).lower()
            if len(spelt) >= SHORTEST:
                yield name, spelt
    for content in _digested(mark):
        for name in _DIGESTS:
            spelt = hashlib.new(name, content, usedforsecurity=False).hexdigest().encode()
            yield f"{name}, hexadecimal", spelt[:_DIGEST_HEX]


def exact(mark: str) -> Iterator[tuple[str, bytes]]:
    """Spell a mark in every encoding in which case matters."""
    for text in _cases(mark):
        for name, encode in _BASE64.items():
            for shift in range(3):
                spelt = _inside(encode, text.encode(), shift)
                if len(spelt) >= SHORTEST:
                    yield f"{name}, {shift} bytes in", spelt
    for content in _digested(mark):
        for name in _DIGESTS:
            raw = hashlib.new(name, content, usedforsecurity=False).digest()
            yield f"{name}, bytes", raw[:_DIGEST_RAW]
            for encode in _BASE64.values():
                yield f"{name}, base64", encode(raw)[:_DIGEST_HEX]


def spelt(mark: str, encoding: str) -> bytes:
    """Spell a mark in one encoding, the first way it may look."""
    for name, spelling in (*folded(mark), *exact(mark)):
        if name == encoding:
            return spelling
    message = f"{mark!r} has no spelling in {encoding!r}"
    raise ValueError(message)


def _cases(mark: str) -> set[str]:
    return {mark, mark.lower(), mark.upper(), mark.title()}


def _digested(mark: str) -> Iterator[bytes]:
    """What somebody may have put into a digest: the bare value, a line, a JSON text."""
    for text in {mark, mark.lower()}:
        yield text.encode()
        yield text.encode() + b"\n"
        yield json.dumps(text).encode()
        yield json.dumps(text, ensure_ascii=False).encode()


def _inside(encode: Callable[[bytes], bytes], data: bytes, shift: int) -> bytes:
    """Give the characters that a text has wherever it starts in a longer one."""
    encoded = encode(b"\0" * shift + data)
    whole = (shift + len(data)) * 8 // 6
    return encoded[-(-shift * 8 // 6) : whole]
