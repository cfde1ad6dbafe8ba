# SPDX-License-Identifier: GPL-3.0-or-later
"""Byte-level byte pair encoding as GPT-2 has it, written for being read, and hard text to compare with.

    byte_pair_reference.py FOLDER

trains a small vocabulary on the hard text and writes to FOLDER what the tests in tests/datasets compare with:
vocabulary.json and merges.txt in GPT-2's form, cases.jsonl, one {"text": ..., "tokens": [...]} a line, and classes.json,
[first, last, "L", "N", "S" (white space) or "-"] for all code points that Python's Unicode knows.
Uses nothing but Python's own library; its words come from the pattern itself, by `re`.
"""
import json
import random
import re
import sys
import unicodedata
from collections import Counter
from pathlib import Path

SEPARATOR = "<|endoftext|>"
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # the property of this name


def character_class(category: str) -> str:
    """The code points of a general category, such as L, as the inside of a class of `re`."""
    ranges: list[list[int]] = []
    for code in range(0x110000):
        if not unicodedata.category(chr(code)).startswith(category):
            continue
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)


def word_pattern() -> re.Pattern[str]:
    """'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+ without \\p and Python's own \\s."""
    letter, number = character_class("L"), character_class("N")
    return re.compile(
        f"'s|'t|'re|'ve|'m|'ll|'d| ?[{letter}]+| ?[{number}]+| ?[^{WHITE_SPACE}{letter}{number}]+"
        f"|[{WHITE_SPACE}]+(?![^{WHITE_SPACE}])|[{WHITE_SPACE}]+"
    )


WORDS = word_pattern()


def byte_names() -> list[str]:
    """The character that stands for each byte in GPT-2's files."""
    printing = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    names, others = [], 0
    for byte in range(256):
        if byte in printing:
            names.append(chr(byte))
        else:
            names.append(chr(0x100 + others))
            others += 1
    return names


BYTE_NAMES = byte_names()


def byte_pair_parts(word: str) -> tuple[str, ...]:
    return tuple(BYTE_NAMES[byte] for byte in word.encode())


def merged(parts: tuple[str, ...], pair: tuple[str, str]) -> tuple[str, ...]:
    """`parts` with every occurrence of `pair`, from left to right, made one part."""
    result: list[str] = []
    place = 0
    while place < len(parts):
        if parts[place : place + 2] == pair:
            result.append(pair[0] + pair[1])
            place += 2
        else:
            result.append(parts[place])
            place += 1
    return tuple(result)


def documents(text: str) -> list[str]:
    """The text cut before and after each separator; the separators stay."""
    return re.split(f"({re.escape(SEPARATOR)})", text)


def train(text: str, merges: int) -> list[tuple[str, str]]:
    """The merges of the most frequent pairs, one after the other."""
    words = Counter(
        byte_pair_parts(word)
        for document in documents(text)
        if document != SEPARATOR
        for word in WORDS.findall(document)
    )
    result: list[tuple[str, str]] = []
    while len(result) < merges:
        pairs: Counter[tuple[str, str]] = Counter()
        for parts, count in words.items():
            for pair in zip(parts, parts[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        result.append(best)
        changed: Counter[tuple[str, ...]] = Counter()
        for parts, count in words.items():
            changed[merged(parts, best)] += count
        words = changed
    return result


class BytePairReference:
    def __init__(self, numbers: dict[str, int], merges: list[tuple[str, str]]):
        self.numbers = numbers
        self.ranks = {pair: rank for rank, pair in enumerate(merges)}

    def encode_word(self, word: str) -> list[int]:
        parts = byte_pair_parts(word)
        while True:
            known = [pair for pair in zip(parts, parts[1:]) if pair in self.ranks]
            if not known:
                return [self.numbers[part] for part in parts]
            parts = merged(parts, min(known, key=self.ranks.__getitem__))

    def encode(self, text: str) -> list[int]:
        tokens: list[int] = []
        for document in documents(text):
            if document == SEPARATOR:
                tokens.append(self.numbers[SEPARATOR])
            else:
                words = WORDS.findall(document)
                assert "".join(words) == document
                tokens += [token for word in words for token in self.encode_word(word)]
        return tokens


HARD_LINES = [
    "",
    " ",
    "The quick brown fox can't jump, won't jump, and SHOULDN'T've jumped; it's Bob's. I'll, we'd, they're, I'm.",
    "IT'S, CAN'T, WE'RE, I'VE, I'M, HE'LL, SHE'D; 'tis 'twas 'sup 'Re 'lL ' s '' 's's't'rex'vet'llama'day",
    "it’s a curly apostrophe, l’été, dʼaccord, rock 'n' roll, '90s, 's9, 'd'd'd, 're9ve",
    "runs  of   spaces    and\ttabs\t\tand \t mixed  \t  ends in spaces   ",
    "   leading spaces, then\xa0no-break\xa0\xa0spaces \xa0 and\u202fnarrow ones\u3000ideographic\u3000\u3000ones",
    "next line\x85here\x85\x85, line separator\u2028here, paragraph separator\u2029here, vertical\vtab, form\ffeed",
    "thin\u2009space hair\u200aspace figure\u2007space ogham\u1680space zero\u200bwidth\u200bspace \ufeff mark \u180e vowel",
    "controls: \x00\x01\x02\x07\x08\x1b[0m\x1c\x1d\x1e\x1f\x7f\x80\x84\x86\x9f end",
    "carriage\rreturns\r\rhere",
    "👩‍👩‍👧‍👦 family, 👩🏽‍🚀 astronaut, 🏳️‍🌈 flag, 🏴󠁧󠁢󠁥󠁮󠁧󠁿 England, 🇩🇪🇫🇷🇯🇵 flags, ❤️ heart, 1️⃣2️⃣ keys, 🤷‍♂️🤷🏿‍♀️",
    "中文文本没有空格，但是有标点。 日本語のテキスト、カタカナとひらがな。 한국어 텍스트입니다. 𠀀𠀁𪛖 兔兔",
    "العربية تُكتب من اليمين إلى اليسار، والأرقام ١٢٣٤٥ و۱۲۳. עברית שָׁלוֹם ՀայերենԱ ქართული",
    "देवनागरी लिपि में १२३ अंक, বাংলা ১২৩, தமிழ் ௧௨௩, ไทย ๑๒๓, မြန်မာ ၁၂၃, བོད་ ༡༢༣, ខ្មែរ ១២៣",
    "e\u0301 vs \u00e9, a\u0308\u0323\u0302, \u0301leading mark, Z\u0351\u036b\u0343\u032aa\u0327\u0353l\u033bg\u0310o\u0301",
    "½ ⅓ Ⅷ ⅷ ① ㉑ ² ³ ₄ ௰ 一二三 𝟙𝟚𝟛 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 ﬁ ﬃ ª º ǅ ʰ ℵ ⁿ ⓐ",
    "İstanbul ISTANBUL ıi ß ẞ ŒUVRE Ωmega ΣΊΣΥΦΟΣ ς Ѐлизавета ѝ",
    "1234567890 3.14159 1,000,000 -5e-10 0x1F 10^6 50% #42 v1.2.3 12:34:56 a1b2c3 x² 5km",
    "def f(x):\n    return x  # comment\n\n\n\tif (a && b || !c) { s[i] += \"\\n\"; }\n\n",
    "https://example.org/path?query=1&b=%20#frag user@example.com C:\\dir\\file.txt ~/.config/__init__.py",
    "!!!??? ... ---- ==== **** ____ ~~~~ ((())) [[[]]] {{{}}} <<<>>> «» “” ‘’ „‚ – — … ¿¡",
    "a" * 300,
    "ab" * 150 + "abcabc" * 40 + "aaaa",
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 3,
    "=" * 200 + " " * 150 + "-" * 130,
    "中" * 120 + "é" * 90 + "٣" * 70 + "🙂" * 50,
    "one<|endoftext|>two <|endoftext|> three\n<|endoftext|>\n<|endoftext|><|endoftext|>four  <|endoftext|>",
    "<|endoftext|", "<|endoftext|>", "|endoftext|>", "<|endof<|endoftext|>text|>", "< |endoftext|>", "<|ENDOFTEXT|>",
    "'<|endoftext|>'s", "don<|endoftext|>'t", " <|endoftext|> ", "<<|endoftext|>>", "<|endoftext|>9<|endoftext|>x",
    "\ufffd\ufffd \ue000 \U000f0000 \uffff \ufdd0 \U0010ffff \u0378",
    "mixed中文English混合עברית123العربية456 'sé 'té 'ré 'lél \xa0's \u3000x",
]

PIECES = [
    *"abstdmrevlSTDMREVL019 .,!-_<>|\"'\n\t\r\x00\x1c\x1f\x85\xa0\u1680\u2003\u2028\u3000",
    *"éßİıДжΩא中文字かカ한ा١२५Ⅷ½²\u0301\u200b\u200d\ufeff\u180e\ufe0f🙂👩🏽🇩𝟙𠀀\ue000\ufffd",
    "'s", "'t", "'re", "'ve", "'m", "'ll", "'d", "'S", "'LL", "  ", "   ", " \n", "\n\n", " \t ", "the", " the", " and",
    " <|", "|>", "endoftext", SEPARATOR, SEPARATOR[:-1], SEPARATOR[:5], "ing", "tion", " 1", "00", "--", "...",
]  # fmt: skip


def random_lines(count: int, seed: int = 1) -> list[str]:
    draw = random.Random(seed)
    return ["".join(draw.choices(PIECES, k=draw.randint(1, 40))) for _ in range(count)]


def hard_text() -> list[str]:
    """Texts to compare on: every hard line, random ones, and all of them as one."""
    lines = HARD_LINES + random_lines(1500)
    return lines + ["\n".join(lines)]


def write_cases(file: Path, encode) -> None:
    with open(file, "w", encoding="utf-8", newline="\n") as output:
        for text in hard_text():
            output.write(json.dumps({"text": text, "tokens": encode(text)}) + "\n")


def code_point_classes() -> list[list]:
    white_space = re.compile(f"[{WHITE_SPACE}]")
    ranges: list[list] = []
    for code in range(0x110000):
        category = unicodedata.category(chr(code))
        if category in ("Cn", "Cs"):  # not assigned, surrogate
            continue
        kind = "S" if white_space.match(chr(code)) else category[0] if category[0] in "LN" else "-"
        if ranges and ranges[-1][1] == code - 1 and ranges[-1][2] == kind:
            ranges[-1][1] = code
        else:
            ranges.append([code, code, kind])
    return ranges


def main() -> None:
    folder = Path(sys.argv[1])
    merges = train("\n".join(HARD_LINES + random_lines(300, seed=2)), 400)
    names = BYTE_NAMES[ord("!") :] + BYTE_NAMES[: ord("!")]  # any order of the bytes will do
    names += dict.fromkeys(left + right for left, right in merges)
    names.insert(300, SEPARATOR)
    numbers = {name: number for number, name in enumerate(names)}
    (folder / "vocabulary.json").write_text(json.dumps(numbers), encoding="utf-8")
    (folder / "merges.txt").write_text(
        "#version: 0.2\n" + "".join(f"{left} {right}\n" for left, right in merges), encoding="utf-8"
    )
    (folder / "classes.json").write_text(json.dumps(code_point_classes()), encoding="utf-8")
    write_cases(folder / "cases.jsonl", BytePairReference(numbers, merges).encode)


if __name__ == "__main__":
    main()
