# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands give: events, losses, files; stopping and going on."""
import csv
import json
import math
import shutil
import signal
import struct
import subprocess
import unittest

from program import PROGRAM, ProgramTest, json_lines, run


def losses(events, name="train/loss"):
    return {event["step"]: event["value"] for event in events if event.get("name") == name}


def safetensors_header(file):
    with open(file, "rb") as stream:
        return json.loads(stream.read(struct.unpack("<Q", stream.read(8))[0]))


class Results(ProgramTest):
    def test_train_eval_export_sample(self):
        target, events = self.train(self.experiment(steps=8))
        self.assertEqual(events[0]["event"], "started")
        self.assertEqual(events[0]["run"], str(target))
        self.assertEqual(events[-1]["event"], "finished")
        self.assertEqual(sorted(losses(events)), list(range(1, 9)))
        self.assertEqual(sorted(losses(events, "val/loss")), [0, 4, 8])
        self.assertEqual([event["step"] for event in events if event["event"] == "checkpoint"], [4, 8])

        evaluated = json_lines(run("eval", target, "--json").stdout)[0]
        self.assertAlmostEqual(evaluated["loss"], losses(events, "val/loss")[8], places=5)

        table = self.folder / "metrics.csv"
        self.assertEqual(run("export", target, "--metrics", table, "--checkpoint",
                             self.folder / "m.safetensors").returncode, 0)
        rows = list(csv.reader(table.read_text().splitlines()))
        self.assertEqual(rows[0], ["step", "name", "value"])
        exported = {int(step): float(value) for step, name, value in rows[1:] if name == "train/loss"}
        for step, value in losses(events).items():
            self.assertAlmostEqual(exported[step], value, delta=1e-8 * abs(value) + 1e-12)

        header = safetensors_header(self.folder / "m.safetensors")
        self.assertEqual(header["routing.query"]["shape"], [5, 16])
        self.assertEqual(header["routing.detail_bias"]["shape"], [5, 2])
        metadata = header["__metadata__"]
        self.assertEqual(metadata["step"], "8")
        self.assertRegex(metadata["data_sha256"], "^[0-9a-f]{64}$")
        self.assertEqual(json.loads(metadata["environment"])["device"], "cpu")
        self.assertTrue(metadata["wavlab_version"] and metadata["commit"])

        first, second = (run("sample", target, "--prompt", "The ", "--tokens", "20", "--seed", "3") for _ in range(2))
        self.assertEqual(first.returncode, 0, first.stderr)
        self.assertTrue(first.stdout.startswith("The "))
        self.assertEqual(first.stdout, second.stdout)

        listed = json_lines(run("runs", "--runs", self.folder, "--json").stdout)
        self.assertEqual([(one["name"], one["state"], one["step"]) for one in listed], [("run", "finished", 8)])
        again = run("resume", target)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("finished", again.stdout)

    def test_dump_holds_weights_that_sum_to_one(self):
        model = self.folder / "m.safetensors"
        self.assertEqual(run("init", self.experiment(), "--out", model).returncode, 0)
        dump = self.folder / "dump.safetensors"
        result = run("eval", model, "--windows", "2", "--dump", dump, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        header = safetensors_header(dump)
        self.assertEqual(header["tokens"]["shape"], [2, 16])
        sources = json.loads(header["__metadata__"]["routing.5.sources"])
        self.assertEqual(sources, ["embedding", "block1", "phase1", "split1", "block2", "phase2", "split2"])
        self.assertEqual(header["routing.5.weights"]["shape"], [2, 16, len(sources)])
        vocabulary = header["logits"]["shape"][2]
        self.assertAlmostEqual(json_lines(result.stdout)[0]["loss"], math.log(vocabulary), delta=0.3)

    def test_unknown_character_is_named(self):
        target, _ = self.train(self.experiment(steps=1))
        text = self.folder / "text.txt"
        text.write_text("The cat " * 20 + "§")
        self.assert_one_clear_error(run("eval", target, "--text", text), 2, "§", "160")

    def test_interrupted_run_goes_on_bit_for_bit(self):
        file = self.experiment(steps=40)
        _, whole = self.train(file, run_name="whole")
        target = self.folder / "cut"
        process = subprocess.Popen([PROGRAM, "train", file, "--run", target, "--json"], text=True,
                                   stdout=subprocess.PIPE)
        for line in process.stdout:
            if json.loads(line).get("name") == "train/loss" and json.loads(line)["step"] >= 5:
                break
        process.send_signal(signal.SIGINT)
        process.communicate()
        if process.returncode == 0:
            self.skipTest("the run ended before the signal came")
        self.assertEqual(process.returncode, 130)
        resumed = run("resume", target, "--json")
        self.assertEqual(resumed.returncode, 0, resumed.stderr)
        table = self.folder / "m.csv"
        run("export", target, "--metrics", table)
        rows = list(csv.reader(table.read_text().splitlines()))[1:]
        cut = {int(step): value for step, name, value in rows if name == "train/loss"}
        self.assertEqual(cut, {step: f"{value:.9g}" for step, value in losses(whole).items()})

    def test_divergence_keeps_the_last_finite_checkpoint(self):
        """Decay by lr·weight_decay > 2 makes the weights grow without bound until they are infinite."""
        settings = [f"--set=train.{setting}" for setting in
                    ("lr=10", "min_lr=10", "warmup=0", "weight_decay=100", "checkpoint_every=1", "eval_every=1000")]
        result = run("train", self.experiment(steps=400), *settings, "--run", self.folder / "run", "--json")
        self.assertEqual(result.returncode, 3, result.stderr)
        events = json_lines(result.stdout)
        self.assertEqual(events[-1]["event"], "failed")
        self.assertIn(events[-1]["reason"], result.stderr)
        diverged_at = max(losses(events))
        checkpoints = [event["step"] for event in events if event["event"] == "checkpoint"]
        self.assertLess(checkpoints[-1], diverged_at + 1)
        self.assertEqual(run("eval", self.folder / "run", "--json").returncode, 0)

    def test_copied_run_opens_elsewhere(self):
        target, events = self.train(self.experiment(steps=4))
        moved = self.folder / "elsewhere" / "copy"
        shutil.copytree(target, moved)
        evaluated = json_lines(run("eval", moved, "--json").stdout)[0]
        self.assertAlmostEqual(evaluated["loss"], losses(events, "val/loss")[4], places=5)

    def test_methods_in_json(self):
        methods = {one["method"]: one for one in json_lines(run("methods", "--json").stdout)}
        self.assertEqual(set(methods), {"standard", "rezero", "layerscale", "block_layerscale", "attnres_full",
                                        "attnres_block", "wav", "haares"})
        self.assertIn("phase", {option["key"] for option in methods["wav"]["options"]})
        self.assertNotIn("phase", {option["key"] for option in methods["haares"]["options"]})


if __name__ == "__main__":
    unittest.main()
