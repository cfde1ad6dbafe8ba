# SPDX-License-Identifier: GPL-3.0-or-later
"""What tiktoken makes of texts with GPT-2's vocabulary, without a network.

    tiktoken_reference.py FOLDER VOCABULARY_FILE [TEXT_FILE...]

writes to FOLDER cases.jsonl, the hard text of byte_pair_reference.py as {"text": ..., "tokens": [...]} a line, and for
each text file its tokens as <name>.tokens, 4 bytes each in the machine's order. Exits with 77 where tiktoken is not
installed (setup/python-packages.txt).
"""
import array
import json
import sys
from pathlib import Path

try:
    import tiktoken
except ImportError:
    sys.exit(77)

from byte_pair_reference import BYTE_NAMES, SEPARATOR, write_cases

PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
#: The same words, written so that tiktoken is quicker (its own r50k_base has this form).
QUICK_PATTERN = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""


def gpt2_encoding(vocabulary_file: Path, pattern: str = PATTERN) -> tiktoken.Encoding:
    numbers = json.loads(vocabulary_file.read_text(encoding="utf-8"))
    bytes_of = {name: byte for byte, name in enumerate(BYTE_NAMES)}
    ranks = {
        bytes(bytes_of[character] for character in name): number
        for name, number in numbers.items()
        if name != SEPARATOR
    }
    return tiktoken.Encoding(
        "gpt2-from-files", pat_str=pattern, mergeable_ranks=ranks, special_tokens={SEPARATOR: numbers[SEPARATOR]}
    )


def main() -> None:
    folder, vocabulary_file, text_files = Path(sys.argv[1]), Path(sys.argv[2]), map(Path, sys.argv[3:])
    encoding = gpt2_encoding(vocabulary_file)

    def encode(text: str) -> list[int]:
        return encoding.encode(text, allowed_special="all")

    write_cases(folder / "cases.jsonl", encode)
    for file in text_files:
        with open(file, encoding="utf-8", newline="") as text:
            tokens = array.array("i", encode(text.read()))
        (folder / (file.name + ".tokens")).write_bytes(tokens.tobytes())


if __name__ == "__main__":
    main()
