"""The `graduand` command: words in, one of the modules beside it, exit status out.

0: done, and nothing needs a person. 1: something failed. 2: the request made no sense.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from cli.terminal import print_anywhere
from cli.words import day, days, moment, scale
from tasks.core.errors import GraduandError

#: The checkout: what the rehearsal stands on.
ROOT = Path(__file__).resolve().parents[1]
#: As a shell tells of a process that nobody reads any more.
_ENDED_BY_READER = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: Words after `graduand`; None for those of the process.

    Returns:
        Exit status.
    """
    print_anywhere()
    chosen = build_parser().parse_args(arguments)
    try:
        # Imported when chosen: Prefect takes two seconds that `graduand check` need not wait.
        command = import_module(f"cli.{chosen.command}").main
        status = int(command(chosen))
        sys.stdout.flush()
    except GraduandError as error:
        print(f"graduand: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        # Who reads has seen enough, e.g. `head`; what is left goes nowhere, and in silence.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _ENDED_BY_READER
    except OSError as error:
        if error.filename is None:
            raise
        fault = f"{error.filename!r} cannot be used ({error.strerror})"
        print(
            f"graduand: {fault}: correct the path or its permissions, or make room there",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("graduand: interrupted; a further run continues where this one stopped.")
        return 130
    return status


def build_parser() -> argparse.ArgumentParser:
    """Describe every command and its words."""
    parser = argparse.ArgumentParser(
        prog="graduand",
        description="Reconciles what agent workflows cost and ties it out to the vendors' bills.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    _add_adopt(commands.add_parser("adopt", help="a first day: draft workflows, next steps"))

    up = commands.add_parser("up", help="start server, deployments and worker on loopback")
    up.add_argument("--port", type=int, default=4200, help="of the Prefect server (4200)")
    up.add_argument(
        "--sandbox",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="read the sandbox organisation (the default while no secret is configured)",
    )

    run = commands.add_parser("run", help="reconcile once, here and now")
    run.add_argument("--from", dest="start", type=day, metavar="DAY")
    run.add_argument("--to", dest="end", type=day, metavar="DAY")
    run.add_argument("--source", action="append", dest="sources", metavar="NAME")
    run.add_argument("--as-of", type=moment, metavar="MOMENT")
    run.add_argument("--repull", action="store_true", help="read everything again")
    run.add_argument("--dry-run", action="store_true", help="compute and show, book nothing")

    close = commands.add_parser("close", help="close a month that has ended, or say what it lacks")
    close.add_argument("--period", metavar="MONTH", help="e.g. 2026-10 (all that are due)")
    close.add_argument("--dry-run", action="store_true", help="look and show, record nothing")

    _add_promote(commands.add_parser("promote", help="list what has earned promotion, and why"))
    _add_backtest(
        commands.add_parser("backtest", help="judge frozen evidence again, by another policy")
    )

    rehearse = commands.add_parser(
        "rehearse", help="nights of the sandbox organisation, checked against its oracle"
    )
    rehearse.add_argument("--nights", type=int, default=3, choices=range(1, 4))
    rehearse.add_argument("--scale", type=scale, default=1.0, help="size of the organisation")
    rehearse.add_argument("--dir", type=Path, default=ROOT / "var" / "rehearsal")

    lake = commands.add_parser("lake", help="files of the lake that nothing refers to")
    work = lake.add_subparsers(dest="work", required=True, metavar="WORK")
    prune = work.add_parser("prune", help="list them, and delete them with --delete")
    prune.add_argument("--older-than", type=int, default=30, metavar="DAYS")
    prune.add_argument("--delete", action="store_true", help="delete what is listed")

    _add_export(commands.add_parser("export", help="a billing period as FOCUS or as a journal"))

    _add_explain(
        commands.add_parser("explain", help="a posting, entry, break or family, down to its files")
    )
    _add_reprice(
        commands.add_parser("reprice", help="a past window at other prices; books nothing")
    )
    commands.add_parser("migrate", help="create the ledger, or bring its schema up to date")
    check = commands.add_parser(
        "check", help="configuration, ledger, lake, sources: is a night possible?"
    )
    check.add_argument(
        "--source", action="append", dest="sources", metavar="NAME", help="ask only this source"
    )
    check.add_argument("--offline", action="store_true", help="ask no source")
    check.add_argument("--deep", action="store_true", help="prove every stored byte and row")
    return parser


def _add_adopt(adopt: argparse.ArgumentParser) -> None:
    adopt.add_argument(
        "--days", type=days, default=31, help="of money, up to yesterday (31); work as configured"
    )
    adopt.add_argument("--source", action="append", dest="sources", metavar="NAME")
    adopt.add_argument("--repull", action="store_true", help="read everything again")
    adopt.add_argument("--out", type=Path, metavar="DIR", help="folder of the draft (var/adopt)")
    adopt.add_argument("--json", action="store_true", help="everything, for a program")


def _add_promote(promote: argparse.ArgumentParser) -> None:
    promote.add_argument("--workflow", action="append", dest="workflows", metavar="WORKFLOW")
    promote.add_argument("--as-of", type=moment, metavar="MOMENT")
    promote.add_argument(
        "--open-tickets", action="store_true", help="open a review ticket for each that qualifies"
    )
    promote.add_argument("--dry-run", action="store_true", help="judge and show, record nothing")


def _add_backtest(backtest: argparse.ArgumentParser) -> None:
    backtest.add_argument(
        "--policy", type=Path, metavar="FILE", help="another policy.yaml (the one in force)"
    )
    backtest.add_argument("--workflow", action="append", dest="workflows", metavar="WORKFLOW")
    backtest.add_argument("--from", dest="start", type=day, metavar="DAY")
    backtest.add_argument("--to", dest="end", type=day, metavar="DAY")
    backtest.add_argument(
        "--packet",
        metavar="DIGEST",
        help="only this frozen verdict, with its gates; the beginning of its digest will do",
    )


def _add_export(export: argparse.ArgumentParser) -> None:
    kinds = export.add_subparsers(dest="what", required=True, metavar="WHAT")
    focus = kinds.add_parser("focus", help="FOCUS 1.2 rows, one file a billing period")
    focus.add_argument("--format", choices=("csv", "parquet"), default="csv")
    focus.add_argument("--out", type=Path, metavar="DIR", help="folder (var/exports)")
    journal = kinds.add_parser("journal", help="a balanced general-ledger journal, as CSV")
    journal.add_argument("--out", type=Path, metavar="FILE", help="(under var/exports)")
    for kind in (focus, journal):
        kind.add_argument("--period", required=True, metavar="MONTH", help="e.g. 2026-11")
        kind.add_argument("--issuer", action="append", dest="issuers", metavar="ISSUER")
        kind.add_argument("--force", action="store_true", help="replace an existing file")


def _add_reprice(reprice: argparse.ArgumentParser) -> None:
    reprice.add_argument("--from", dest="start", type=day, metavar="DAY", required=True)
    reprice.add_argument("--to", dest="end", type=day, metavar="DAY", required=True)
    reprice.add_argument(
        "--sources",
        type=Path,
        metavar="FILE",
        required=True,
        help="a sources.yaml with other contract lines or price providers",
    )
    reprice.add_argument("--as-of", type=moment, metavar="MOMENT")
    reprice.add_argument("--csv", type=Path, metavar="FILE", help="write the comparison there, too")
    reprice.add_argument("--force", action="store_true", help="replace an existing file")


def _add_explain(explain: argparse.ArgumentParser) -> None:
    kinds = explain.add_subparsers(dest="what", required=True, metavar="WHAT")
    for what, shape, words in (
        ("posting", "ENTRY.LINE", "one line of an entry, e.g. 12.0"),
        ("entry", "ENTRY", "all postings of one booking, e.g. 12"),
        ("break", "BREAK", "a named difference, by its id or how that begins"),
        ("family", "FAMILY", "what a workflow family cost, and the postings that say so"),
    ):
        kind = kinds.add_parser(what, help=words)
        kind.add_argument("id", metavar=shape)
        kind.add_argument("--json", action="store_true", help="everything, for a program")
        if what == "family":
            _add_days(kind)
    figure = kinds.add_parser("figure", help="a figure of the page, down to postings or breaks")
    figure.add_argument(
        "words",
        nargs="+",
        metavar="WORD",
        help="family FAMILY [POOL], total KIND, coverage [SHARE], pool FAMILY POOL MONTH,"
        " tie-out ISSUER",
    )
    figure.add_argument("--json", action="store_true", help="everything, for a program")
    _add_days(figure)


def _add_days(kind: argparse.ArgumentParser) -> None:
    kind.add_argument("--from", dest="start", type=day, metavar="DAY")
    kind.add_argument("--to", dest="end", type=day, metavar="DAY")


if __name__ == "__main__":
    raise SystemExit(main())
