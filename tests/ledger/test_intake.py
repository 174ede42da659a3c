from datetime import UTC, datetime, timedelta

import pytest

from tasks.core.batches import Watermark
from tasks.core.books import Label
from tasks.core.errors import LedgerError, StaleNightError
from tasks.core.work.work_items import EventKind, ItemEvent
from tasks.ledger.ledger import Ledger
from tasks.ledger.snapshots import Which
from tests.ledger.made import COSTS, DAY, NOW, PULLS, conformed, raw, reject


def pull(ledger: Ledger, *shas: str, minutes: int = 0, basis: int | None = None) -> tuple[int, ...]:
    return ledger.record_pull(
        "bill",
        COSTS,
        snapshots=[raw(sha, minutes=minutes) for sha in shas],
        rejects={DAY: []},
        watermark=Watermark(NOW + timedelta(minutes=minutes)),
        recorded_at=NOW + timedelta(minutes=minutes),
        basis=basis,
    )


def shas(ledger: Ledger, which: Which, *, seq: int | None = None) -> list[str]:
    until = ledger.newest_seq() if seq is None else seq
    return [s.sha for s in ledger.snapshots_as_of(until, layer="raw", which=which)]


def test_going_back_to_an_older_content_is_a_change_and_staying_is_none(ledger: Ledger) -> None:
    numbers = [pull(ledger, sha, minutes=n)[0] for n, sha in enumerate("aabba")]

    assert numbers == [1, 1, 2, 2, 3]
    assert shas(ledger, Which.EVERY) == ["a", "b", "a"]
    assert shas(ledger, Which.NEWEST) == ["a"]
    assert shas(ledger, Which.NEWEST, seq=2) == ["b"]


def test_as_of_goes_by_sequence_and_an_instant_only_finds_the_number(ledger: Ledger) -> None:
    for minutes, sha in ((0, "a"), (10, "b")):
        pull(ledger, sha, minutes=minutes)

    assert ledger.seq_as_of(NOW - timedelta(minutes=1)) == 0
    assert ledger.seq_as_of(NOW + timedelta(minutes=9)) == 1
    assert ledger.seq_as_of(NOW + timedelta(minutes=10)) == ledger.newest_seq() == 2


def test_an_incomplete_snapshot_never_stands_for_a_whole_day(ledger: Ledger) -> None:
    ledger.record_pull(
        "bill",
        COSTS,
        snapshots=[
            raw("part", is_complete=False),
            raw("first"),
            raw("second"),
            raw("part-again", is_complete=False),
        ],
        rejects={},
        watermark=None,
        recorded_at=NOW,
    )

    assert shas(ledger, Which.NEWEST) == ["part-again"]
    assert shas(ledger, Which.NEWEST_COMPLETE) == ["second"]
    assert shas(ledger, Which.FIRST_COMPLETE) == ["first"]


def test_snapshots_are_chosen_by_key(ledger: Ledger) -> None:
    tomorrow = DAY + timedelta(days=1)
    made = [
        conformed("c1"),
        conformed("c2", day=tomorrow),
        conformed("u1", table="usage"),
        conformed("c3", source="other"),
    ]
    ledger.record_conformed(made, rejects={}, recorded_at=NOW)

    def chosen(**choice: object) -> list[str]:
        found = ledger.snapshots_as_of(9, layer="conformed", **choice)  # type: ignore[arg-type]
        return [snapshot.sha for snapshot in found]

    assert chosen() == ["c1", "c2", "u1", "c3"]
    assert chosen(table="charges") == ["c1", "c2", "c3"]
    assert chosen(table="charges", source="bill") == ["c1", "c2"]
    assert chosen(stream="none") == []
    assert chosen(start=tomorrow) == ["c2"]
    assert chosen(end=DAY) == ["c1", "u1", "c3"]
    assert ledger.snapshots_as_of(9, layer="raw") == []


def test_a_snapshot_is_read_back_as_it_was_recorded(ledger: Ledger) -> None:
    made = conformed("c1")

    (seq,) = ledger.record_conformed([made], rejects={}, recorded_at=NOW)

    (found,) = ledger.snapshots_as_of(seq, layer="conformed")
    assert (found.seq, found.recorded_at.tzinfo) == (seq, UTC)
    assert {**vars_of(found), "seq": 0} == vars_of(made)


def vars_of(snapshot: object) -> dict[str, object]:
    return {name: getattr(snapshot, name) for name in snapshot.__slots__}  # type: ignore[attr-defined]


def test_a_parser_that_changes_nothing_but_its_version_is_a_new_snapshot(ledger: Ledger) -> None:
    first = ledger.record_conformed([conformed("c1")], rejects={}, recorded_at=NOW)
    second = ledger.record_conformed([conformed("c1", parser="2")], rejects={}, recorded_at=NOW)

    assert (first, second) == ((1,), (2,))


def test_batches_of_a_change_stream_accumulate_and_are_known_again(ledger: Ledger) -> None:
    batches = [raw(sha, stream="pulls") for sha in ("a", "b")]
    for snapshots in (batches, batches):  # a kill before the watermark makes a run repeat itself
        ledger.record_pull(
            "git", PULLS, snapshots=snapshots, rejects={}, watermark=None, recorded_at=NOW
        )

    assert shas(ledger, Which.EVERY) == ["a", "b"]


def test_a_pull_that_started_before_another_one_ended_is_stale(ledger: Ledger) -> None:
    basis = ledger.last_pull("bill", "costs")
    pull(ledger, "newer", minutes=5, basis=basis)

    with pytest.raises(StaleNightError, match="source 'bill', stream 'costs': another run"):
        pull(ledger, "older", basis=basis)

    assert shas(ledger, Which.EVERY) == ["newer"]
    assert ledger.last_pull("bill", "other") == 0


def test_the_newest_watermark_holds_and_a_pull_without_one_leaves_it(ledger: Ledger) -> None:
    assert ledger.watermark("git", "pulls") is None
    for mark in (Watermark(NOW), Watermark(NOW + timedelta(days=1), ("7", "42")), None):
        ledger.record_pull("git", PULLS, snapshots=[], rejects={}, watermark=mark, recorded_at=NOW)

    assert ledger.watermark("git", "pulls") == Watermark(NOW + timedelta(days=1), ("42", "7"))
    assert ledger.watermark("git", "issues") is None


def test_a_row_that_the_vendor_repairs_leaves_quarantine(ledger: Ledger) -> None:
    refused = reject(amount_nano=-5, issuer="anthropic", account="ws_1", parsed={"sku": "x"})
    for rejects in ([refused, reject(1)], [refused, reject(1)], [reject(1)], []):
        ledger.record_pull(
            "bill",
            COSTS,
            snapshots=[],
            rejects={DAY: rejects},
            watermark=None,
            recorded_at=NOW,
        )

    history = [[q.reject for q in ledger.rejects_as_of(seq)] for seq in range(5)]

    by_position = [sorted(r.position for r in rejects) for rejects in history]
    assert by_position == [[], [0, 1], [1], [], []]  # the repeated one was no news
    assert refused in history[1]
    assert ledger.rejects_as_of(1, start=DAY + timedelta(days=1)) == []
    assert ledger.rejects_as_of(1, end=DAY - timedelta(days=1)) == []
    assert len(ledger.rejects_as_of(1, start=DAY, end=DAY)) == 2


def test_rejects_of_a_change_stream_accumulate(ledger: Ledger) -> None:
    for rejects in ([reject(1)], [reject(1), reject(2)], []):
        ledger.record_pull(
            "git", PULLS, snapshots=[], rejects={DAY: rejects}, watermark=None, recorded_at=NOW
        )

    found = ledger.rejects_as_of(ledger.newest_seq())

    assert sorted(q.reject.position for q in found) == [1, 2]
    assert ledger.newest_seq() == 2


def test_what_a_check_refused_stands_beside_what_the_parser_refused(ledger: Ledger) -> None:
    ledger.record_pull(
        "bill", COSTS, snapshots=[], rejects={DAY: [reject(1)]}, watermark=None, recorded_at=NOW
    )
    ledger.record_conformed([], rejects={("bill", "costs", DAY): [reject(2)]}, recorded_at=NOW)
    ledger.record_pull(
        "bill", COSTS, snapshots=[], rejects={DAY: []}, watermark=None, recorded_at=NOW
    )

    (left,) = ledger.rejects_as_of(ledger.newest_seq())
    assert (left.layer, left.reject.position) == ("conformed", 2)


def test_events_are_kept_once_however_often_they_are_seen(ledger: Ledger) -> None:
    merged = ItemEvent("git", "gh:1#2", EventKind.MERGED, NOW, NOW, ref="abc")
    opened = ItemEvent("git", "gh:1#2", EventKind.OPENED, NOW - timedelta(days=1), NOW, "x")
    other = ItemEvent("git", "gh:1#3", EventKind.OPENED, NOW, NOW + timedelta(hours=1))
    rows = [event_row(event) for event in (merged, opened, other)]
    for seen in (rows[:1], rows, [rows[0] | {"observed_at": NOW + timedelta(days=9)}]):
        ledger.record_conformed([], rejects={}, events=seen, recorded_at=NOW)

    assert ledger.item_events(["gh:1#2"]) == [opened, merged]
    assert ledger.item_events() == [opened, *sorted([merged, other], key=lambda e: e.event_id)]
    assert ledger.item_events(observed_by=NOW) == [opened, merged]
    assert ledger.item_events([]) == []


def test_a_fork_that_quotes_a_session_gives_its_stamp_to_no_run_of_it(ledger: Ledger) -> None:
    def told(item: str, kind: EventKind, value: str | None, ref: str | None) -> dict[str, object]:
        return event_row(ItemEvent("git", item, kind, NOW, NOW, value, ref))

    fork = [
        told("gh:1#3", EventKind.STAMPED, "golden", "trailer"),
        told("gh:1#3", EventKind.BRANCHED, None, None),
        told("gh:1#3", EventKind.SESSION, "c3", "s1"),
    ]
    own = [
        told("gh:1#2", EventKind.BRANCHED, None, "b"),
        told("gh:1#2", EventKind.SESSION, "c2", "s1"),
    ]

    ledger.record_conformed([], rejects={}, events=fork, recorded_at=NOW)
    assert ledger.item_stamps() == {"session:s1": "golden"}
    ledger.record_conformed([], rejects={}, events=own, recorded_at=NOW)
    assert ledger.item_stamps() == {}


def event_row(event: ItemEvent) -> dict[str, object]:
    names = ("source", "event_id", "item", "event", "occurred_at", "observed_at", "value", "ref")
    return {name: getattr(event, name) for name in names} | {"day": DAY}


def test_a_label_is_replaced_and_never_doubled(ledger: Ledger) -> None:
    for name in ("acme/web", "acme/site"):
        labels = [Label("repository", "gh:1", name), Label("repository", "gh:2", "acme/bank")]
        ledger.record_conformed([], rejects={}, labels=labels, recorded_at=NOW)

    assert ledger.labels("repository") == {"gh:1": "acme/site", "gh:2": "acme/bank"}
    assert ledger.labels("repository", ["gh:1", "gh:9"]) == {"gh:1": "acme/site"}
    assert ledger.labels("item") == {}


def test_a_configuration_is_kept_once_until_it_changes(ledger: Ledger) -> None:
    assert ledger.newest_config("catalog") is None
    for digest in ("a", "a", "b"):
        ledger.store_config_version("catalog", digest, f"body {digest}", NOW)

    assert ledger.newest_config("catalog") == "b"
    assert ledger.newest_config("policy") is None
    assert ledger.config_body("catalog", "a") == "body a"
    with pytest.raises(LedgerError, match="no catalog with digest 'z'"):
        ledger.config_body("catalog", "z")


def test_of_two_waits_the_later_moment_holds(ledger: Ledger) -> None:
    key = ("api.example.com", "f1", "core")
    assert ledger.waits.read(*key) is None
    for minutes in (5, 9, 7):
        ledger.waits.record(*key, NOW + timedelta(minutes=minutes))

    assert ledger.waits.read(*key) == NOW + timedelta(minutes=9)
    assert ledger.waits.read("api.example.com", "f2", "core") is None


def test_an_instant_without_a_zone_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="aware instants"):
        ledger.store_config_version("catalog", "a", "{}", datetime(2026, 11, 20))  # noqa: DTZ001  # without a zone: the point
