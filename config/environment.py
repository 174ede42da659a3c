"""Collect the text of settings: which variables exist, the files they name, unknown ones.

Works on a mapping it is given; nothing here reads the environment itself, and no
message repeats a value.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from config.problems import Problem, suggestion
from config.setting_values import HOW_TO_MAKE_A_KEY, folder

ValueT = TypeVar("ValueT")
DefaultT = TypeVar("DefaultT")

PREFIX = "GRADUAND_"
ENVIRONMENT = "environment"
#: Settings with one fixed name, without the prefix.
NAMES = (
    "CA_BUNDLE",
    "CONFIG_DIR",
    "DATABASE_URL",
    "DATABASE_WRITER_ROLE",
    "DIGEST_KEY",
    "DIRECTORY",
    "LAKE_DIR",
    "NIGHT_DEADLINE_MINUTES",
    "NOW",
    "WORK_DIR",
)
#: Read by the tests only, and nothing to complain about.
_OF_TESTS = re.compile(r"GRADUAND_(SHARED|REQUIRE_POSTGRES|TEST_[A-Z0-9_]+)")
_MAX_FILE_BYTES = 64 * 1024  # a private key of 16,384 bits is 13 kB


@dataclass(slots=True)
class Values:
    """The text of every setting, and the problems met so far.

    Attributes:
        texts: By name without prefix and without `_FILE`; never empty text.
        mentioned: Names of `texts`, and those whose file could not be read.
        base_url_names: What stands after `BASE_URL_`, sorted.
        secret_names: What stands after `SECRET_`, without `_HOSTS`, sorted.
    """

    texts: dict[str, str] = field(default_factory=dict, repr=False)
    mentioned: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)
    base_url_names: tuple[str, ...] = ()
    secret_names: tuple[str, ...] = ()

    def take(
        self, name: str, parse: Callable[[str], ValueT], default: DefaultT
    ) -> ValueT | DefaultT:
        """Parse a setting; the default stands in for one that is not set or unusable."""
        text = self.texts.get(name)
        if text is None:
            return default
        try:
            return parse(text)
        except ValueError as error:
            self.refuse(name, str(error))
            return default

    def path(self, name: str, default: Path) -> Path:
        """Parse a folder of this machine."""
        return self.take(name, folder, default)

    def refuse(self, name: str, message: str) -> None:
        """Note what is wrong with a setting."""
        self.problems.append(Problem(ENVIRONMENT, 0, PREFIX + name, message))

    def refuse_missing_digest_key(self) -> None:
        """Note that the digest key is not set, unless it is set wrongly."""
        if "DIGEST_KEY" not in self.mentioned:
            self.refuse("DIGEST_KEY", f"is not set; {HOW_TO_MAKE_A_KEY}")

    def refuse_unbound(self, secret: str) -> None:
        """Note a secret without hosts, or hosts without their secret."""
        name = f"SECRET_{secret}"
        if name not in self.mentioned:
            self.refuse(name, "is not set, but its _HOSTS are; set it or remove them.")
        elif f"{name}_HOSTS" not in self.mentioned:
            message = "is not set; list the hosts that the secret may be sent to, by commas."
            self.refuse(f"{name}_HOSTS", message)


def read_values(environ: Mapping[str, str]) -> Values:
    """Collect every `GRADUAND_*` variable, read the files they name, refuse unknown ones."""
    values = Values()
    for variable, text in sorted(environ.items()):
        if not variable.startswith(PREFIX) or _OF_TESTS.fullmatch(variable) or not text.strip():
            continue
        name = variable.removeprefix(PREFIX)
        if not _is_known(name.removesuffix("_FILE")):
            message = "is no setting of graduand; remove it or correct its name."
            values.refuse(name, message + _meant(name))
            continue
        values.mentioned.add(name.removesuffix("_FILE"))
        if name.endswith("_FILE"):
            _take_file(values, name, Path(text))
        else:
            values.texts[name] = text
    values.base_url_names = tuple(sorted(_names_after(values, "BASE_URL_")))
    values.secret_names = tuple(
        sorted({name.removesuffix("_HOSTS") for name in _names_after(values, "SECRET_")})
    )
    return values


def _names_after(values: Values, beginning: str) -> list[str]:
    return [name.removeprefix(beginning) for name in values.mentioned if name.startswith(beginning)]


def _is_known(name: str) -> bool:
    is_named = re.fullmatch(r"(BASE_URL|SECRET)_[A-Z0-9][A-Z0-9_]*", name)
    return name in NAMES or (is_named is not None and name != "SECRET_HOSTS")


def _meant(name: str) -> str:
    stem = name.removesuffix("_FILE").upper()
    ending = name.removeprefix(stem)
    for prefix in ("BASE_URL_", "SECRET_"):
        # A misspelt prefix, e.g. SECRETS_GITHUB_TOKEN: the rest is the person's own.
        words = prefix.count("_")
        head, rest = "_".join(stem.split("_")[:words]), "_".join(stem.split("_")[words:])
        if rest and suggestion(head, [prefix.rstrip("_")]):
            return f" Did you mean `{PREFIX}{prefix}{rest}{ending}`?"
    found = suggestion(stem, NAMES)
    return found.replace("`", f"`{PREFIX}", 1).replace("`?", f"{ending}`?")


def _take_file(values: Values, name: str, file: Path) -> None:
    base = name.removesuffix("_FILE")
    if base in values.texts:
        values.refuse(name, f"and {PREFIX}{base} are both set; keep one.")
        return
    try:
        with file.open("rb") as stream:
            content = stream.read(_MAX_FILE_BYTES + 1)
        text = content.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        values.refuse(name, f"names a file that cannot be read ({error.strerror}); correct it.")
        return
    except ValueError:  # not UTF-8, or no file name at all
        values.refuse(name, "names a file that is not UTF-8 text; correct it.")
        return
    if len(content) > _MAX_FILE_BYTES:
        values.refuse(name, f"names a file of more than {_MAX_FILE_BYTES // 1024} KiB; correct it.")
    elif not text.strip():
        values.refuse(name, "names an empty file; write the value into it.")
    else:
        values.texts[base] = text
