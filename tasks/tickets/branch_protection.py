"""Shows that what graduand proposes cannot reach a branch without people: else it is not proposed.

One guard that binds us is enough, for a push has to pass them all: a ruleset that asks for pull
requests and says that we can never bypass it, or classic protection that makes no exception for us.
"""

from urllib.parse import quote

from tasks.tickets.catalog_payloads import Protection, Rule, Ruleset
from tasks.tickets.reading import items_of, read_as
from tasks.transport.writer import Writer

_NEVER = "never"
#: Not found, or not to be seen: then it is not shown.
_HIDDEN = (403, 404)


def is_bound(writer: Writer, repository: str, branch: str, app_id: str | None) -> bool:
    """Tell whether it is shown that this account cannot change a branch without a pull request.

    Args:
        writer: Of the account that would propose.
        repository: `owner/name`.
        branch: Its default branch.
        app_id: If the account is an app.

    Raises:
        SourceError: GitHub cannot be asked.
    """
    home, name = f"/repos/{repository}", quote(branch, safe="")
    rules = writer.get(f"{home}/rules/branches/{name}", params={"per_page": 100}, accept=_HIDDEN)
    for ruleset in _asking(rules.json, writer.source):
        told = writer.get(f"{home}/rulesets/{ruleset}", accept=_HIDDEN)
        if told.json is not None:
            found = read_as(Ruleset, told.json, writer.source, "a ruleset")
            if found.current_user_can_bypass == _NEVER:
                return True
    classic = writer.get(f"{home}/branches/{name}/protection", accept=_HIDDEN)
    if classic.json is None:
        return False
    return read_as(Protection, classic.json, writer.source, "a protection").binds(app_id)


def _asking(rules: object, source: str) -> list[int]:
    if rules is None:
        return []
    found = [read_as(Rule, one, source, "a rule") for one in items_of(rules, "", source, "rules")]
    return sorted({rule.ruleset_id for rule in found if rule.type == "pull_request"})
