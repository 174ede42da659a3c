"""Command line: `python -m sandbox serve` runs the vendors, `truth` prints the oracle's answer."""

import argparse
import json
import signal
import sys
from pathlib import Path

from sandbox.oracle.truth import truth, write_truth
from sandbox.script import NIGHTS
from sandbox.server import PAGE_DAYS, PAGE_ITEMS, description_text, running
from sandbox.wire import iso, parse_moment
from sandbox.world import DEFAULT_SEED, make_world


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked."""
    options = _parser().parse_args(arguments)
    if options.command == "truth":
        return _truth(options)
    return _serve(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="answer on localhost until interrupted")
    serve.add_argument("--port", type=int, default=0, help="0 takes a free one")
    serve.add_argument("--dir", type=Path, required=True, help="gets agent-logs/ and truth/")
    truth = commands.add_parser("truth", help="print what a night must come to, as JSON")
    for command in (serve, truth):
        command.add_argument("--seed", type=int, default=DEFAULT_SEED)
        command.add_argument("--scale", type=float, default=1.0)
        command.add_argument("--items", type=float, help="scale of pull requests and tickets")
        command.add_argument("--no-estate", action="store_true", help="the five first sources")
        command.add_argument("--now", type=parse_moment, default=iso(NIGHTS[0]))
    serve.add_argument("--page-items", type=int, default=PAGE_ITEMS)
    serve.add_argument("--page-days", type=int, default=PAGE_DAYS)
    serve.add_argument("--no-limits", action="store_true", help="refuse no first request")
    return parser


def _serve(options: argparse.Namespace) -> int:
    with running(
        options.dir,
        seed=options.seed,
        scale=options.scale,
        items=options.items,
        estate=not options.no_estate,
        now=options.now,
        port=options.port,
        has_limits=not options.no_limits,
        page_items=options.page_items,
        page_days=options.page_days,
    ) as sandbox:
        # Set by hand: a shell starts its background jobs deaf to an interrupt.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: sandbox.stop())
        write_truth(sandbox.world, options.dir)
        sys.stdout.write(description_text(sandbox) + "\n")
        sys.stdout.flush()
        sandbox.wait()
    return 0


def _truth(options: argparse.Namespace) -> int:
    world = make_world(options.seed, options.scale, options.items, estate=not options.no_estate)
    json.dump(truth(world, options.now), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
