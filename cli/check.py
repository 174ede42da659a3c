"""`graduand check`: one line for each thing a night stands on, and what to do about it."""

import argparse
from collections.abc import Callable, Sequence

from config.load import load_config, load_tickets
from config.settings import settings_from_environment
from config.wiring import wiring_problems
from tasks.core.errors import ConfigError, GraduandError
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.pages.text import LONGEST_SENTENCE, plain

#: Faults of one check that are told; one is enough to act, thousands tell no more.
_SHOWN = 20
#: Of the names of checks; sources with longer ones make a wider column of their own.
_WIDTH = 14


def main(chosen: argparse.Namespace) -> int:
    """Check settings first, for everything stands on them; then each of the others."""
    if not _line("settings", _settings):
        return 1
    if chosen.sources:
        return 0 if _sources(chosen.sources) else 1
    results = [_line(name, probe) for name, probe in _PROBES.items()]
    if not chosen.offline and results[0]:
        results.append(_sources(None))
    if chosen.deep:
        results.append(_deep())
    return 0 if all(results) else 1


def _sources(names: Sequence[str] | None) -> bool:
    """Ask the sources; a configuration that cannot be read has been told above."""
    # Only now: reading a log takes the lake's engine, which a plain check need not wait for.
    from cli.check_sources import asked  # noqa: PLC0415  # see above

    settings = settings_from_environment()
    config = load_config(settings.config_dir)
    told = names or [source.name for source in config.sources.sources if source.enabled]
    width = max([_WIDTH - 1, *map(len, told)])
    is_sound = True
    for one in asked(config, settings, names):
        is_sound = is_sound and one.told is not None
        lines = [("✗", one.fault)] if one.told is None else [("✓", one.told.told)]
        lines += [("!", warning) for warning in one.told.warnings] if one.told else []
        for sign, words in lines:
            # At once: the next source may take a minute to answer.
            print(f"  {sign} {one.source:<{width}} {plain(words, LONGEST_SENTENCE)}", flush=True)
    return is_sound


def _deep() -> bool:
    """Prove what is stored, to the byte; a store that cannot be opened has been told above."""
    # Only now: the lake's engine takes a second that a plain check need not wait.
    from cli.deep import deep_checks  # noqa: PLC0415  # see above

    settings = settings_from_environment()
    is_sound = True
    try:
        config = load_config(settings.config_dir)
        lake = Lake.open(settings.lake_dir)
        url = settings.database_url.get_secret_value()
        with Ledger.open(url, lake_id=lake.lake_id) as ledger:
            for one in deep_checks(config, lake, ledger):
                is_sound = is_sound and not one.faults
                _tell_checked(one.name, one.proved, one.faults)
    except GraduandError as error:
        print(f"  ✗ {'deep':<{_WIDTH}}could not go on: {plain(str(error), LONGEST_SENTENCE)}")
        return False
    return is_sound


def _tell_checked(name: str, proved: str, faults: Sequence[str]) -> None:
    if not faults:
        print(f"  ✓ {name:<{_WIDTH}}{proved}")
    for fault in faults[:_SHOWN]:
        print(f"  ✗ {name:<{_WIDTH}}{plain(fault, LONGEST_SENTENCE)}")
    if len(faults) > _SHOWN:
        print(f"  ✗ {name:<{_WIDTH}}... and {len(faults) - _SHOWN} more")


def _line(name: str, probe: Callable[[], str]) -> bool:
    try:
        found = probe()
    except GraduandError as error:
        indented = str(error).replace("\n", "\n" + " " * 18)
        print(f"  ✗ {name:<{_WIDTH}}{indented}")
        return False
    print(f"  ✓ {name:<{_WIDTH}}{found}")
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
    config = load_config(settings.config_dir)
    sources = config.sources
    tickets = load_tickets(settings.config_dir, config.catalog)
    problems = wiring_problems(settings, sources, tickets)
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
