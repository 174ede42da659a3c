"""Guards: names resolve here, entrypoints load, nothing is shadowed, the scheduler schedules."""

import importlib
import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from importlib.metadata import packages_distributions
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml
from prefect.flows import Flow, load_flow_from_entrypoint

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("cli", "config", "flows", "sandbox", "tasks")
DEPLOYMENTS = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_name_resolves_inside_the_repository(name: str) -> None:
    module = importlib.import_module(name)

    assert module.__file__ is not None
    assert Path(module.__file__).resolve().is_relative_to(ROOT)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda d: d["name"])
def test_an_entrypoint_of_prefect_yaml_loads(deployment: dict[str, str]) -> None:
    flow: object = load_flow_from_entrypoint(deployment["entrypoint"], use_placeholder_flow=False)

    assert isinstance(flow, Flow)


def test_no_file_in_flows_shadows_a_module() -> None:
    installed = set(packages_distributions()) | set(sys.stdlib_module_names) | set(PACKAGES)

    stems = {path.stem for path in (ROOT / "flows").glob("*.py")} - {"__init__"}

    assert stems
    assert not stems & installed


def test_every_source_of_time_zone_data_knows_the_schedules() -> None:
    zones = {s["timezone"] for d in DEPLOYMENTS for s in d.get("schedules", [])}

    assert zones
    assert all(ZoneInfo(zone) for zone in zones)


# Run apart: the check needs a Prefect database of its own and must not see the one in use.
_SCHEDULE = """
import asyncio, json, sys
from datetime import UTC, datetime
from uuid import uuid4
from prefect.server import models, schemas
from prefect.server.database import provide_database_interface
from prefect.server.schemas.actions import DeploymentScheduleCreate
from prefect.client.schemas.schedules import CronSchedule

async def main() -> None:
    db = provide_database_interface()
    await db.create_db()
    async with db.session_context(begin_transaction=True) as session:
        flow = await models.flows.create_flow(
            session=session, flow=schemas.core.Flow(name="guard"))
        deployment = await models.deployments.create_deployment(
            session=session,
            deployment=schemas.core.Deployment(
                name="guard", flow_id=flow.id,
                schedules=[schemas.core.DeploymentSchedule(
                    schedule=schemas.schedules.CronSchedule(
                        cron=sys.argv[1], timezone=sys.argv[2]), active=True)]))
        runs = await models.deployments.schedule_runs(
            session=session, deployment_id=deployment.id,
            start_time=datetime.fromisoformat(sys.argv[3]), min_runs=3, max_runs=3)
        found = [await models.flow_runs.read_flow_run(session, run) for run in runs]
        print(json.dumps([run.next_scheduled_start_time.isoformat() for run in found]))

asyncio.run(main())
"""


def test_the_scheduler_creates_runs_at_the_local_hour_across_a_clock_change(
    tmp_path: Path,
) -> None:
    schedule = next(s for d in DEPLOYMENTS for s in d.get("schedules", []))
    # London leaves summer time on 2026-10-25 at 01:00 UTC.
    start = datetime(2026, 10, 24, 0, 0, tzinfo=UTC)
    database = f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}"

    done = subprocess.run(
        [sys.executable, "-c", _SCHEDULE, schedule["cron"], schedule["timezone"], str(start)],
        check=False,
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "PREFECT_HOME": str(tmp_path),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": database,
            "DO_NOT_TRACK": "1",
        },
        timeout=120,
    )

    assert done.returncode == 0, done.stderr[-2000:]
    found = sorted(datetime.fromisoformat(text) for text in json.loads(done.stdout))
    zone = ZoneInfo(schedule["timezone"])
    hour = int(schedule["cron"].split()[1])
    days = [(start + timedelta(days=n)).date() for n in range(3)]
    assert [(day, hour) for day in days] == [
        (at.astimezone(zone).date(), at.astimezone(zone).hour) for at in found
    ]
    # The same local hour is another hour of UTC after the change.
    assert {found[0].hour, found[2].hour} == {hour - 1, hour}
