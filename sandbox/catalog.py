"""The whole catalog of Meridian Freight: that of its first sources, then that of its estate."""

from sandbox.estate import facts as estate
from sandbox.organisation import ACCOUNTS, FAMILIES, WORKFLOWS, YEAR_ACCOUNTS, Account, Workflow

#: In the order of the shipped files.
ALL_FAMILIES = FAMILIES | estate.FAMILIES
ALL_WORKFLOWS = (*WORKFLOWS, *estate.WORKFLOWS)
ALL_ACCOUNTS = (*ACCOUNTS, *estate.ACCOUNTS)


def account_of(issuer: str, account: str) -> Account:
    """Look an account up; one that no catalog lists belongs to the organisation."""
    for known in (*ALL_ACCOUNTS, *YEAR_ACCOUNTS):
        if known.issuer == issuer and known.id == account:
            return known
    return Account(account, issuer)


def workflow_by_id(workflow: str) -> Workflow:
    """Look a workflow up by its id.

    Raises:
        KeyError: No such workflow.
    """
    for known in ALL_WORKFLOWS:
        if known.id == workflow:
            return known
    raise KeyError(workflow)
