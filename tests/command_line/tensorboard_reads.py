# SPDX-License-Identifier: GPL-3.0-or-later
"""TensorBoard itself reads what we write: exported, live while a run trains, and after it was killed and resumed."""
import json
import signal
import struct
import subprocess
import sys
import time
import unittest

from program import PROGRAM, ProgramTest, run

try:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.plugins.hparams.metadata import SESSION_START_INFO_TAG, parse_session_start_info_plugin_data
except ImportError as reason:
    print(f"skipped, TensorBoard is not installed here ({reason}); ./test.sh --all installs it")
    sys.exit(0)


def single(value):
    """As TensorBoard keeps it."""
    return struct.unpack("f", struct.pack("f", value))[0]


class TensorBoardReads(ProgramTest):
    def accumulator(self, folder):
        accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
        accumulator.Reload()
        return accumulator

    def assert_holds_the_run(self, accumulator, target):
        """Every value of the run, once; its samples and its experiment."""
        table = self.folder / "m.jsonl"
        self.assertEqual(run("export", target, "--metrics", table).returncode, 0)
        expected = {}
        for one in map(json.loads, table.read_text().splitlines()):
            expected.setdefault(one["name"], []).append((one["step"], single(one["value"])))
        found = {tag: [(event.step, event.value) for event in accumulator.Scalars(tag)]
                 for tag in accumulator.Tags()["scalars"]}
        self.assertEqual(found, expected)
        texts = accumulator.Tensors("experiment")[-1].tensor_proto.string_val[0].decode()
        written = [line[4:] for line in texts.splitlines()]
        self.assertEqual(written, (target / "experiment.toml").read_text().splitlines())
        self.assertIn("| device | cpu |", accumulator.Tensors("run")[-1].tensor_proto.string_val[0].decode())
        for tag in ("experiment", "samples/1"):
            self.assertEqual(accumulator.SummaryMetadata(tag).plugin_data.plugin_name, "text")

    def sampling(self, steps):
        file = self.experiment(steps=steps)
        file.write_text(file.read_text().replace("sample_every = 0", "sample_every = 4"))
        return file

    def test_an_export(self):
        target, _ = self.train(self.sampling(8))
        self.assertEqual(run("export", target, "--tensorboard", self.folder / "board").returncode, 0)
        accumulator = self.accumulator(self.folder / "board" / "run")
        self.assert_holds_the_run(accumulator, target)
        self.assertEqual([event.step for event in accumulator.Tensors("samples/1")], [4, 8])
        content = accumulator.SummaryMetadata(SESSION_START_INFO_TAG).plugin_data.content
        settings = parse_session_start_info_plugin_data(content).hparams
        self.assertEqual((settings["model.method"].string_value, settings["model.layers"].number_value), ("wav", 2))
        times = [event.wall_time for event in accumulator.Scalars("train/loss")]
        self.assertEqual(times, sorted(times))
        self.assertLess(abs(times[-1] - time.time()), 3600)

    def test_a_live_run_that_is_killed_and_resumed(self):
        target, board = self.folder / "run", self.folder / "board"
        watch = ["--run", target, "--tensorboard", board]
        process = subprocess.Popen([PROGRAM, "train", self.sampling(2000), *watch], stdout=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        while not list(board.glob("run/*")):
            self.assertIsNone(process.poll())
        accumulator = self.accumulator(board / "run")
        seen = 0
        while seen < 30:
            self.assertIsNone(process.poll())
            accumulator.Reload()
            if "train/loss" in accumulator.Tags()["scalars"]:
                seen = accumulator.Scalars("train/loss")[-1].step
        process.send_signal(signal.SIGKILL)
        process.wait()

        for _ in range(2):
            process = subprocess.Popen([PROGRAM, "resume", target, "--tensorboard", board], stdout=subprocess.DEVNULL)
            self.addCleanup(process.kill)
            files = len(list(board.glob("run/*")))
            started = seen
            while seen < started + 30:
                self.assertIsNone(process.poll())
                accumulator.Reload()
                seen = max(seen, accumulator.Scalars("train/loss")[-1].step)
            process.send_signal(signal.SIGINT)
            process.wait()
            self.assertEqual(process.returncode, 130)
            self.assertGreaterEqual(len(list(board.glob("run/*"))), files)
        accumulator.Reload()
        self.assert_holds_the_run(accumulator, target)  # as it was watched
        self.assert_holds_the_run(self.accumulator(board / "run"), target)  # and read anew
        self.assertEqual(len(list(board.glob("run/*"))), 3)

    def test_a_run_that_is_watched_only_after_it_was_resumed(self):
        target, _ = self.train(self.sampling(8))
        resumed = run("resume", target, "--steps", "12", "--tensorboard", self.folder / "board")
        self.assertEqual(resumed.returncode, 0, resumed.stderr)
        self.assert_holds_the_run(self.accumulator(self.folder / "board" / "run"), target)
        # Unwatched for a while, then watched again.
        for arguments in (["16"], ["20", "--tensorboard", self.folder / "board"]):
            resumed = run("resume", target, "--steps", *arguments)
            self.assertEqual(resumed.returncode, 0, resumed.stderr)
        self.assert_holds_the_run(self.accumulator(self.folder / "board" / "run"), target)


if __name__ == "__main__":
    unittest.main()
