"""How many requests two nights of GitHub and Jira take, and how long against one at a time.

    python benchmarks/pull.py [--pulls 5000] [--repositories 20] [--latency-ms 50] [--json]

Both clients talk to the same server on loopback, in a process of its own. The sequential
client sends the same requests as the first night over one connection; of its pull requests it
reads a sample, and the rest is extrapolated from that, which the output says.
"""

import argparse
import http.client
import json
import math
import multiprocessing
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.pull_server import NOW, Scale, serve
from config.shapes.sources import GithubSource, JiraSource
from tasks.core.batches import Pulled, Watermark
from tasks.sources import github, jira
from tasks.transport.client import Client
from tasks.transport.clock import SystemClock
from tasks.transport.limits import PACES, Vendor
from tasks.transport.pacing import Pace
from tasks.transport.waits import MemoryWaitStore

_UNPACED = Pace(per_second=1e6, burst=1_000_000)
_WINDOW = (date(2026, 11, 19), date(2026, 11, 19))
_PAGE = 100


@dataclass
class Night:
    """What one night took."""

    requests: dict[str, int]
    rows: int
    rejects: int
    wall_s: float

    @property
    def total(self) -> int:
        """Requests of all streams."""
        return sum(self.requests.values())


class Nights:
    """Runs nights against one server, carrying every stream's watermark."""

    def __init__(self, url: str, scale: Scale) -> None:
        self.url = url
        names = [f"acme/r{number}" for number in range(1, scale.repositories + 1)]
        common = {"base_url": url, "secret": "none"}
        self.github = GithubSource.model_validate(
            {"name": "forge", "type": "github", "repositories": names, **common}
        )
        self.jira = JiraSource.model_validate(
            {"name": "tracker", "type": "jira", "projects": ["OPS"], **common}
        )
        self.watermarks: dict[str, Watermark | None] = {}

    def run(self, now: datetime) -> Night:
        """Pull every stream once."""
        started = time.perf_counter()
        pulled: dict[str, Pulled] = {}
        with self._client(Vendor.GITHUB) as client:
            for stream in github.STREAMS:
                mark = self.watermarks.get(f"github {stream.name}")
                pulled[f"github {stream.name}"] = github.fetch(
                    stream, client, self.github, _WINDOW, mark, now, str
                )
        with self._client(Vendor.JIRA) as client:
            mark = self.watermarks.get("jira issues")
            pulled["jira issues"] = jira.fetch(
                jira.STREAMS[0], client, self.jira, _WINDOW, mark, now, str
            )
        self.watermarks = {name: one.watermark for name, one in pulled.items()}
        batches = [batch for one in pulled.values() for batch in one.batches]
        return Night(
            requests={name: one.requests for name, one in pulled.items()},
            rows=sum(len(batch.rows) for batch in batches),
            rejects=sum(len(batch.rejects) for batch in batches),
            wall_s=time.perf_counter() - started,
        )

    def _client(self, vendor: Vendor) -> Client:
        clock = SystemClock()
        return Client(
            vendor.value,
            self.url,
            vendor=vendor,
            waits=MemoryWaitStore(),
            clock=clock,
            deadline=clock.now() + timedelta(hours=4),
            headers=github.HEADERS,
            pace=_UNPACED,
        )


def sequential_s(port: int, scale: Scale, sample: int, first: Night) -> tuple[float, int, int]:
    """Time one request after the other.

    Returns:
        Seconds for all of the first night's requests, those really sent, and those of them
        that were parts of sampled pull requests.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port)

    def get(path: str) -> Any:  # noqa: ANN401  # parsed JSON
        connection.request("GET", path)
        return json.loads(connection.getresponse().read())

    started = time.perf_counter()
    lists = 0
    pulls: list[tuple[str, dict[str, Any]]] = []
    for number in range(1, scale.repositories + 1):
        base = f"/repos/acme/r{number}"
        get(base)
        pages = math.ceil(scale.pulls / scale.repositories / _PAGE)
        lists += 1 + pages
        for page in range(1, pages + 1):
            pulls += [(base, one) for one in get(f"{base}/pulls?per_page=100&page={page}")]
    listed_s = time.perf_counter() - started
    chosen = pulls[:: max(1, len(pulls) // sample)][:sample]
    started = time.perf_counter()
    for base, pull in chosen:
        sha = pull["head"]["sha"]
        get(f"{base}/pulls/{pull['number']}/reviews")
        get(f"{base}/pulls/{pull['number']}/commits")
        get(f"{base}/commits/{sha}/check-runs")
        get(f"{base}/commits/{sha}/status")
    sampled_s = time.perf_counter() - started
    sampled = 4 * len(chosen)
    each_s = sampled_s / sampled
    return listed_s + (first.total - lists) * each_s, lists + sampled, sampled


def main() -> None:
    """Run two nights and the sequential client, and print what they took."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--pulls", type=int, default=5000)
    parser.add_argument("--repositories", type=int, default=20)
    parser.add_argument("--open-percent", type=int, default=3)
    parser.add_argument("--issues", type=int, default=2000)
    parser.add_argument("--latency-ms", type=float, default=50.0)
    parser.add_argument("--sample", type=int, default=100, help="pull requests read one by one")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead")
    options = vars(parser.parse_args())
    is_json, sample = options.pop("json"), options.pop("sample")
    scale = Scale(**options)
    spawn = multiprocessing.get_context("spawn")
    ready = spawn.Queue()
    server = spawn.Process(target=serve, args=(scale, ready), daemon=True)
    server.start()
    try:
        port = ready.get(timeout=60)
        nights = Nights(f"http://127.0.0.1:{port}", scale)
        first, second = nights.run(NOW), nights.run(NOW + timedelta(days=1))
        sequential, sent, sampled = sequential_s(port, scale, sample, first)
    finally:
        server.terminate()
        server.join()
    paced_s = first.total / PACES[Vendor.GITHUB].per_second
    report = {
        "scale": asdict(scale),
        "first": asdict(first) | {"total": first.total},
        "second": asdict(second) | {"total": second.total},
        "second_to_first_percent": round(100 * second.total / first.total, 2),
        "sequential_s": round(sequential, 1),
        "sequential_requests_sent": sent,
        "sequential_sampled_requests": sampled,
        "sequential_to_ours": round(sequential / first.wall_s, 1),
        "at_github_pace_s": round(paced_s, 1),
    }
    print(json.dumps(report) if is_json else _readable(report, scale))


def _readable(report: dict[str, Any], scale: Scale) -> str:
    first, second = report["first"], report["second"]
    lines = [
        (
            f"{scale.pulls:,} pull requests in {scale.repositories} repositories, "
            f"{scale.open_percent} % open with unfinished checks, {scale.issues:,} Jira issues, "
            f"{scale.latency_ms:g} ms latency"
        ),
        "",
        f"{'requests':<24}{'first night':>12}{'unchanged':>12}",
    ]
    lines += [
        f"{name:<24}{count:>12,}{second['requests'][name]:>12,}"
        for name, count in first["requests"].items()
    ]
    lines += [
        (
            f"{'together':<24}{first['total']:>12,}{second['total']:>12,}"
            f"   = {report['second_to_first_percent']} %"
        ),
        f"{'rows':<24}{first['rows']:>12,}{second['rows']:>12,}",
        f"{'wall s':<24}{first['wall_s']:>12.1f}{second['wall_s']:>12.1f}",
        "",
        (
            f"one at a time: {report['sequential_s']:,.0f} s, extrapolated from "
            f"{report['sequential_requests_sent']:,} of {first['total']:,} requests really sent; "
            f"ours unpaced is {report['sequential_to_ours']} times as fast."
        ),
        (
            f"GitHub.com's own limit ({PACES[Vendor.GITHUB].per_second:g} a second) would stretch "
            f"the first night to {report['at_github_pace_s'] / 60:.0f} min, whoever asks."
        ),
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
