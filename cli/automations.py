"""The one automation that `graduand up` keeps: a run whose process died is marked crashed.

Prefect's own crash hooks do not run when a worker is killed, so such a run would
stay "Running" for ever and, with a concurrency limit of one, block every later night.
"""

from collections.abc import Mapping
from datetime import timedelta

from prefect.automations import Automation
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

_NAME = "graduand: a silent run is a crashed run"
#: Three missed heartbeats at the 30 s that `graduand up` sets for its worker.
_SILENCE = timedelta(seconds=100)


def ensure_zombie_automation(environ: Mapping[str, str]) -> None:
    """Create the automation unless one of its name exists; Prefect's create is not idempotent."""
    with temporary_settings(
        {
            PREFECT_API_URL: environ["PREFECT_API_URL"],
            PREFECT_API_AUTH_STRING: environ["PREFECT_API_AUTH_STRING"],
        }
    ):
        with get_client(sync_client=True) as client:
            if client.read_automations_by_name(_NAME):
                return
        _automation().create()


def _automation() -> Automation:
    ends = {
        f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed")
    }
    return Automation(
        name=_NAME,
        description="A run without a heartbeat has lost its process; the next night takes over.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.heartbeat", *ends},
            match={"prefect.resource.id": ["prefect.flow-run.*"]},
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=_SILENCE,
        ),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                name="Crashed",
                message="No heartbeat: the process is gone. Run it again; nothing is half-booked.",
            )
        ],
    )
