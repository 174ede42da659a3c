"""`graduand backtest`: frozen verdicts judged again, by their own policy and by another one."""

import argparse
import sys

from cli.other_file import read_other
from config.load import load_config
from config.settings import Settings, settings_from_environment
from config.shapes.policy import Policy
from config.source_checks import policy_misfits
from tasks.core.digests import text_digest
from tasks.core.promotion.backtest import backtest
from tasks.core.promotion.packets import Packet, PacketError, packet_text, read_packet, verdict_of
from tasks.lake.store import Lake
from tasks.ledger.ledger import Ledger
from tasks.pages.backtest import backtest_story, packet_story


def main(chosen: argparse.Namespace) -> int:
    """Replay; 1 if a frozen verdict does not come out again, 2 if the request makes no sense."""
    settings = settings_from_environment()
    if chosen.packet:
        return _replay_one(chosen, settings)
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


def _replay_one(chosen: argparse.Namespace, settings: Settings) -> int:
    if chosen.policy or chosen.workflows or chosen.start or chosen.end:
        print("graduand: --packet replays one packet as it is: leave the rest out", file=sys.stderr)
        return 2
    lake = Lake.open(settings.lake_dir)
    url = settings.database_url.get_secret_value()
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:
        text = ledger.packet(chosen.packet)
    packet = read_packet(text)
    is_sound = reproduces(packet, text)
    print(packet_story(packet, text_digest(text), is_reproduced=is_sound), end="")
    return 0 if is_sound else 1


def reproduces(packet: Packet, text: str) -> bool:
    """Tell whether judging a packet again gives it byte for byte."""
    try:
        return verdict_of(packet) == packet.verdict and packet_text(packet) == text
    except PacketError:
        return False
