"""What real nights leave behind is proven whole, by `graduand check --deep`."""

import pytest

from cli.deep import deep_checks
from config.load import load_config
from tasks.lake.store import Lake
from tests.flows.nights import SECOND, Night, run
from tests.flows.stores import Stores


@pytest.mark.usefixtures("sandbox")
def test_a_night_after_a_night_leaves_nothing_unproven(stores: Stores) -> None:
    run(Night(SECOND))
    lake = Lake.open(str(stores.lake))

    with stores.ledger() as ledger:
        checks = list(deep_checks(load_config(stores.config), lake, ledger))

    assert [fault for one in checks for fault in one.faults] == []
    assert "sums" in {one.name for one in checks}
