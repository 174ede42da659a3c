"""A vendor's limits hold for the vendor, not for a server on this machine that stands for it."""

import pytest

from tasks.sources import connect


@pytest.mark.parametrize(
    ("base_url", "is_paced"),
    [
        ("http://127.0.0.1:8080/cursor", False),
        ("http://localhost:8080", False),
        ("http://[::1]:8080/jira", False),
        ("https://api.cursor.com", True),
        ("https://127.0.0.1.example", True),
        ("https://10.0.0.7/api", True),
    ],
)
def test_only_a_server_on_this_machine_is_asked_as_fast_as_it_answers(
    base_url: str, *, is_paced: bool
) -> None:
    assert (connect._local_pace(base_url) is None) == is_paced
