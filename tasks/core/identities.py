"""Who acted, as a kind: human, bot or agent:<vendor>; never a name.

Ids and e-mail addresses of coding agents, compiled 2026-11 from GitHub's users API and
the vendors' documentation. Display names prove nothing (Claude, Devin and Jules are
people too), and neither does a login that anybody can register.
"""

import re

HUMAN = "human"
BOT = "bot"

#: GitHub.com user ids; the login in the comment is for readers only.
_AGENT_BY_ID = {
    198982749: "copilot",  # Copilot, copilot-swe-agent[bot]
    175728472: "copilot",  # Copilot (review and autofix)
    223556219: "copilot",  # Copilot (command line)
    209825114: "claude",  # claude[bot]
    208546643: "claude",  # claude-code-action[bot]
    215619710: "claude",  # anthropic-claude[bot]
    199175422: "codex",  # chatgpt-codex-connector[bot]
    215057067: "codex",  # openai-codex[bot]
    206951365: "cursor",  # cursor[bot]
    201670782: "cursor",  # cursoragent[bot]
    158243242: "devin",  # devin-ai-integration[bot]
    161369871: "jules",  # google-labs-jules[bot]
    176961590: "gemini",  # gemini-code-assist[bot]
}
#: Logins of apps. The `[bot]` suffix cannot be registered by a person, and an app installed
#: on an Enterprise Server has another id there than on GitHub.com.
_AGENT_BY_APP = {
    "copilot-swe-agent[bot]": "copilot",
    "claude[bot]": "claude",
    "claude-code-action[bot]": "claude",
    "anthropic-claude[bot]": "claude",
    "chatgpt-codex-connector[bot]": "codex",
    "openai-codex[bot]": "codex",
    "cursor[bot]": "cursor",
    "cursoragent[bot]": "cursor",
    "devin-ai-integration[bot]": "devin",
    "google-labs-jules[bot]": "jules",
    "gemini-code-assist[bot]": "gemini",
}
# GitHub shows this account (`ghost`) in place of a deleted one.
_GHOST_ID = 10137
_AGENT_BY_EMAIL = {
    "noreply@anthropic.com": "claude",
    "codex@openai.com": "codex",
    "noreply@openai.com": "codex",
    "cursoragent@cursor.com": "cursor",
    "aider@aider.chat": "aider",
    "amp@ampcode.com": "amp",
}
# GitHub's private addresses carry the user id: `<id>+<login>@users.noreply.<host>`.
_PRIVATE_EMAIL = re.compile(r"(\d{1,12})\+[^@\s]+@users\.noreply\.[a-z0-9.-]+", re.ASCII)


def actor_kind(user_id: int | None, account_type: str | None, login: str | None) -> str | None:
    """Say what kind of actor a GitHub account is.

    Args:
        user_id: `user.id`; None for a deleted account.
        account_type: `user.type`: `User`, `Bot`, `Organization`, `Mannequin`.
        login: Read only where the `[bot]` suffix vouches for it.

    Returns:
        `human`, `bot`, `agent:<vendor>`, or None where the account is gone.
    """
    if user_id is None or user_id == _GHOST_ID:
        return None
    app = login.lower() if login and login.endswith("[bot]") else None
    vendor = _AGENT_BY_ID.get(user_id) or _AGENT_BY_APP.get(app or "")
    if vendor:
        return f"agent:{vendor}"
    return BOT if account_type == "Bot" or app else HUMAN


def agent_of_email(email: str) -> str | None:
    """Name the agent an e-mail address belongs to, as `agent:<vendor>`; None for anybody else."""
    address = email.strip().lower()
    private = _PRIVATE_EMAIL.fullmatch(address)
    vendor = _AGENT_BY_ID.get(int(private.group(1))) if private else _AGENT_BY_EMAIL.get(address)
    return f"agent:{vendor}" if vendor else None
