# SPDX-License-Identifier: GPL-3.0-or-later
"""`wavlab probe`: its rows, what it keeps in the run, and what it refuses."""
import json
import os
import pathlib
import signal
import subprocess
import unittest

from program import PROGRAM, ProgramTest, json_lines, run

NUMBERS = {"alpha", "contribution", "delta_loss", "attribution"}


def probe(*arguments):
    return run("probe", *arguments, "--device", "cpu")


class Probe(ProgramTest):
    def rows(self, *arguments):
        result = probe(*arguments, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        return json_lines(result.stdout)

    def kept(self, target):
        return sorted(file.name for file in (target / "probes").iterdir())

    @unittest.skipUnless(os.path.exists("/dev/full"), "needs /dev/full")
    def test_what_cannot_be_printed_is_kept(self):
        target, _ = self.train(self.experiment(steps=1))
        with open("/dev/full", "w", encoding="ascii") as full:
            result = subprocess.run([PROGRAM, "probe", target, "--windows", "2", "--json", "--device", "cpu"],
                                    stdout=full, stderr=subprocess.PIPE, check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(len(self.kept(target)), 1)

    def test_rows_are_those_of_the_contract(self):
        target, _ = self.train(self.experiment(steps=4))
        rows = self.rows(target, "--windows", 3)
        cells = [row for row in rows if "router" in row]
        families = [row for row in rows if "family" in row]
        self.assertEqual(len(cells) + len(families), len(rows))
        sources = {1: ["embedding"], 2: ["embedding", "partial"], 3: ["embedding", "block1", "phase1", "split1"],
                   4: ["embedding", "block1", "phase1", "split1", "partial"],
                   5: ["embedding", "block1", "phase1", "split1", "block2", "phase2", "split2"]}
        self.assertEqual([(row["router"], row["source"], row["mode"]) for row in cells],
                         [(router, source, mode) for router, labels in sources.items() for source in labels
                          for mode in ("zero", "renormalise") if len(labels) > 1 or mode == "zero"])
        for row in cells:
            self.assertEqual(set(row), {"router", "source", "mode"} | NUMBERS)
        for row in families:
            self.assertEqual(set(row), {"family", "routers", "source", "mode"} | NUMBERS)
        self.assertTrue(all(isinstance(row[name], float) for row in rows for name in NUMBERS))
        for router, labels in sources.items():
            weights = [row["alpha"] for row in cells if row["router"] == router and row["mode"] == "zero"]
            self.assertAlmostEqual(sum(weights), 1, places=5)
        self.assertIn(("embedding", [1, 2, 3, 4, 5], "zero"),
                      [(row["family"], row["routers"], row["mode"]) for row in families])
        self.assertEqual({row["family"] for row in families}, {"embedding", "block", "phase", "split", "partial"})

    def test_result_is_kept_in_the_run_and_a_repeat_replaces_it(self):
        target, _ = self.train(self.experiment(steps=8))
        first = self.rows(target, "--windows", 2)
        names = self.kept(target)
        self.assertEqual(len(names), 1)
        self.assertTrue(names[0].startswith("step-00000008-windows-2-"), names)
        kept = json.loads((target / "probes" / names[0]).read_text())
        self.assertEqual([kept["step"], kept["windows"], kept["tokens"]], [8, 2, 32])
        self.assertEqual(self.rows(target, "--windows", 2), first)
        self.assertEqual(self.kept(target), names)
        self.rows(target / "checkpoints" / "step-00000004", "--windows", 2, "--families")
        self.rows(target, "--step", "4", "--windows", 2, "--families")
        self.assertEqual(len(self.kept(target)), 2, "a checkpoint's folder belongs to its run")
        self.assertEqual(run("eval", target).returncode, 0)

    def test_a_run_that_cannot_be_written_says_so_and_the_rows_come_all_the_same(self):
        target, _ = self.train(self.experiment(steps=4))
        (target / "probes").write_text("a file")
        result = probe(target, "--windows", 1, "--families", "--json")
        self.assertEqual(result.returncode, 0)
        self.assertGreater(len(json_lines(result.stdout)), 5)
        lines = result.stderr.splitlines()
        self.assertEqual(len(lines), 1, result.stderr)
        self.assertIn("probes", lines[0])

    def test_families_bands_and_a_text(self):
        model = self.folder / "m.safetensors"
        self.assertEqual(run("init", self.experiment(method="attnres_block"), "--out", model).returncode, 0)
        text = self.folder / "text.txt"
        text.write_text("The cat and the dog. " * 20)
        before = sorted(entry.name for entry in self.folder.iterdir())
        rows = self.rows(model, "--families", "--bands", 0, "--text", text, "--windows", 2)
        self.assertEqual([(row["family"], row["mode"]) for row in rows],
                         [(family, mode) for family in ("embedding", "block", "partial")
                          for mode in ("zero", "renormalise")])
        more = self.rows(model, "--families", "--bands", 2, "--text", text, "--windows", 2)
        self.assertEqual([row for row in more if row in rows], rows)
        self.assertGreater(len(more), len(rows))
        self.assertEqual(sorted(entry.name for entry in self.folder.iterdir()), before, "no run, nothing is kept")

    def test_summary_for_people(self):
        target, _ = self.train(self.experiment(steps=4))
        result = probe(target, "--windows", 2)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr, "")
        for part in ("nats per token at step 4", "block1 at router", "families", "rank correlation", "attribution"):
            self.assertIn(part, result.stdout)
        families = probe(target, "--windows", 2, "--families")
        self.assertNotIn("rank correlation", families.stdout)

    def test_what_cannot_be_probed(self):
        standard = self.folder / "standard.safetensors"
        self.assertEqual(run("init", self.experiment(method="standard"), "--out", standard).returncode, 0)
        self.assert_one_clear_error(probe(standard), 2, "standard", "no routing")
        self.assert_one_clear_error(probe("no-such-run", "--runs", self.folder), 2, "no-such-run")
        self.assert_one_clear_error(probe(standard, "--windows", "0"), 2, "--windows")
        self.assert_one_clear_error(probe(standard, "--bands", "-1"), 2, "--bands")
        self.assert_one_clear_error(run("probe"), 2, "model")
        self.assert_one_clear_error(run("probe", standard, "--device", "cuda:77"), 2, "cuda:77")
        target, _ = self.train(self.experiment(steps=4))
        self.assert_one_clear_error(probe(target, "--step", "3"), 2, "3", "4")
        self.assert_one_clear_error(probe(target, "--text", self.folder / "none.txt"), 2, "none.txt")
        self.assertFalse((target / "probes").exists())

    def test_a_signal_stops_it_and_nothing_is_kept(self):
        target, _ = self.train(self.experiment(steps=4))
        # Its many windows take long; it stops at the first look at the signal once it computes.
        process = subprocess.Popen([PROGRAM, "probe", target, "--windows", "100000", "--json", "--device", "cpu"],
                                   text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        status = pathlib.Path(f"/proc/{process.pid}/status")
        while process.poll() is None:  # until it handles the signal
            caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt:"))
            if int(caught.split()[1], 16) & 1 << (signal.SIGINT - 1):
                break
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, errors)
        self.assertEqual(output, "")
        self.assertEqual(len(errors.splitlines()), 1, errors)
        self.assertFalse((target / "probes").exists())


if __name__ == "__main__":
    unittest.main()
