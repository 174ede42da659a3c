"""`graduand check`: one line for each thing a night stands on, and what to do about it."""

import argparse
from collections.abc import Callable

from config.load import load_config
from config.settings import settings_from_environment
from config.wiring import wiring_problems
from tasks.core.errors import ConfigError, GraduandError
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger


def main(_chosen: argparse.Namespace) -> int:
    """Check settings first, for everything stands on them; then each of the others."""
    if not _line("settings", _settings):
        return 1
    results = [_line(name, probe) for name, probe in _PROBES.items()]
    return 0 if all(results) else 1


def _line(name: str, probe: Callable[[], str]) -> bool:
    try:
        found = probe()
    except GraduandError as error:
        indented = str(error).replace("\n", "\n" + " " * 18)
        print(f"  ✗ {name:<14}{indented}")
        return False
    print(f"  ✓ {name:<14}{found}")
    return True


def _settings() -> str:
    settings = settings_from_environment()
    return f"{len(settings.secrets)} secrets, lake at {settings.lake_dir}"


def _configuration() -> str:
    config = load_config(settings_from_environment().config_dir)
    workflows = len(config.catalog.workflows)
    return f"{workflows} workflows, {len(config.sources.sources)} sources"


def _wiring() -> str:
    settings = settings_from_environment()
    sources = load_config(settings.config_dir).sources
    problems = wiring_problems(settings, sources)
    if problems:
        lines = [f"{one.source or 'environment'}: {one.message}" for one in problems]
        raise ConfigError("\n".join(lines))
    return f"{sum(source.enabled for source in sources.sources)} sources have what they need"


def _lake() -> str:
    return f"lake {Lake.open(settings_from_environment().lake_dir).lake_id}"


def _ledger() -> str:
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    with Ledger.open(settings.database_url.get_secret_value(), lake_id=lake.lake_id) as ledger:
        verified = ledger.verify()
    return f"{verified.entries} entries, chain head {verified.head[:12] or 'none yet'}"


_PROBES = {
    "configuration": _configuration,
    "wiring": _wiring,
    "lake": _lake,
    "ledger": _ledger,
}
