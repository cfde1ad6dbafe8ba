#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How fast each tokenizer makes tokens of a text, and GPT-2's beside Python's tiktoken, on one thread each.

    benchmarks/encoding_speed.py FILE VOCABULARY_FILE MERGES_FILE [--rounds 5]

wants `ninja -C build/release encoding_speed`, tiktoken (setup/python-packages.txt) and an idle machine. Program and
tiktoken take turns; each round takes the better of tiktoken's two ways of writing GPT-2's pattern, and its
`encode_ordinary`. Prints the best MB (10^6 bytes) a second of all rounds, and the median of the rounds' ratios.
"""
import argparse
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/release/bin/encoding_speed"
sys.path[:0] = [str(ROOT / "tests/reference"), str(ROOT / ".deps/python")]

from tiktoken_reference import PATTERN, QUICK_PATTERN, gpt2_encoding  # noqa: E402


def program_speeds(arguments: argparse.Namespace) -> dict[str, tuple[float, int]]:
    """Speed and number of tokens by tokenizer."""
    output = subprocess.run(
        [PROGRAM, arguments.file, arguments.vocabulary, arguments.merges],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    found = re.findall(r"^(\S+) ([\d.]+) MB/s, (\d+) tokens", output, re.MULTILINE)
    return {tokenizer: (float(speed), int(tokens)) for tokenizer, speed, tokens in found}


def tiktoken_speed(encodings: list, text: str, size: int) -> tuple[float, int]:
    best, tokens = 0.0, 0
    for encoding in encodings:
        start = time.perf_counter()
        tokens = len(encoding.encode_ordinary(text))
        best = max(best, size / 1e6 / (time.perf_counter() - start))
    return best, tokens


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("vocabulary", type=Path)
    parser.add_argument("merges", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    encodings = [gpt2_encoding(arguments.vocabulary, pattern) for pattern in (PATTERN, QUICK_PATTERN)]
    with open(arguments.file, encoding="utf-8", newline="") as file:
        text = file.read()
    size = arguments.file.stat().st_size
    best: dict[str, float] = {}
    ratios = []
    for _ in range(arguments.rounds):
        speeds = program_speeds(arguments)
        speeds["tiktoken"] = tiktoken_speed(encodings, text, size)
        if speeds["tiktoken"][1] != speeds["gpt2-bpe"][1]:
            sys.exit(f"tiktoken makes {speeds['tiktoken'][1]} tokens, gpt2-bpe {speeds['gpt2-bpe'][1]}")
        ratios.append(speeds["gpt2-bpe"][0] / speeds["tiktoken"][0])
        for tokenizer, (speed, _) in speeds.items():
            best[tokenizer] = max(best.get(tokenizer, 0.0), speed)
    for tokenizer, speed in best.items():
        print(f"{tokenizer:10} {speed:10.1f} MB/s")
    print(f"gpt2-bpe is {statistics.median(ratios):.1f} times as fast as tiktoken "
          f"({min(ratios):.1f} to {max(ratios):.1f})")  # fmt: skip


if __name__ == "__main__":
    main()
