# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file is read, and what becomes of damaged ones."""

import json
import shutil
import unittest
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from program import initial_model, program, scratch, small_run
from wavlab_checkpoint import CheckpointError, load, read_tensors, write_tensors
from wavlab_checkpoint.tensor_file import TYPES
from wavlab_reference.cases import Case

SMALL = Case("small", "wav", 2, {"block_size": 2, "detail": "random_sign"})


class Finding(unittest.TestCase):
    def test_run_checkpoint_folder_and_file(self):
        run = small_run()
        last = run / "checkpoints" / "step-00000010"
        for path in (run, str(run), last, last / "model.safetensors"):
            self.assertEqual(load(path).step, 10)
            self.assertEqual(load(path).path, last / "model.safetensors")
        self.assertEqual(load(run, 5).step, 5)
        self.assertEqual(load(run, "5").step, 5)
        with safe_open(str(last / "state.safetensors"), "pt") as state:
            self.assertLess(float(state.metadata()["validation_loss"]), 10)
        self.assertEqual(load(run, "best").step, 10)

    def test_exported_checkpoint(self):
        file = scratch() / "exported.safetensors"
        program()("export", small_run(), "--checkpoint", file)
        wanted, found = load(small_run()).model.state_dict(), load(file).model.state_dict()
        self.assertTrue(all(torch.equal(value, found[name]) for name, value in wanted.items()))

    def test_best_is_not_last(self):
        run = scratch() / "worse"
        shutil.copytree(small_run(), run)
        state = run / "checkpoints" / "step-00000010" / "state.safetensors"
        tensors, metadata = read_tensors(state)
        write_tensors(state, tensors, {**metadata, "validation_loss": "99"})
        self.assertEqual(load(run, "best").step, 5)
        write_tensors(state, tensors, {**metadata, "validation_loss": "nan"})
        self.assertEqual(load(run, "best").step, 5)

    def test_what_is_not_there(self):
        for path, step in ((scratch() / "nothing", "last"), (scratch(), "last"), (small_run(), 7)):
            with self.assertRaises(FileNotFoundError):
                load(path, step)


class Content(unittest.TestCase):
    def test_experiment_and_metadata(self):
        checkpoint = load(initial_model(SMALL))
        self.assertEqual(checkpoint.experiment["model"]["layers"], 2)
        self.assertEqual(checkpoint.experiment["method"]["detail"], "random_sign")
        self.assertEqual(checkpoint.experiment["train"]["lr"], 1e-2)
        self.assertEqual((checkpoint.step, checkpoint.settings.block_size), (0, 2))
        self.assertIn("wavlab_version", checkpoint.metadata)
        self.assertFalse(checkpoint.model.training)
        trained = dict(checkpoint.model.named_parameters())
        self.assertNotIn("routing.detail_sign", trained)
        self.assertEqual(set(checkpoint.model.state_dict()) - set(trained), {"routing.detail_sign"})

    def test_saved_and_loaded_again(self):
        checkpoint = load(initial_model(SMALL))
        file = scratch() / "again.safetensors"
        checkpoint.save(file, step=3)
        again = load(file)
        self.assertEqual((again.step, again.experiment), (3, checkpoint.experiment))
        for name, value in checkpoint.model.state_dict().items():
            self.assertTrue(torch.equal(value, again.model.state_dict()[name]), name)
        self.assertEqual(file.stat().st_mode & 0o777, initial_model(SMALL).stat().st_mode & 0o777)
        self.assertEqual([other for other in file.parent.iterdir() if other.name.startswith(".again")], [])

    def test_same_format_as_the_safetensors_package(self):
        tensors = {name: torch.ones(2, 3).to(dtype) for name, dtype in TYPES.items()}
        tensors |= {"empty": torch.empty(0, 4), "scalar": torch.tensor(2.5), "é": torch.arange(5)}
        ours, theirs = scratch() / "ours.safetensors", scratch() / "theirs.safetensors"
        write_tensors(ours, tensors, {"a": "ü\n"})
        save_file(tensors, str(theirs), metadata={"a": "ü\n"})
        self.assertEqual(read_tensors(theirs)[1], {"a": "ü\n"})
        with safe_open(str(ours), "pt") as file:
            self.assertEqual(file.metadata()["a"], "ü\n")
            read = {name: file.get_tensor(name) for name in file.keys()}
        for found in (read, read_tensors(ours)[0], read_tensors(theirs)[0]):
            self.assertEqual(set(found), set(tensors))
            for name, value in tensors.items():
                self.assertTrue(found[name].dtype == value.dtype and torch.equal(found[name], value), name)


class Damage(unittest.TestCase):
    def setUp(self):
        self.original = initial_model(SMALL)
        self.bytes = self.original.read_bytes()
        self.header_end = 8 + int.from_bytes(self.bytes[:8], "little")
        self.file = scratch() / "damaged.safetensors"

    def refused(self, content: bytes, pattern: str = "") -> None:
        self.file.write_bytes(content)
        with self.assertRaisesRegex(CheckpointError, pattern) as caught:
            load(self.file)
        self.assertIn(str(self.file), str(caught.exception))

    def with_header(self, change) -> bytes:
        """The file with another header."""
        header = json.loads(self.bytes[8 : self.header_end])
        text = change(header)
        text = (json.dumps(header) if text is None else text).encode()
        return len(text).to_bytes(8, "little") + text + self.bytes[self.header_end :]

    def test_truncated(self):
        lengths = {0, 1, 7, 8, 9, self.header_end - 1, self.header_end, len(self.bytes) - 1}
        lengths |= set(range(0, len(self.bytes), len(self.bytes) // 40))
        for length in sorted(lengths):
            self.refused(self.bytes[:length])
        self.refused(self.bytes + b"\0", "belong to no tensor")

    def test_flipped_bytes(self):
        wanted, metadata = read_tensors(self.original)
        places = [*range(0, self.header_end, 5), *range(self.header_end, len(self.bytes), 1999), len(self.bytes) - 1]
        accepted = 0
        for index, place in enumerate(places):
            damaged = bytearray(self.bytes)
            damaged[place] ^= 1 << index % 8
            self.file.write_bytes(damaged)
            try:
                tensors, found = read_tensors(self.file)
            except CheckpointError:
                continue
            # Only where the flip hides a checksum itself; then all the rest is as it was.
            accepted += 1
            self.assertTrue(all(torch.equal(value, tensors[name]) for name, value in wanted.items()), place)
            for key in ("experiment", "vocabulary", "step"):
                self.assertEqual(found[key], metadata[key], place)
        self.assertLess(accepted, 12)

    def test_wrong_checksums(self):
        def renamed(header):
            sums = json.loads(header["__metadata__"]["checksums"])
            sums["head.weigh"] = sums.pop("head.weight")
            header["__metadata__"]["checksums"] = json.dumps(sums)

        def changed(header):
            sums = json.loads(header["__metadata__"]["checksums"])
            sums["head.weight"] = "0" * 64
            header["__metadata__"]["checksums"] = json.dumps(sums)

        def unreadable(header):
            header["__metadata__"]["checksums"] = "[]"

        def other_step(header):
            header["__metadata__"]["step"] = "1"

        self.refused(self.with_header(renamed), "no such tensor")
        self.refused(self.with_header(changed), "'head.weight' do not match their checksum")
        self.refused(self.with_header(unreadable), "checksums")
        self.refused(self.with_header(other_step), "header does not match its checksum")

    def test_checksums_may_be_missing(self):
        def without(header):
            del header["__metadata__"]["checksums"]
            header["__metadata__"]["step"] = "17"

        self.file.write_bytes(self.with_header(without))
        self.assertEqual(load(self.file).step, 17)

    def test_bad_headers(self):
        def entry(**values):
            def change(header):
                del header["__metadata__"]["checksums"]
                header["head.weight"].update(values)

            return change

        begin, end = json.loads(self.bytes[8 : self.header_end])["head.weight"]["data_offsets"]
        self.refused(self.with_header(entry(dtype="F33")), "of the type 'F33'")
        self.refused(self.with_header(entry(shape=[-1, 4])), "impossible")
        self.refused(self.with_header(entry(shape=[2**40, 2**40])), "another size")
        self.refused(self.with_header(entry(shape=[True, 4])), "impossible")
        self.refused(self.with_header(entry(shape=[1])), "another size")
        self.refused(self.with_header(entry(data_offsets=[begin, end + 4])), "damaged")
        self.refused(self.with_header(entry(data_offsets=[begin - 4, end - 4])), "")
        self.refused(self.with_header(entry(data_offsets=[end, begin])), "impossible")
        self.refused(self.with_header(entry(data_offsets=[begin])), "impossible")
        self.refused(self.with_header(lambda header: "[]"), "does not begin with")
        self.refused(self.with_header(lambda header: "{"), "JSON")
        self.refused(self.with_header(lambda header: '{"a":' * 100000), "JSON")
        self.refused(self.with_header(lambda header: '{"a": 1, "a": 2}'), "twice")
        self.refused(self.with_header(lambda header: header.update(__metadata__={"step": 1})), "strings")
        self.refused(b"\xff" * 8 + self.bytes[8:], "no safetensors file")

    def test_missing_or_wrong_metadata(self):
        tensors, metadata = read_tensors(self.original)
        for key in ("experiment", "vocabulary", "step"):
            write_tensors(self.file, tensors, {name: text for name, text in metadata.items() if name != key})
            with self.assertRaisesRegex(CheckpointError, f"no '{key}'"):
                load(self.file)
        experiment = metadata["experiment"]
        for key, text, pattern in (
            ("experiment", "= 3", "TOML"),
            ("experiment", experiment.replace('method = "wav"', 'method = "mine"'), "allowed are standard"),
            ("experiment", experiment.replace('method = "wav"', 'method = "standard"'), "does not belong"),
            ("experiment", experiment.replace("layers = 2", "layers = 3"), "no tensor 'layers.2"),
            ("experiment", experiment.replace("layers = 2", "layers = 1"), "does not belong"),
            ("experiment", experiment.replace("layers = 2", "layers = 999999999"), "too few"),
            ("experiment", experiment.replace("mlp_hidden = 32", "mlp_hidden = 99999999999999999999"), "less than"),
            ("experiment", experiment.replace("mlp_hidden = 32", "mlp_hidden = 2000000000"), "shape"),
            ("experiment", experiment.replace("width = 16", "width = 2147483640"), "impossible"),
            ("experiment", experiment.replace("heads = 2", "heads = 3"), "heads"),
            ("experiment", experiment.replace("heads = 2", "heads = true"), "type int"),
            ("experiment", experiment.replace('detail = "random_sign"', 'detail = "contrast"'), "does not belong"),
            ("experiment", experiment.replace('tokenizer = "char"', 'tokenizer = "word"'), "word"),
            ("vocabulary", "[1", "JSON"),
            ("vocabulary", "[1, 1]", "twice"),
            ("vocabulary", "[1, 55296]", "code points"),
            ("vocabulary", "[65, 66]", "shape"),
            ("step", "-1", "step"),
        ):
            self.assertNotEqual(text, metadata[key], text)
            write_tensors(self.file, tensors, {**metadata, key: text})
            with self.subTest(text[-40:]), self.assertRaisesRegex(CheckpointError, pattern):
                load(self.file)

    def test_missing_and_foreign_tensors(self):
        tensors, metadata = read_tensors(self.original)
        for change, pattern in (
            ({"head.weight": None}, "no tensor 'head.weight'"),
            ({"more": torch.ones(1)}, "'more' does not belong"),
            ({"head.weight": tensors["head.weight"].long()}, "floating-point"),
        ):
            changed = {name: value for name, value in {**tensors, **change}.items() if value is not None}
            write_tensors(self.file, changed, metadata)
            with self.assertRaisesRegex(CheckpointError, pattern):
                load(self.file)

    def test_a_write_that_fails_leaves_the_old_file(self):
        self.file.write_bytes(b"old")
        with self.assertRaises(KeyError):
            write_tensors(self.file, {"a": torch.ones(1, dtype=torch.complex64)}, {})
        self.assertEqual(self.file.read_bytes(), b"old")
        self.assertEqual(list(Path(self.file.parent).glob(".damaged*")), [])


if __name__ == "__main__":
    unittest.main()
