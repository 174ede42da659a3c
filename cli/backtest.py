"""`graduand backtest`: frozen verdicts judged again, by their own policy and by another one."""

import argparse

from cli.other_file import read_other
from config.load import load_config
from config.settings import settings_from_environment
from config.shapes.policy import Policy
from config.source_checks import policy_misfits
from tasks.core.backtest import backtest
from tasks.core.packets import Packet, PacketError, packet_text, read_packet, verdict_of
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.pages.backtest import backtest_story


def main(chosen: argparse.Namespace) -> int:
    """Replay; 1 if a frozen verdict does not come out again."""
    settings = settings_from_environment()
    policy = (
        read_other(chosen.policy, Policy, policy_misfits)
        if chosen.policy
        else load_config(settings.config_dir).policy
    )
    lake = Lake.open(settings.lake_dir)
    url = settings.database_url.get_secret_value()
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:
        past = [
            one
            for one in ledger.verdicts(workflows=chosen.workflows or None)
            if (chosen.start is None or one.as_of.date() >= chosen.start)
            and (chosen.end is None or one.as_of.date() <= chosen.end)
        ]
        texts = ledger.packets(one.digest for one in past)
    packets = {digest: read_packet(text) for digest, text in texts.items()}
    sound = [digest for digest, packet in packets.items() if reproduces(packet, texts[digest])]
    print(backtest_story(backtest(packets.values(), policy), len(sound)), end="")
    for digest in sorted(packets.keys() - sound):
        print(f"not reproduced: {digest}")
    return 0 if len(sound) == len(packets) else 1


def reproduces(packet: Packet, text: str) -> bool:
    """Tell whether judging a packet again gives it byte for byte."""
    try:
        return verdict_of(packet) == packet.verdict and packet_text(packet) == text
    except PacketError:
        return False
