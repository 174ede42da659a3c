"""A branch leaves behind a declared prefix, a ticket and a digest, and nothing else."""

import pytest

from tasks.core.work.branches import branch_hint, ticket_keys


@pytest.mark.parametrize(
    ("branch", "prefix", "ticket"),
    [
        ("agent/upgrade/PAY-12-fix", "agent/upgrade/", "PAY-12"),
        ("agent/other", "agent/", None),
        ("copilot/fix-1", "copilot/", None),
        ("jane-roe/PAY-12", None, "PAY-12"),
        ("xPAY-12", None, None),
        ("", None, None),
    ],
)
def test_the_longest_declared_prefix_and_the_first_ticket_are_kept(
    branch: str, prefix: str | None, ticket: str | None
) -> None:
    hint = branch_hint(branch, ("agent/*", "agent/upgrade/"), lambda text: f"kd{len(text)}")

    assert (hint.prefix, hint.ticket, hint.digest) == (prefix, ticket, f"kd{len(branch)}")


def test_ticket_keys_are_found_once_each_in_order() -> None:
    assert ticket_keys("OPS-1, PAY-2 (OPS-1) utf-8 UTF-0 a-PAY-3x") == ("OPS-1", "PAY-2")
