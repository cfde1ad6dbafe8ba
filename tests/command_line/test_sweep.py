# SPDX-License-Identifier: GPL-3.0-or-later
"""wavlab sweep: the grid, going on after a kill, the results, bad input."""
import json
import math
import pathlib
import signal
import sqlite3
import statistics
import subprocess
import time
import unittest

from program import PROGRAM, TINY, ProgramTest, json_lines, run

METHODS = '"model.method" = ["standard", "wav"]\n'


def last_validation_loss(folder):
    with sqlite3.connect(f"file:{folder / 'run.db'}?mode=ro", uri=True) as store:
        return store.execute("SELECT value FROM scalars JOIN names ON names.id = scalars.name "
                             "WHERE names.name = 'val/loss' ORDER BY step DESC LIMIT 1").fetchone()[0]


def stamps(folder):
    """What changes when a run is touched."""
    return {path.relative_to(folder): path.stat().st_mtime_ns
            for path in folder.rglob("*") if path.is_file() and path.name != "lock"}


class SweepTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.runs = self.folder / "runs"

    def sweep_file(self, axes, steps=8, method="wav", dataset="toy-stories", extra=""):
        file = self.folder / "sweep.toml"
        text = TINY.format(method=method, dataset=dataset, steps=steps).replace("[data]\n", "[data]\nsize = 100000\n")
        file.write_text(text + extra + "[sweep]\n" + axes)
        return file

    def sweep(self, file, *arguments, expect=0):
        result = run("sweep", file, "--runs", self.runs, "--json", *arguments)
        self.assertEqual(result.returncode, expect, result.stderr)
        lines = json_lines(result.stdout)
        return [line for line in lines if "settings" in line], [line for line in lines if "event" in line]

    def start(self, file, *arguments):
        process = subprocess.Popen([PROGRAM, "sweep", str(file), "--runs", str(self.runs), "--json", *arguments],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        return process

    def wait_for(self, process, condition):
        """Reads lines until one fulfils the condition; returns it."""
        for line in process.stdout:
            if condition(json.loads(line)):
                return json.loads(line)
        self.fail("the sweep ended early: " + process.stderr.read())

    def run_folders(self):
        return sorted(path for path in self.runs.iterdir() if (path / "run.db").exists())

    def wait_until_nobody_works(self):
        """Children of a killed sweep save their state and end."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if not any(f"--run\0{self.runs}".encode() in pathlib.Path(entry, "cmdline").read_bytes()
                       for entry in processes()):
                return
            time.sleep(0.05)
        self.fail("a process of the killed sweep goes on")


def processes():
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                (entry / "cmdline").read_bytes()
            except OSError:
                continue
            yield entry


class Results(SweepTest):
    def test_rows_are_means_over_seeds_and_nothing_is_repeated(self):
        file = self.sweep_file(METHODS + "seed = [1, 2]\n")
        rows, events = self.sweep(file)
        names = [folder.name for folder in self.run_folders()]
        self.assertEqual(names, ["tiny-standard-seed1", "tiny-standard-seed2", "tiny-wav-seed1", "tiny-wav-seed2"])
        self.assertTrue(all("run" in event for event in events))
        started = [event["run"] for event in events if event["event"] == "started"]
        self.assertEqual(sorted(started), [str(folder) for folder in self.run_folders()])
        self.assertEqual([row["settings"] for row in rows], [{"model.method": "standard"}, {"model.method": "wav"}])
        losses = {name: last_validation_loss(self.runs / name) for name in names}
        for row, method in zip(rows, ["standard", "wav"]):
            own = [losses[f"tiny-{method}-seed{seed}"] for seed in (1, 2)]
            self.assertEqual(row["n"], 2)
            self.assertAlmostEqual(row["mean"], statistics.mean(own), places=12)
            self.assertAlmostEqual(row["sd"], statistics.stdev(own), places=12)
        differences = [losses[f"tiny-wav-seed{seed}"] - losses[f"tiny-standard-seed{seed}"] for seed in (1, 2)]
        self.assertAlmostEqual(rows[1]["difference"], statistics.mean(differences), places=12)
        half = 12.706204736174694 * statistics.stdev(differences) / math.sqrt(2)
        self.assertAlmostEqual(rows[1]["interval"][1] - rows[1]["difference"], half, places=9)

        before = {folder: stamps(folder) for folder in self.run_folders()}
        again, events = self.sweep(file)
        self.assertEqual(again, rows)
        self.assertEqual(events, [])
        self.assertEqual({folder: stamps(folder) for folder in self.run_folders()}, before)

        # Enlarged, and written in another form: what is there is taken, only the new seed is made.
        enlarged = self.sweep_file('seed = [1, 2, 3]\nmodel.method = ["wav", "standard"]\n', extra="")
        rows, events = self.sweep(enlarged)
        self.assertEqual([row["n"] for row in rows], [3, 3])
        self.assertEqual(sum(event["event"] == "started" for event in events), 2)
        self.assertEqual({folder: stamps(folder) for folder in before}, before)
        # A smaller one counts only what it names.
        rows, events = self.sweep(self.sweep_file("seed = [2]\n"))
        self.assertEqual((len(rows), rows[0]["n"], rows[0]["sd"], events), (1, 1, None, []))
        self.assertAlmostEqual(rows[0]["mean"], losses["tiny-wav-seed2"], places=12)

    def test_equal_runs_are_made_once(self):
        file = self.sweep_file(METHODS + '"method.phase" = [true, false]\n')
        result = run("sweep", file, "--runs", self.runs, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("1 more combination differs from one only in options that the method lacks", result.stderr)
        rows = [line for line in json_lines(result.stdout) if "settings" in line]
        self.assertEqual([row["settings"] for row in rows],
                         [{"model.method": "standard"}, {"model.method": "wav", "method.phase": True},
                          {"model.method": "wav", "method.phase": False}])
        self.assertEqual(len(self.run_folders()), 3)

    def test_a_dry_run_makes_nothing(self):
        file = self.sweep_file("seed = [1, 2]\n")
        result = run("sweep", file, "--runs", self.runs, "--dry-run", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual([line["state"] for line in json_lines(result.stdout)], ["new", "new"])
        self.assertFalse(self.runs.exists())

    def test_the_table_for_people_has_a_baseline(self):
        file = self.sweep_file(METHODS + "seed = [1, 2]\n", steps=4)
        result = run("sweep", file, "--runs", self.runs, "--baseline", "model.method=wav")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("differences to model.method = wav, paired over seeds", result.stdout)
        self.assertRegex(result.stdout, r"\nstandard +2 +\d\.\d{4} ± \d\.\d{4} +[+-]\d\.\d{4} +\[[+-]\d\.\d{4}, ")
        self.assertRegex(result.stdout, r"\nwav +2 +\d\.\d{4} ± \d\.\d{4} +baseline\n")

    def test_ready_sweeps_are_known_by_name(self):
        for name, count in (("wav-paper", 72), ("details", 12), ("stabilisers", 24), ("haares-controls", 36)):
            result = run("sweep", name, "--runs", self.runs, "--dry-run", "--json")
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(len(json_lines(result.stdout)), count, name)

    def test_a_diverged_run_is_told_and_the_others_go_on(self):
        file = self.sweep_file('"train.lr" = [10.0, 1e-3]\n', extra="", steps=60)
        text = file.read_text().replace("[train]\n", "[train]\ngrad_clip = 0\nweight_decay = 100\nwarmup = 0\n")
        file.write_text(text)
        result = run("sweep", file, "--runs", self.runs, "--json")
        rows = [line for line in json_lines(result.stdout) if "settings" in line]
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertEqual([(row["n"], row["diverged"], row["mean"] is None) for row in rows],
                         [(0, 1, True), (1, 0, False)])
        again = run("sweep", file, "--runs", self.runs, "--json")
        self.assertEqual((again.returncode, again.stdout.count('"started"')), (3, 0))

    def test_hopeless_runs_are_ended_early_and_not_taken_up_again(self):
        file = self.sweep_file('"train.lr" = [1e-2, 9e-3, 8e-3, 1e-6]\n', steps=40)
        file.write_text(file.read_text().replace("[train]\n", "[train]\nmin_lr = 0\n"))
        rows, _ = self.sweep(file, "--stop-early", "--stop-early-after", "0.2")
        self.assertEqual([row["ended_early"] for row in rows], [0, 0, 0, 1])
        self.assertEqual((rows[3]["n"], rows[3]["mean"]), (0, None))
        folder = self.runs / "tiny-lr1e-6"
        self.assertTrue(list(folder.glob("checkpoints/step-*")))
        before = stamps(folder)
        again, events = self.sweep(file)
        self.assertEqual((again[3]["ended_early"], events), (1, []))
        self.assertEqual(stamps(folder), before)
        # The user's own wish counts more than the rule.
        self.assertEqual(run("resume", folder, "--json").returncode, 0)
        rows, events = self.sweep(file)
        self.assertEqual((rows[3]["ended_early"], rows[3]["n"], events), (0, 1, []))

    def test_tokenizers_are_compared_per_character(self):
        file = self.sweep_file('"data.tokenizer" = ["char", "byte"]\n', steps=4)
        rows, _ = self.sweep(file)
        self.assertEqual({row["unit"] for row in rows}, {"bits-per-character"})
        for row in rows:
            name = f"tokenizer_{row['settings']['data.tokenizer']}"
            (recorded,) = (line for line in json_lines(run("runs", "--runs", self.runs, "--json").stdout)
                           if line["name"].endswith(name))
            scale = recorded["bits_per_character"] / recorded["best_validation_loss"]
            self.assertAlmostEqual(row["mean"], recorded["validation_loss"] * scale, places=5)
        self.assert_one_clear_error(run("sweep", file, "--runs", self.runs, "--stop-early"), 2, "--stop-early",
                                    "data.tokenizer")


class GoingOn(SweepTest):
    def interrupted_sweep(self, how):
        """A sweep of three runs that got `how` in the middle of the second; the process and what it had finished."""
        file = self.sweep_file("seed = [1, 2, 3]\n", steps=60)
        process = self.start(file)
        self.wait_for(process, lambda line: line["event"] == "finished")
        self.wait_for(process, lambda line: line["event"] == "checkpoint" and line["step"] >= 8)
        process.send_signal(how)
        return file, process

    def test_a_killed_sweep_repeats_no_finished_run(self):
        file, process = self.interrupted_sweep(signal.SIGKILL)
        process.wait(60)
        first = self.runs / "tiny-seed1"
        before = stamps(first)
        # At once: what still saves its state is waited for.
        rows, events = self.sweep(file)
        self.assertEqual(stamps(first), before)
        started = [pathlib.Path(event["run"]).name for event in events if event["event"] == "started"]
        self.assertEqual(started, ["tiny-seed2", "tiny-seed3"])
        steps = [event["step"] for event in events
                 if event["event"] == "scalar" and event["name"] == "train/loss" and event["run"].endswith("seed2")]
        self.assertGreater(steps[0], 8)  # from its checkpoint, not from the beginning
        self.assertEqual(len(self.run_folders()), 3)
        losses = [last_validation_loss(folder) for folder in self.run_folders()]
        self.assertEqual(rows[0]["n"], 3)
        self.assertAlmostEqual(rows[0]["mean"], statistics.mean(losses), places=12)
        # Exactly what a run that was never stopped gives.
        whole = self.folder / "whole"
        self.assertEqual(run("train", self.runs / "tiny-seed2" / "experiment.toml", "--run", whole).returncode, 0)
        self.assertEqual(last_validation_loss(whole), losses[1])

    def test_no_child_outlives_a_killed_sweep(self):
        _, process = self.interrupted_sweep(signal.SIGKILL)
        process.wait(60)
        self.wait_until_nobody_works()
        self.assertTrue(list((self.runs / "tiny-seed2").glob("checkpoints/step-*")))

    def test_sigint_saves_state(self):
        file, process = self.interrupted_sweep(signal.SIGINT)
        rest = process.stdout.read()
        self.assertEqual(process.wait(60), 130)
        self.assertIn("the same command goes on from here", process.stderr.read())
        rows = [line for line in json_lines(rest) if "settings" in line]
        self.assertEqual((rows[0]["n"], rows[0]["missing"]), (1, 2))
        self.wait_until_nobody_works()
        rows, events = self.sweep(file)
        self.assertEqual(rows[0]["n"], 3)
        self.assertEqual(sum(event["event"] == "started" for event in events), 2)

    def test_one_process_works_through_a_folder(self):
        file, process = self.interrupted_sweep(signal.SIGCONT)
        self.assert_one_clear_error(run("sweep", file, "--runs", self.runs), 2, "is being worked through by wavlab sweep",
                                    f"process {process.pid}")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130)


class BadInput(SweepTest):
    def test_mistakes_are_named_with_their_place(self):
        for axes, parts in ((METHODS.replace("wav", "wavv"), ["sweep.toml, line", 'model.method = "wavv"', "one of"]),
                            ("seed = 1\n", ["[sweep] seed = 1", "must be a list"]),
                            ("seed = []\n", ["[sweep] seed = []", "empty"]),
                            ("seed = [1, 1]\n", ["stands in the list twice"]),
                            ('"modell.layers" = [1]\n', ["unknown key", "model.layers"]),
                            ('"model.heads" = [2, 3]\n', ["in the run model.heads = 3", "must divide the width (16)"])):
            result = run("sweep", self.sweep_file(axes), "--runs", self.runs)
            self.assert_one_clear_error(result, 2, *parts)
        self.assertFalse(self.runs.exists())

    def test_other_mistakes(self):
        file = self.sweep_file("seed = [1]\n")
        self.assert_one_clear_error(run("sweep", "nothing.toml"), 2, "nothing.toml", "wav-paper")
        self.assert_one_clear_error(run("sweep", self.experiment()), 2, "a sweep needs a table [sweep]")
        self.assert_one_clear_error(run("train", file), 2, "wavlab sweep")
        self.assert_one_clear_error(run("sweep", file, "--runs", self.runs, "--baseline", "seed=9"), 2, "--baseline seed=9")
        self.assert_one_clear_error(run("sweep", file, "--runs", self.runs, "--stop-early-after", "2"), 2,
                                    "--stop-early-after")
        blocked = self.folder / "blocked"
        blocked.write_text("")
        self.assert_one_clear_error(run("sweep", file, "--runs", blocked), 2, str(blocked))
        self.runs.mkdir()
        (self.runs / "queue.json").write_text("{")
        self.assert_one_clear_error(run("sweep", file, "--runs", self.runs), 2, "queue.json", "damaged")

    def test_what_only_training_finds_out(self):
        file = self.sweep_file("seed = [1, 2]\n", dataset="no-such-dataset")
        result = run("sweep", file, "--runs", self.runs, "--json")
        self.assertEqual(result.returncode, 2, result.stderr)
        self.assertIn("no-such-dataset", result.stderr)
        rows = [line for line in json_lines(result.stdout) if "settings" in line]
        self.assertEqual((rows[0]["n"], rows[0]["failed"], rows[0]["mean"]), (0, 2, None))
        mixed = self.sweep_file('"data.dataset" = ["no-such-dataset", "toy-stories"]\n', steps=4)
        rows, _ = self.sweep(mixed, expect=1)
        self.assertEqual([(row["n"], row["failed"]) for row in rows], [(0, 1), (1, 0)])


if __name__ == "__main__":
    unittest.main()
