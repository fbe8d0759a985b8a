"""Mutated output of nvidia-smi: nothing but an InputError, in bounded time, and never a number that no digit stands for.

`GPUCTL_FUZZ_INPUTS` sets the number of inputs.
"""

from __future__ import annotations

import os
import random
import time

import msgspec

from gpuctl.errors import InputError
from gpuctl.model.nodes import Node
from gpuctl.parsers import nvidia_smi_failure
from gpuctl.parsers.nvidia_smi_xml import is_nvidia_smi_xml, parse
from tests.parsers.nvidia_smi_documents import blackwell, document, hopper, mig_device, volta
from tests.parsers.test_nvidia_smi_failure import NO_DRIVER

INPUTS = int(os.environ.get("GPUCTL_FUZZ_INPUTS", "20000"))
MOST_SECONDS = 1.0
CORPUS = (
    document(volta(supported_clocks="N/A"), dtd="v10", driver="418.43"),
    document(hopper(mig_mode={"current_mig": "Enabled"}, mig_devices={"mig_device": [mig_device(2, 0, 60, 40448, (3, 0, 3, 0, 3))] * 2})),
    document(blackwell(), dtd="v13", driver="615.10.01"),
    NO_DRIVER,
    "Unable to determine the device handle for GPU3: 0000:5F:00.0: Unknown Error\nNo devices were found\n",
)
TOKENS = (
    "<gpu>", '<gpu id="">', "</gpu>", "<nvidia_smi_log>", "</nvidia_smi_log>", "<!DOCTYPE x [", "<!ENTITY a 'b'>", "]>", "&a;", "&#0;",
    "&amp;",
    "<![CDATA[", "]]>", "<!--", "-->", "<?xml version='1.1'?>", "N/A", "GPU is lost", "ERR!", "-1", "9" * 40, "1e999", "NaN", "\x00",
    "\ud800",
    "\ufffe", "\u202e", "\x1b[2J", "\r\n", "<" * 50, "<processes><process_info><pid>1</pid>", "<mig_devices>", "None", "[", " MiB",
    " bank(s)", "∞",
)  # fmt: skip


def mutated(chance: random.Random) -> str:
    text = chance.choice(CORPUS)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        place = chance.randrange(len(text) + 1)
        end = min(len(text), place + chance.choice((1, 2, 7, 40, 400)))
        match chance.randrange(6):
            case 0:
                text = text[:place] + chance.choice(TOKENS) + text[place:]
            case 1:
                text = text[:place] + text[end:]
            case 2:
                text = text[:place] + text[place:end] * chance.choice((2, 3, 20)) + text[end:]
            case 3:
                text = text[:place] + chance.choice(TOKENS) + text[end:]
            case 4:
                text = text[:place] + chr(chance.choice((chance.randrange(128), chance.randrange(0x110000)))) + text[place + 1 :]
            case _:
                text = text[:place] if chance.random() < 0.3 else text[place:] + text[:place]
    return text


def read(text: str) -> Node | None:
    if is_nvidia_smi_xml(text):
        return parse(text)[0]
    return nvidia_smi_failure.parse(text)


def test_mutated_output() -> None:
    chance = random.Random(4)
    told = refused = 0
    for _ in range(INPUTS):
        text = mutated(chance)
        began = time.process_time()
        try:
            node = read(text)
        except InputError as error:
            refused += bool(error.message and error.hint)
            continue
        assert time.process_time() - began < MOST_SECONDS, text
        if node is None:
            continue
        told += 1
        msgspec.json.decode(msgspec.json.encode(node), type=Node)
        for gpu in node.gpus or ():
            assert all(reason for reason in gpu.unknown.values())
            for name in (
                "memory_bytes",
                "temperature_celsius",
                "persistence",
                "remapped_rows",
                "uuid",
                "processes",
                "clocks_event_reasons",
            ):
                assert (getattr(gpu, name) is None) <= (name in gpu.unknown), (name, text)
    assert told > INPUTS // 4
    assert refused > INPUTS // 500
