"""A key that nobody declared may be one person's: only its digest is kept."""

import pytest

from tasks.core.batches import RawRow, Reject
from tasks.sources.report_days import with_known_keys

REJECT = Reject("cost page 1", 3, 10, "d" * 64, "amount", "bad_amount")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"api_key_id": "key_Ci"}, {"api_key_id": "key_Ci"}),
        ({"api_key_id": "key_OfJane"}, {"api_key_id": "digest of key_OfJane"}),
        ({"api_key_id": None}, {"api_key_id": None}),
        ({"workspace_id": "w"}, {"workspace_id": "w"}),
    ],
)
def test_only_declared_keys_are_kept_by_id(said: RawRow, kept: RawRow) -> None:
    parse = with_known_keys(lambda *_: said, ["key_Ci"], "digest of {}".format)

    assert parse({}, "usage page 1", 0) == kept


def test_a_refused_row_stays_refused() -> None:
    parse = with_known_keys(lambda *_: REJECT, ["key_Ci"], str.upper)

    assert parse({}, "cost page 1", 3) is REJECT
