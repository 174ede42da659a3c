"""Names by which a run finds its work item where its log names none.

They are spelt as `tasks.core.work.item_links` spells them.
"""

#: SQL by column: what a run's branch and session are called; null where the log tells neither.
LINKS = {
    "branch_link": "'branch:' || lower(repo) || '#' || branch_digest",
    "session_link": "'session:' || session",
}
#: All columns of `source`, and the links.
LINKED = ", ".join(f"{sql} AS {name}" for name, sql in LINKS.items())


def is_link(name: str) -> bool:
    """Tell whether a name of a work item is such a link."""
    return name.startswith(("branch:", "session:"))
