# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input: one clear error that says what, where and what is allowed, the right exit code, nothing half-written."""
import os
import pathlib
import resource
import subprocess
import tempfile
import unittest

from program import PROGRAM, ProgramTest, run


class BadCommandLine(ProgramTest):
    def test_unknown_command_and_option(self):
        self.assert_one_clear_error(run("trian"), 2, "trian")
        self.assert_one_clear_error(run("train", "--nothing"), 2, "--nothing")
        self.assert_one_clear_error(run("eval"), 2, "model")

    def test_help_needs_nothing(self):
        result = run("--help")
        self.assertEqual(result.returncode, 0)
        for command in ("train", "resume", "init", "eval", "sample", "runs", "methods", "data", "export"):
            self.assertIn(command, result.stdout)

    def test_missing_things(self):
        self.assert_one_clear_error(run("train", self.folder / "none.toml"), 2, "none.toml")
        self.assert_one_clear_error(run("train", self.folder), 2, str(self.folder))
        self.assert_one_clear_error(run("eval", "no-such-run", "--runs", self.folder), 2, "no-such-run")
        self.assert_one_clear_error(run("resume", self.folder), 2, str(self.folder))


class BadExperiment(ProgramTest):
    def refused(self, *parts, setting=None, **options):
        file = self.experiment(**options)
        arguments = ["--set", setting] if setting else []
        target = self.folder / "run"
        self.assert_one_clear_error(run("train", file, *arguments, "--run", target), 2, *parts)
        self.assertFalse(target.exists())
        self.assertEqual([entry.name for entry in self.folder.iterdir()], [file.name])

    def test_unknown_key_names_file_and_line(self):
        self.refused("tiny.toml, line 25", "stepz", extra="stepz = 3\n")

    def test_values_out_of_range(self):
        self.refused("model.layers", "0", setting="model.layers=0")
        self.refused("model.layers", "1000000000", setting="model.layers=1000000000")
        self.refused("train.lr", "nan", setting="train.lr=nan")
        self.refused("heads", setting="model.heads=3")
        self.refused("model.method", "wave", "attnres_block", setting="model.method=wave")

    def test_wrong_type(self):
        self.refused("train.batch", "many", setting="train.batch=many")

    def test_not_toml(self):
        file = self.folder / "broken.toml"
        file.write_text("schema = = 1\n")
        self.assert_one_clear_error(run("train", file), 2, "broken.toml", "1")

    def test_data_that_is_not_there(self):
        self.refused("none.txt", dataset="file:none.txt")
        self.refused("folder", dataset="file:/")
        self.refused("no-such-dataset", "toy-stories", dataset="no-such-dataset")

    def test_text_shorter_than_the_context(self):
        (self.folder / "short.txt").write_text("short")
        result = run("train", self.experiment(dataset="file:short.txt"), "--run", self.folder / "run")
        self.assert_one_clear_error(result, 2, "short.txt")
        self.assertFalse((self.folder / "run").exists())

    def test_no_such_device(self):
        self.refused("cuda:77", setting="train.device=cuda:77")


class BadPlaces(ProgramTest):
    def test_run_folder_that_is_not_empty(self):
        target = self.folder / "taken"
        target.mkdir()
        (target / "precious").write_text("data")
        self.assert_one_clear_error(run("train", self.experiment(), "--run", target), 2, "taken")
        self.assertEqual((target / "precious").read_text(), "data")

    def test_unwritable_targets(self):
        run_folder, _ = self.train(self.experiment(steps=1))
        for target in (self.folder / "missing" / "m.csv", self.folder):
            self.assert_one_clear_error(run("export", run_folder, "--metrics", target), 2, str(target))
        target = self.folder / "missing" / "model.safetensors"
        self.assert_one_clear_error(run("export", run_folder, "--checkpoint", target), 2, str(target))

    def test_disk_full_while_training(self):
        """RLIMIT_FSIZE stands for a full disk: a checkpoint that does not fit fails, the state before it stays."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
        result = run("train", self.experiment(), "--set", "model.width=64", "--set", "model.mlp_hidden=256", "--run",
                     self.folder / "run", preexec_fn=limit)
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        checkpoints = self.folder / "run" / "checkpoints"
        self.assertEqual(list(checkpoints.iterdir()) if checkpoints.exists() else [], [])

    def test_read_only_file_system(self):
        with tempfile.TemporaryDirectory() as mount:
            script = f"mount -t tmpfs -o size=1m tmpfs '{mount}' && mount -o remount,ro '{mount}' && " \
                     f"exec '{os.path.abspath(PROGRAM)}' train '{self.experiment()}' --run '{mount}/run'"
            result = subprocess.run(["unshare", "--mount", "sh", "-c", script], text=True, capture_output=True)
            if "mount:" in result.stderr or "unshare" in result.stderr:
                self.skipTest("mounting is not allowed here")
            self.assert_one_clear_error(result, 2, "run")

    def test_damaged_checkpoint(self):
        run_folder, _ = self.train(self.experiment(steps=1))
        model = next(run_folder.glob("checkpoints/*/model.safetensors"))
        whole = model.read_bytes()
        copy = self.folder / "copy.safetensors"
        flipped = bytearray(whole)
        flipped[-5] ^= 16
        for content in (whole[:len(whole) // 2], bytes(flipped), b"\xff" * 8 + whole[8:], b""):
            copy.write_bytes(content)
            self.assert_one_clear_error(run("eval", copy), 2, "copy.safetensors")


if __name__ == "__main__":
    unittest.main()
