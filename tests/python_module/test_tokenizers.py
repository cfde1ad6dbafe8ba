# SPDX-License-Identifier: GPL-3.0-or-later
"""The module's tokens are the program's, and give the text back."""

import json
import unittest

import byte_pair_reference
import wavlab_checkpoint
from program import program, scratch
from wavlab_checkpoint import CheckpointError
from wavlab_checkpoint.tokenizer import restore_tokenizer

CONTEXT = 64
TEXT = (
    "It's <|endoftext|>  İSTANBUL: naïve ΣΊΣΥΦΟΣ, don't!\n\n\t12½ Ⅷ 一二三 — «ok»\u00a0\u2028x\x1c y…  \n"
    "They'll've 3rd-rate 'quotes' <|endoftext|><|endof text|> 🙂🙃 end"
)


class Tokens(unittest.TestCase):
    def check(self, name: str, options: dict, text: str, training: str = "", lossless: bool = True):
        """Encodes as the program does, which shows its tokens in the dump of two windows that cover the text."""
        data, other = scratch() / f"{name}.txt", scratch() / f"{name}.eval.txt"
        data.write_text((training or text) * 40, encoding="utf-8")
        other.write_text(text, encoding="utf-8", newline="")
        values = "\n".join(f"{key} = {json.dumps(value)}" for key, value in options.items())
        experiment = scratch() / f"{name}.toml"
        experiment.write_text(
            f'[model]\nmethod = "standard"\nlayers = 1\nwidth = 8\nheads = 2\ncontext = {CONTEXT}\n'
            f'[data]\ndataset = "file:{data}"\n{values}\n', encoding="utf-8",
        )
        model, dump = scratch() / f"{name}.safetensors", scratch() / f"{name}.dump.safetensors"
        program()("init", experiment, "--out", model)
        tokenizer = wavlab_checkpoint.load(model).tokenizer
        found = tokenizer.encode(text)
        self.assertEqual(tokenizer.name, options["tokenizer"])
        windows = len(found) - CONTEXT
        program()("eval", model, "--text", other, "--windows", windows, "--dump", dump)
        tokens = wavlab_checkpoint.read_tensors(dump)[0]["tokens"]
        wanted = tokens[:, 0].tolist() + tokens[-1, 1:].tolist()
        self.assertEqual(found[:-1], wanted)
        if lossless:
            self.assertEqual(tokenizer.decode(found), text)
        return tokenizer

    def test_characters(self):
        tokenizer = self.check("char", {"tokenizer": "char"}, TEXT)
        self.assertEqual(len(tokenizer), len(set(TEXT)))
        with self.assertRaisesRegex(ValueError, "'Z' at offset 1"):
            tokenizer.encode("İZ")
        for token in (-1, len(tokenizer)):
            with self.assertRaises(ValueError):
                tokenizer.decode([token])

    def test_lower_case(self):
        self.check("lower", {"tokenizer": "char", "lower_case": True}, TEXT, lossless=False)

    def test_rare_characters(self):
        options = {"tokenizer": "char", "characters": " abcdefghijklmnopqrstuvwxyz"}
        tokenizer = self.check("some", options, TEXT, lossless=False)
        self.assertIn("\ufffd", tokenizer.decode(tokenizer.encode("a Ж")))
        self.check("rare", {"tokenizer": "char", "rare_below": 50}, TEXT + "Q", training=TEXT, lossless=False)

    def test_bytes(self):
        tokenizer = self.check("byte", {"tokenizer": "byte"}, TEXT)
        self.assertEqual(tokenizer.encode(b"\xff\x00"), [255, 0])
        self.assertEqual(tokenizer.decode_bytes([255, 0]), b"\xff\x00")
        self.assertEqual(tokenizer.decode([0xC3]), "\ufffd")

    def test_byte_pairs(self):
        merges = byte_pair_reference.train(TEXT * 3 + "the there then they", 120)
        names = [*byte_pair_reference.BYTE_NAMES, *dict.fromkeys(left + right for left, right in merges)]
        numbers = {name: number for number, name in enumerate([*names, byte_pair_reference.SEPARATOR])}
        vocabulary, rules = scratch() / "encoder.json", scratch() / "vocab.bpe"
        vocabulary.write_text(json.dumps(numbers), encoding="utf-8")
        rules.write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), encoding="utf-8")
        options = {"tokenizer": "gpt2-bpe", "vocabulary_file": str(vocabulary), "merges_file": str(rules)}
        text = TEXT + " the end, they said; then".join([" over there"] * 3)
        tokenizer = self.check("pairs", options, text)
        self.assertEqual(len(tokenizer), len(numbers))
        self.assertEqual(tokenizer.encode("<|endoftext|>"), [numbers[byte_pair_reference.SEPARATOR]])
        self.assertEqual(tokenizer.encode(""), [])

    def test_damaged_vocabularies(self):
        whole = {"bytes": list(range(256)), "merges": [97, 98], "others": {}}
        self.assertEqual(restore_tokenizer("gpt2-bpe", whole, {}).encode("aab"), [97, 256])
        for name, vocabulary in (
            ("gpt2-bpe", []), ("gpt2-bpe", {**whole, "bytes": [1]}), ("gpt2-bpe", {**whole, "merges": [97, 300]}),
            ("gpt2-bpe", {**whole, "merges": [97, 98] * 2}), ("gpt2-bpe", {**whole, "others": {"x": 400}}),
            ("byte", {"bytes": 255}), ("char", {}), ("char", [-1]), ("char", ["a"]), ("words", []),
        ):
            with self.subTest(f"{name} {str(vocabulary)[-40:]}"), self.assertRaises(CheckpointError):
                restore_tokenizer(name, vocabulary, {})


if __name__ == "__main__":
    unittest.main()
