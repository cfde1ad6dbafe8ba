# SPDX-License-Identifier: GPL-3.0-or-later
"""The tokenizers of WAV Lab, from the vocabulary that a checkpoint holds. None needs any other file."""
from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Dict, Iterable, Iterator, List, Mapping, Pattern, Tuple, Union

from .errors import CheckpointError

RARE_SYMBOL = "\ufffd"


class Tokenizer:
    """encode: text → tokens, decode: tokens → text; `len()` is the size of the vocabulary V.

    A text is taken as it is. When the lab reads a file it also drops a byte order mark and makes CRLF to LF.
    """

    name = ""

    def __len__(self) -> int:
        raise NotImplementedError

    def encode(self, text: str) -> List[int]:
        raise NotImplementedError

    def decode(self, tokens: Iterable[int]) -> str:
        raise NotImplementedError

    def _checked(self, tokens: Iterable[int]) -> Iterator[int]:
        for token in map(int, tokens):  # a tensor of tokens is fine too
            if not 0 <= token < len(self):
                raise ValueError(f"token {token} is not in the vocabulary; allowed are 0 to {len(self) - 1}")
            yield token


class CharTokenizer(Tokenizer):
    """One token a code point. A character outside the vocabulary is an error, unless the experiment made rare ones
    U+FFFD (`characters`, `rare_below`); `lower_case` maps character by character."""

    name = "char"

    def __init__(self, code_points: Any, options: Mapping[str, Any]):
        if not isinstance(code_points, list) or not all(
            type(point) is int and 0 <= point < 0x110000 and not 0xD800 <= point < 0xE000 for point in code_points
        ):
            raise CheckpointError("the vocabulary of characters is not a list of code points")
        self.characters = [chr(point) for point in code_points]
        self.tokens = {character: token for token, character in enumerate(self.characters)}
        if len(self.tokens) != len(self.characters):
            raise CheckpointError("the vocabulary of characters holds one twice")
        self.lower_case = bool(options.get("lower_case", False))
        restricted = options.get("characters", "") != "" or options.get("rare_below", 0) != 0
        self.rare = self.tokens.get(RARE_SYMBOL) if restricted else None

    def __len__(self) -> int:
        return len(self.characters)

    def encode(self, text: str) -> List[int]:
        if self.lower_case:
            # Unicode's simple mapping is one to one; where Python gives two characters, it is the first.
            text = "".join(character.lower()[0] for character in text)
        tokens = [self.tokens.get(character, self.rare) for character in text]
        if None in tokens:
            place = tokens.index(None)
            raise ValueError(f"{text[place]!r} at offset {place} is not in the vocabulary")
        return tokens

    def decode(self, tokens: Iterable[int]) -> str:
        return "".join(self.characters[token] for token in self._checked(tokens))


class ByteTokenizer(Tokenizer):
    """One token a byte of UTF-8 (or of any bytes)."""

    name = "byte"

    def __len__(self) -> int:
        return 256

    def encode(self, text: Union[str, bytes]) -> List[int]:
        return list(text.encode("utf-8") if isinstance(text, str) else text)

    def decode_bytes(self, tokens: Iterable[int]) -> bytes:
        return bytes(self._checked(tokens))

    def decode(self, tokens: Iterable[int]) -> str:
        """Bytes that are no UTF-8, such as half a character, become U+FFFD."""
        return self.decode_bytes(tokens).decode("utf-8", "replace")


class Gpt2Tokenizer(Tokenizer):
    """GPT-2's byte-level byte pair encoding with the bytes and merges of the checkpoint; <|endoftext|> is one token.

    It is written for being read and for prompts: for long texts give `byte_texts` to a fast library, for example
    `tiktoken.Encoding(name, pat_str=..., mergeable_ranks={text: token ...}, special_tokens=...)`. What is a letter or a
    number is what this Python's `unicodedata` says.
    """

    name = "gpt2-bpe"
    separator = "<|endoftext|>"

    def __init__(self, vocabulary: Any):
        try:
            self.bytes = [int(token) for token in vocabulary["bytes"]]  # token of each byte
            pairs = vocabulary["merges"]
            merged = vocabulary.get("merged", range(256, 256 + len(pairs) // 2))
            others: Dict[str, int] = dict(vocabulary["others"])
            texts = {token: bytes([byte]) for byte, token in enumerate(self.bytes)}
            self.merges: Dict[Tuple[int, int], Tuple[int, int]] = {}  # pair → its rank and the token it becomes
            for rank, (left, right, result) in enumerate(zip(pairs[::2], pairs[1::2], merged)):
                self.merges[left, right] = rank, result
                texts[result] = texts[left] + texts[right]
            texts.update({token: _bytes_of_name(name) for name, token in others.items()})
            self.byte_texts = [texts[token] for token in range(len(texts))]  # the bytes of each token
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"the vocabulary of byte pairs is incomplete: {error!r}") from None
        if len(self.bytes) != 256 or len(pairs) != 2 * len(self.merges):
            raise CheckpointError("the vocabulary of byte pairs has not 256 bytes, or the same merge twice")
        self.separator_token = others.get(self.separator)

    def __len__(self) -> int:
        return len(self.byte_texts)

    def encode(self, text: str) -> List[int]:
        documents = [text] if self.separator_token is None else text.split(self.separator)
        tokens: List[int] = []
        for index, document in enumerate(documents):
            if index:
                tokens.append(self.separator_token)
            for word in _words().findall(document):
                tokens += self._encode_word(word.encode("utf-8"))
        return tokens

    def _encode_word(self, word: bytes) -> List[int]:
        """Again and again, the pair of neighbours that stands first among the merges is merged, from the left."""
        parts = [self.bytes[byte] for byte in word]
        while len(parts) > 1:
            best = min(zip(parts, parts[1:]), key=lambda pair: self.merges.get(pair, (len(self.merges), 0))[0])
            if best not in self.merges:
                break
            place, joined = 0, []
            while place < len(parts):
                here = (parts[place], parts[place + 1]) if place + 1 < len(parts) else None
                joined.append(self.merges[best][1] if here == best else parts[place])
                place += 2 if here == best else 1
            parts = joined
        return parts

    def decode_bytes(self, tokens: Iterable[int]) -> bytes:
        return b"".join(self.byte_texts[token] for token in self._checked(tokens))

    def decode(self, tokens: Iterable[int]) -> str:
        """Bytes that are no UTF-8, such as half a character, become U+FFFD."""
        return self.decode_bytes(tokens).decode("utf-8", "replace")


def _bytes_of_name(name: str) -> bytes:
    """GPT-2's files write each byte as a character that prints; a name with any other character stands for itself."""
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    alphabet = {chr(byte): byte for byte in printing}
    alphabet.update({chr(0x100 + i): byte for i, byte in enumerate(set(range(256)) - set(printing))})
    return bytes(alphabet[c] for c in name) if all(c in alphabet for c in name) else name.encode("utf-8")


@lru_cache(maxsize=None)
def _words() -> Pattern[str]:
    r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+, with Unicode's white space; Python's
    `re` has no \p, and its \s knows four characters more."""
    ranges: Dict[str, List[List[int]]] = {"L": [], "N": []}
    for point in range(0x110000):
        found = ranges.get(unicodedata.category(chr(point))[0])
        if found is None:
            continue
        if found and found[-1][1] == point - 1:
            found[-1][1] = point
        else:
            found.append([point, point])
    letter, number = ("".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in ranges[kind]) for kind in "LN")
    space = "\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    return re.compile(
        f"'s|'t|'re|'ve|'m|'ll|'d| ?[{letter}]+| ?[{number}]+| ?[^{space}{letter}{number}]+"
        f"|[{space}]+(?![^{space}])|[{space}]+"
    )


def restore_tokenizer(name: str, vocabulary: Any, options: Mapping[str, Any]) -> Tokenizer:
    """The tokenizer of a checkpoint: `name` and `options` are those of `[data]`, `vocabulary` the metadata's JSON."""
    if name == "char":
        return CharTokenizer(vocabulary, options)
    if name == "byte":
        if vocabulary != {"bytes": 256}:
            raise CheckpointError('the vocabulary of bytes is not {"bytes": 256}')
        return ByteTokenizer()
    if name == "gpt2-bpe":
        return Gpt2Tokenizer(vocabulary)
    raise CheckpointError(f"the tokenizer {name!r} is not known here; known are char, byte, gpt2-bpe")
