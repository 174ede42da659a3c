"""Where things are and what is secret: the environment, once, as one frozen object.

The only module that reads the environment. Every variable starts with
`GRADUAND_`; every value may stand in a file instead, named by the same variable
with `_FILE` at its end (Docker and Kubernetes secrets). What people review
belongs in the YAML files, not here.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import NoReturn

from pydantic import SecretStr

from config.environment import PREFIX, Values, read_values
from config.errors import ConfigError
from config.setting_values import (
    address,
    database_url,
    digest_key,
    host_list,
    instant,
    lake_dir,
    readable_file,
    role_name,
    secret_text,
    whole_minutes,
)


class _Unpicklable:
    """Secrets do not travel: a process that needs them reads its own environment."""

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        message = (
            f"{type(self).__name__} holds secrets and is not pickled; "
            "call settings_from_environment() in the process that needs it"
        )
        raise TypeError(message)


@dataclass(frozen=True)
class Secret(_Unpicklable):
    """A credential and the only hosts it may be sent to.

    Attributes:
        name: As in sources.yaml, lower case, with `-` for every separator.
        hosts: `host` or `host:port`, lower case; at least one.
    """

    name: str
    value: SecretStr
    hosts: frozenset[str]


@dataclass(frozen=True)
class Settings(_Unpicklable):
    """Everything the environment decides.

    Attributes:
        digest_key: Key of the HMACs that stand for branches, user repositories and
            session ids. Changing it cuts all older digests off from newer ones.
        database_url: SQLAlchemy address of the ledger; may hold a password.
        database_writer_role: PostgreSQL role that nights log in as; migrating grants it its rights.
        lake_dir: Folder, or address of an object store such as `s3://bucket/prefix`.
        config_dir: Folder of catalog.yaml, policy.yaml and sources.yaml.
        work_dir: Folder that relative paths of log sources start from.
        night_deadline_minutes: After so long a night stops waiting for rate limits.
        directory: Which squad each person is of, CSV; read into memory only. None: nobody is told.
        ca_bundle: Further certificate authorities to trust, PEM; None: the usual ones alone.
        now: Rehearsal clock, aware UTC; None outside sandbox and tests.
        base_urls: Address by source name (as `Secret.name`) that replaces sources.yaml's.
        secrets: By name, see `secret`.
    """

    digest_key: SecretStr
    database_url: SecretStr
    lake_dir: str
    database_writer_role: str | None = None
    config_dir: Path = Path("config")
    work_dir: Path = Path()
    night_deadline_minutes: int = 240
    directory: Path | None = None
    ca_bundle: Path | None = None
    now: datetime | None = None
    base_urls: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, Secret] = field(default_factory=dict)

    def secret(self, name: str) -> Secret:
        """Look a secret up by its name in sources.yaml.

        Raises:
            ConfigError: The environment does not hold it.
        """
        found = self.secrets.get(plain_name(name))
        if found is None:
            variable = PREFIX + "SECRET_" + plain_name(name).replace("-", "_").upper()
            message = (
                f"secret {name!r} is not set; set {variable} (or {variable}_FILE) and "
                f"{variable}_HOSTS, the hosts it may be sent to"
            )
            raise ConfigError(message)
        return found

    def base_url(self, source: str, declared: object) -> str:
        """Give the address a source is read from, without a slash at its end.

        Args:
            source: Name of the source.
            declared: Its `base_url` in sources.yaml.
        """
        return self.base_urls.get(plain_name(source), str(declared)).rstrip("/")


def settings_from_environment() -> Settings:
    """Read the settings of this process; see `load_settings`."""
    return load_settings(os.environ)


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Make settings out of environment variables and the files they name.

    Args:
        environ: Only `GRADUAND_*` is looked at; an empty value counts as not set.

    Raises:
        ConfigError: A variable is unknown, missing or unusable; it lists all of them
            and repeats no value.
    """
    values = read_values(environ)
    work_dir = values.path("WORK_DIR", Path())
    settings = Settings(
        digest_key=values.take("DIGEST_KEY", digest_key, SecretStr("")),
        database_url=values.take(
            "DATABASE_URL", database_url, SecretStr(f"sqlite:///{work_dir / 'var' / 'ledger.db'}")
        ),
        lake_dir=values.take("LAKE_DIR", lake_dir, str(work_dir / "var" / "lake")),
        database_writer_role=values.take("DATABASE_WRITER_ROLE", role_name, None),
        config_dir=values.path("CONFIG_DIR", Path("config")),
        work_dir=work_dir,
        night_deadline_minutes=values.take("NIGHT_DEADLINE_MINUTES", whole_minutes, 240),
        directory=values.take("DIRECTORY", readable_file, None),
        ca_bundle=values.take("CA_BUNDLE", readable_file, None),
        now=values.take("NOW", instant, None),
        base_urls=MappingProxyType(_base_urls(values)),
        secrets=MappingProxyType(_secrets(values)),
    )
    if not settings.digest_key.get_secret_value():
        values.refuse_missing_digest_key()
    if values.problems:
        what = "the environment"
        raise ConfigError.listing(what, values.problems)
    return settings


def _base_urls(values: Values) -> dict[str, str]:
    return {
        plain_name(source): values.take(f"BASE_URL_{source}", address, "")
        for source in values.base_url_names
    }


def _secrets(values: Values) -> dict[str, Secret]:
    secrets = {}
    for name in values.secret_names:
        value = values.take(f"SECRET_{name}", secret_text, SecretStr(""))
        hosts = values.take(f"SECRET_{name}_HOSTS", host_list, frozenset[str]())
        values.refuse_unbound(name)
        secrets[plain_name(name)] = Secret(plain_name(name), value, hosts)
    return secrets


def plain_name(name: str) -> str:
    """Write the name of a secret or source as the keys of `Settings` have it."""
    return name.lower().replace("_", "-").replace(".", "-")
