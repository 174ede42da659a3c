"""What a store kept of a configuration is read back as the configuration it was."""

import hashlib
import json
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import Config, config_from_bodies, load_config
from config.shapes.finance import Finance

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="module")
def config() -> Config:
    return load_config(CONFIG)


def versions(config: Config) -> dict[str, tuple[str, str]]:
    return {kind: (config.digests[kind], body) for kind, body in config.bodies().items()}


def test_it_is_what_it_was(config: Config) -> None:
    again = config_from_bodies(versions(config))

    assert again == config
    assert again.bodies() == config.bodies()


def test_without_finance_nothing_was_signed(config: Config) -> None:
    kept = versions(config)
    del kept["finance"]

    again = config_from_bodies(kept)

    assert again.finance == Finance()
    assert set(again.digests) == set(config.digests)


@pytest.mark.parametrize("kind", ["catalog", "policy", "sources", "finance"])
def test_a_text_that_is_not_what_its_digest_says_is_refused(config: Config, kind: str) -> None:
    kept = versions(config)
    digest, body = kept[kind]
    kept[kind] = (digest, body.replace("1", "2", 1))

    with pytest.raises(ConfigError, match=f"recorded {kind} {digest[:12]} is not what"):
        config_from_bodies(kept)


def test_a_shape_that_is_no_longer_read_is_refused_without_its_values(config: Config) -> None:
    kept = versions(config)
    body = json.dumps({**json.loads(kept["policy"][1]), "gone": "a secret"})
    kept["policy"] = (hashlib.sha256(body.encode()).hexdigest(), body)

    with pytest.raises(ConfigError, match="1 values that this version") as refused:
        config_from_bodies(kept)

    assert "a secret" not in str(refused.value)
