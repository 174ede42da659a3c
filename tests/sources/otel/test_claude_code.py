"""Claude Code's events of requests, in every encoding that collectors write."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.core.cache_split import PICO, split_writes, write_prices
from tests.sources.otel.writing import Record, attributes, claude, log, logs, read_lines
from tests.sources.request_readings import DAY, DIGEST, Read, write_lines

REQUEST = "req_011CdST19ne3fMRQ6CdysbFp"
SESSION = "65aa32c1-0000-4000-8000-000000000000"
WHOLE = {
    "run_id": REQUEST,
    "ended_at": "2026-11-17T10:00:01.500000Z",
    "issuer": "anthropic",
    "model": "claude-opus-5",
    "input_tokens": 2,
    "cache_read_tokens": 15_273,
    "cache_write_5m_tokens": 0,
    "cache_write_1h_tokens": 8_271,
    "output_tokens": 4,
    "cost_usd": "0.0904565",
    "session": DIGEST(SESSION),
    "purpose": "work",
}
PREFIXED = "claude_code.api_request"
COUNTS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_creation_tokens")


def _named(events: Iterable[Record]) -> list[dict[str, object]]:
    """Write each event as an export of its own, under its own id."""
    lines = []
    for number, event in enumerate(events):
        kept = [one for one in event["attributes"] if one["key"] != "request_id"]
        named = attributes({"request_id": f"req_{number:012}"})
        lines.append(logs(event | {"attributes": [*kept, *named]}))
    return lines


def _unnamed(found: Read) -> list[dict[str, object]]:
    """Take the ids back."""
    return [{**row, "run_id": REQUEST} for row in found.rows]


def test_an_event_is_one_request_and_its_writes_follow_from_its_cost(tmp_path: Path) -> None:
    found = read_lines(tmp_path, logs(claude(1.5)))

    assert found.rows == [WHOLE]
    assert found.rejects == []
    assert found.findings == ()


def test_an_event_is_known_with_and_without_its_prefix(tmp_path: Path) -> None:
    events = _named(claude(1.5, event__name=name) for name in ("api_request", PREFIXED))

    assert _unnamed(read_lines(tmp_path, *events)) == [WHOLE] * 2


def test_an_event_without_a_name_goes_by_its_body(tmp_path: Path) -> None:
    assert read_lines(tmp_path, logs(claude(1.5, event__name=None))).rows == [WHOLE]


def test_every_encoding_of_a_number_reads_the_same(tmp_path: Path) -> None:
    encodings: list[Callable[[int], object]] = [
        lambda count: {"intValue": count},
        lambda count: {"intValue": str(count)},
        lambda count: {"stringValue": str(count)},
        lambda count: {"doubleValue": float(count)},
    ]
    counts = dict(zip(COUNTS, (2, 4, 15_273, 8_271), strict=True))
    told = [{name: encode(count) for name, count in counts.items()} for encode in encodings]
    cost = {"stringValue": "0.0904565"}

    found = read_lines(tmp_path, *_named(claude(1.5, **said, cost_usd=cost) for said in told))

    assert _unnamed(found) == [WHOLE] * 4


def test_an_event_that_tells_its_moment_ends_then(tmp_path: Path) -> None:
    event = claude(99, event__timestamp="2026-11-17T11:00:01.500+01:00")

    assert read_lines(tmp_path, logs(event)).rows == [WHOLE]


def test_a_day_ends_at_midnight_utc_whatever_the_offset_says(tmp_path: Path) -> None:
    early = claude(request_id="req_000000000001", event__timestamp="2026-11-17T00:30:00+01:00")
    late = claude(request_id="req_000000000002", event__timestamp="2026-11-17T00:30:00Z")

    found = read_lines(tmp_path, logs(early, late), window=(DAY, DAY))

    assert list(found.by_run) == ["req_000000000002"]


def test_a_request_without_a_providers_id_goes_by_a_digest(tmp_path: Path) -> None:
    found = read_lines(tmp_path, logs(claude(request_id=None), claude(request_id="jo's own")))

    assert found.by_run.keys() == {
        DIGEST(f'["{SESSION}","7","2026-11-17 10:00:00"]'),
        DIGEST("jo's own"),
    }


def test_an_event_sent_twice_counts_once(tmp_path: Path) -> None:
    write_lines(tmp_path / "b.jsonl", [logs(claude(1.5))])

    assert read_lines(tmp_path, logs(claude(1.5), claude(1.5)), logs(claude(1.5))).rows == [WHOLE]


def test_two_events_without_ids_are_two_by_their_sequence(tmp_path: Path) -> None:
    events = [claude(request_id=None, event__sequence=number) for number in (1, 2)]

    assert len(read_lines(tmp_path, logs(*events)).rows) == 2


def test_a_resumed_session_may_start_its_sequence_again(tmp_path: Path) -> None:
    events = [claude(second, request_id=None, event__sequence=3) for second in (1, 100, 1)]

    assert len(read_lines(tmp_path, logs(*events)).rows) == 2


def test_two_events_that_say_nothing_of_their_place_are_two_by_what_they_tell(
    tmp_path: Path,
) -> None:
    bare = {"request_id": None, "event__sequence": None}
    events = [claude(**bare), claude(**bare, output_tokens=5), claude(1, **bare), claude(**bare)]

    assert len(read_lines(tmp_path, logs(*events)).rows) == 3


def test_requests_that_failed_are_no_runs(tmp_path: Path) -> None:
    failed = [
        log(0, f"claude_code.api_{kind}", model="claude-opus-5", cost_usd=0.0)
        for kind in ("error", "refusal")
    ]
    other = log(0, "gemini_cli.api_request", model="gemini-2.5-pro", input_tokens=5)

    found = read_lines(tmp_path, logs(*failed, other, claude(1.5)))

    assert found.rows == [WHOLE]
    assert found.rejects == []


def test_a_request_of_nothing_is_a_run_of_zeros(tmp_path: Path) -> None:
    event = claude(**dict.fromkeys(COUNTS, 0), cost_usd=0.0)

    (row,) = read_lines(tmp_path, logs(event)).rows

    assert [row[f"{name}_tokens"] for name in ("input", "output", "cache_read")] == [0, 0, 0]
    assert [row[f"cache_write_{ttl}_tokens"] for ttl in ("5m", "1h")] == [0, 0]


def test_writes_that_the_cost_does_not_tell_are_unknown_and_told(tmp_path: Path) -> None:
    odd = [
        claude(cost_usd=0.0904566),  # another price
        claude(cost_usd=None),
        claude(cost_usd=None, cost_usd_micros=90_457),  # rounded
        claude(model="claude-house-1"),  # no price
    ]

    found = read_lines(tmp_path, *_named(odd))

    assert len(found.rows) == 4
    for row in found.rows:
        assert not {"cache_write_5m_tokens", "cache_write_1h_tokens"} & row.keys()
    assert [(one.code, one.detail[:15]) for one in found.findings] == [
        ("unsplit_cache", "of 4 request(s)")
    ]


def test_a_cost_in_millionths_is_read_as_that(tmp_path: Path) -> None:
    (row,) = read_lines(tmp_path, logs(claude(cost_usd=None, cost_usd_micros=90_457))).rows

    assert row["cost_usd"] == "0.090457"


WRONG: list[tuple[dict[str, object], tuple[str, str]]] = [
    ({"input_tokens": None}, ("input_tokens", "missing")),
    ({"output_tokens": None, "completion_tokens": 4}, ("output_tokens", "missing")),
    ({"input_tokens": "two"}, ("input_tokens", "bad_number")),
    ({"cache_read_tokens": 1.5}, ("cache_read_tokens", "bad_number")),
    ({"output_tokens": -4}, ("output_tokens", "bad_number")),
    ({"cache_creation_tokens": True}, ("cache_creation_tokens", "bad_number")),
    ({"cost_usd": "cheap"}, ("cost_usd", "bad_amount")),
    ({"cost_usd": -0.5}, ("cost_usd", "bad_amount")),
    ({"model": None}, ("model", "missing")),
    ({"model": "claude\nopus"}, ("model", "bad_word")),
    ({"input_tokens": 10**15}, ("input_tokens", "bad_number")),
]


def test_what_an_event_gets_wrong_is_refused_by_name_and_its_neighbour_stays(
    tmp_path: Path,
) -> None:
    lines = [
        logs(claude(2, **{"request_id": f"req_{number:012}", **changes}), claude(1.5), claude(1.5))
        for number, (changes, _) in enumerate(WRONG)
    ]

    found = read_lines(tmp_path, *lines)

    assert found.rows == [WHOLE]
    assert found.refusals == [refusal for _, refusal in WRONG]


def test_an_event_without_any_moment_is_refused(tmp_path: Path) -> None:
    event = claude()
    event |= {"timeUnixNano": "0", "observedTimeUnixNano": "0"}

    assert read_lines(tmp_path, logs(event)).refusals == [("event.timestamp", "bad_instant")]


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    requests=st.lists(
        st.tuples(*(st.integers(0, 10**6) for _ in range(5)), st.integers(-800, 800)),
        min_size=20,
        max_size=40,
    )
)
def test_the_lake_splits_writes_as_the_rule_does(
    tmp_path: Path, requests: list[tuple[int, int, int, int, int, int]]
) -> None:
    prices = write_prices("anthropic", "claude-haiku-4-5", DAY)
    assert prices is not None
    events, wanted = [], {}
    for number, (*tokens, off) in enumerate(requests):
        uncached, read, short, long, output = tokens
        spent = sum(many * price for many, price in zip(tokens, prices, strict=True)) + off
        cost = Decimal(spent) / PICO
        said = dict(zip(COUNTS, (uncached, output, read, short + long), strict=True))
        name = f"req_{number:012}"
        text = format(cost, "f")
        events.append(
            claude(
                request_id=name, model="claude-haiku-4-5", cost_usd={"stringValue": text}, **said
            )
            if cost >= 0
            else claude(request_id=name)
        )
        if cost >= 0:
            wanted[name] = split_writes(
                prices,
                input_tokens=uncached,
                cache_read_tokens=read,
                cache_write_tokens=short + long,
                output_tokens=output,
                cost_usd=cost,
            )

    found = read_lines(tmp_path, logs(*events), window=(date(2026, 11, 17), DAY)).by_run

    for name, split in wanted.items():
        row = found[name]
        told = row.get("cache_write_5m_tokens"), row.get("cache_write_1h_tokens")
        assert told == (split or (None, None))
