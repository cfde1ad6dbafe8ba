# SPDX-License-Identifier: GPL-3.0-or-later
"""What `wavlab export` writes, read by others: numpy and Python's own readers of CSV, JSON and zip."""
import csv
import unittest
import zipfile

from program import ProgramTest, json_lines, run

try:
    import numpy
except ImportError:
    numpy = None


class Export(ProgramTest):
    def export(self, folder, *arguments):
        result = run("export", folder, *arguments)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_json_lines_hold_what_the_csv_holds(self):
        target, _ = self.train(self.experiment())
        self.export(target, "--metrics", self.folder / "m.csv")
        self.export(target, "--metrics", self.folder / "m.jsonl")
        rows = list(csv.reader((self.folder / "m.csv").read_text().splitlines()))[1:]
        lines = json_lines((self.folder / "m.jsonl").read_text())
        self.assertGreater(len(rows), 40)
        self.assertEqual([[str(one["step"]), one["name"], f"{one['value']:.9g}"] for one in lines], rows)

    def test_metrics_that_are_not_finite(self):
        settings = [f"--set=train.{setting}" for setting in
                    ("lr=10", "min_lr=10", "warmup=0", "weight_decay=100", "checkpoint_every=1", "eval_every=1000")]
        result = run("train", self.experiment(steps=400), *settings, "--run", self.folder / "run")
        self.assertEqual(result.returncode, 3, result.stderr)
        self.export(self.folder / "run", "--metrics", self.folder / "m.csv")
        self.export(self.folder / "run", "--metrics", self.folder / "m.jsonl")
        names = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
        rows = list(csv.reader((self.folder / "m.csv").read_text().splitlines()))[1:]
        expected = [names[value] for _, _, value in rows if value in names]
        self.assertTrue(expected)
        values = [one["value"] for one in json_lines((self.folder / "m.jsonl").read_text())]
        self.assertEqual([value for value in values if isinstance(value, str)], expected)

    @unittest.skipUnless(numpy, "needs numpy")
    def test_numpy_reads_the_routing_frames(self):
        target, _ = self.train(self.experiment())
        file = self.folder / "routing.npz"
        self.export(target, "--routing", file)
        with zipfile.ZipFile(file) as archive:
            self.assertIsNone(archive.testzip())
            self.assertEqual({one.compress_type for one in archive.infolist()}, {zipfile.ZIP_STORED})
        with numpy.load(file) as arrays:
            frames = {name: arrays[name] for name in arrays.files}
        self.assertTrue(all(array.flags.c_contiguous for array in frames.values()))
        self.assertEqual(frames["steps"].tolist(), [0, 2, 4, 6, 8])
        self.assertEqual(frames["routers"].tolist(), [1, 2, 3, 4, 5])
        sources = frames["sources"].tolist()
        self.assertEqual(sources, ["embedding", "block1", "phase1", "split1", "block2", "phase2", "split2", "partial"])
        for name in ("weights", "weight_spread", "contribution", "attribution"):
            self.assertEqual((frames[name].shape, frames[name].dtype), ((5, 5, 8), numpy.float32), name)
        # What a router reads is what the routing of an evaluation says; the rest is NaN.
        read = ~numpy.isnan(frames["weights"])
        self.assertTrue((read == read[0]).all())
        self.assertEqual([[source for source, there in zip(sources, row) if there] for row in read[0]],
                         [["embedding"], ["embedding", "partial"], ["embedding", "block1", "phase1", "split1"],
                          ["embedding", "block1", "phase1", "split1", "partial"],
                          ["embedding", "block1", "phase1", "split1", "block2", "phase2", "split2"]])
        numpy.testing.assert_allclose(numpy.nansum(frames["weights"], axis=2), 1, rtol=1e-5)
        numpy.testing.assert_allclose(frames["effective_sources"], numpy.exp(frames["entropy"]), rtol=1e-5)
        self.assertEqual(frames["query_norm"][0].tolist(), [0] * 5)  # queries begin as zeros
        self.assertEqual(frames["detail_steps"].tolist(), frames["steps"].tolist())
        self.assertEqual(frames["detail_split_rms"].shape, (5, 2))
        self.assertEqual(frames["detail_phase_bias"].shape, (5, 5))
        self.assertEqual(frames["depth_state_rms"].shape, (5, 5))
        self.assertEqual(frames["depth_update_rms"].shape, (5, 4))

    def test_a_run_without_routing_says_so(self):
        target, _ = self.train(self.experiment(method="standard"))
        self.assert_one_clear_error(run("export", target, "--routing", self.folder / "r.npz"), 2, "no routing")
        self.assertFalse((self.folder / "r.npz").exists())

    def test_targets_that_cannot_be_written(self):
        target, _ = self.train(self.experiment(steps=1))
        (self.folder / "file").write_text("")
        for option, name in (("--metrics", "m.txt"), ("--metrics", "none/m.jsonl"), ("--routing", "r.zip"),
                             ("--routing", "none/r.npz"), ("--tensorboard", "file"), ("--tensorboard", "file/below")):
            with self.subTest(option=option, name=name):
                result = run("export", target, option, self.folder / name)
                self.assert_one_clear_error(result, 2, str(self.folder / name))
        self.assert_one_clear_error(run("export", target), 2, "--tensorboard")

    def test_a_tensorboard_folder_that_cannot_be_written_starts_no_run(self):
        (self.folder / "file").write_text("")
        for folder in ("file", "file/below"):
            result = run("train", self.experiment(), "--run", self.folder / "run", "--tensorboard",
                         self.folder / folder)
            self.assert_one_clear_error(result, 2, str(self.folder / folder))
            self.assertFalse((self.folder / "run").exists())
        bad = run("train", self.experiment(), "--set", "data.dataset=file:none.txt", "--tensorboard",
                  self.folder / "board")
        self.assertEqual(bad.returncode, 2)
        self.assertFalse((self.folder / "board").exists())

    def test_trouble_with_the_event_file_does_not_end_the_run(self):
        (self.folder / "board").mkdir()
        (self.folder / "board" / "run").write_text("")
        result = run("train", self.experiment(), "--run", self.folder / "run", "--tensorboard", self.folder / "board")
        self.assertEqual(result.returncode, 0, result.stderr)
        warnings = [line for line in result.stderr.splitlines() if "TensorBoard" in line]
        self.assertEqual(len(warnings), 1, result.stderr)

    def test_a_run_is_watched_and_exported_under_its_name(self):
        target, _ = self.train(self.experiment(), "--tensorboard", self.folder / "live")
        self.export(target, "--tensorboard", self.folder / "later")
        self.export(target, "--tensorboard", self.folder / "later")  # takes the place of the first
        for folder in ("live", "later"):
            files = list((self.folder / folder / "run").iterdir())
            self.assertEqual(len(files), 1)
            self.assertEqual(files[0].read_bytes().count(b"train/loss"), 8)
            self.assertEqual(files[0].read_bytes()[:12].hex(), "1800000000000000a37f4b22")
        refused = run("export", target, "--tensorboard", self.folder / "live")
        self.assert_one_clear_error(refused, 2, str(self.folder / "live" / "run"))


if __name__ == "__main__":
    unittest.main()
