# SPDX-License-Identifier: GPL-3.0-or-later
"""wavlab paper: a project of one's own, trained, reported and drawn; its numbers, going on after a kill, bad input."""
import csv
import re
import shutil
import signal
import subprocess
import unittest

from program import PROGRAM, TINY, ProgramTest, run

PROJECT = """title = "Tiny paper"
about = "Two methods, two steps."
sweeps = ["sweep.toml"]
published_note = "Of another size."

[[table]]
name = "loss"
title = "Loss by method and depth"
rows = ["model.method"]
columns = ["model.layers"]
baseline = "attnres_block"

[[figure]]
file = "curves.toml"
caption = "Losses of all runs."

[[claim]]
text = "WAV is better."
subject = { "model.method" = "wav" }
baseline = { "model.method" = "attnres_block" }
where = { "model.layers" = 3 }

[[claim]]
text = "It gains with depth."
subject = { "model.method" = "wav" }
baseline = { "model.method" = "attnres_block" }
where = { "model.layers" = 3 }
than = { "model.layers" = 2 }

[[claim]]
text = "WAV costs no parameters."
subject = { "model.method" = "wav" }
baseline = { "model.method" = "attnres_block" }
where = { "model.layers" = 2 }
quantity = "parameters"
expect = "within"
margin = 0.01

[[published]]
source = "published: a paper"
data = "Other stories"
layers = 48
method = "wav"
loss = 0.4738
baseline = "attnres_block"
baseline_loss = 0.4960
unit = "nats per character"
"""
FIGURE = """[figure]
out = ["curves.svg", "curves.pdf", "curves.csv"]
[[panel]]
kind = "loss"
runs = ["tiny-*"]
"""
SEEDS = [1, 2]


def has_figures():
    return run("figure", "--help").returncode == 0


class PaperTest(ProgramTest):
    def project(self, paper=PROJECT, steps=2, name="project"):
        folder = self.folder / name
        folder.mkdir()
        (folder / "paper.toml").write_text(paper)
        (folder / "curves.toml").write_text(FIGURE)
        text = TINY.format(method="wav", dataset="toy-stories", steps=steps)
        (folder / "sweep.toml").write_text(
            text.replace("[data]\n", "[data]\nsize = 100000\n") +
            f'[sweep]\n"model.layers" = [2, 3]\n"model.method" = ["attnres_block", "wav"]\nseed = {SEEDS}\n')
        return folder

    def make(self, project, *arguments, expect=0):
        result = run("paper", "--project", project, "--out", self.folder / "out", *arguments)
        self.assertEqual(result.returncode, expect, result.stderr)
        return result

    def runs(self):
        return sorted(path for path in (self.folder / "out" / "runs").iterdir() if (path / "run.db").exists())

    def report(self):
        return (self.folder / "out" / "report.md").read_text()


class Paper(PaperTest):
    def test_makes_everything_once_and_its_numbers_are_those_of_the_table(self):
        project = self.project()
        self.make(project)
        out = self.folder / "out"
        self.assertEqual(len(self.runs()), 8)
        for name in ["loss.md", "loss.tex", "loss.csv", "loss.csv.provenance.txt", "routing-mass.csv"]:
            self.assertTrue((out / "tables" / name).is_file(), name)
        self.assertEqual((out / "figures" / "curves.toml").read_text(), FIGURE)
        if has_figures():
            self.assertTrue((out / "figures" / "curves.pdf").read_bytes().startswith(b"%PDF"))
            self.assertIn("](figures/curves.svg)", self.report())
        else:
            self.assertIn("no Qt", self.report())

        table = run("table", *self.runs(), "--rows", "model.method", "--columns", "model.layers", "--baseline",
                    "attnres_block", "--format", "csv")
        self.assertEqual(table.returncode, 0, table.stderr)
        self.assertEqual(table.stdout, (out / "tables" / "loss.csv").read_text())
        self.check_claims(list(csv.DictReader(table.stdout.splitlines())))

        before, times = self.report(), re.compile(r"- Time: .*")
        stamps = {path: (path / "run.db").stat().st_mtime_ns for path in self.runs()}
        result = self.make(project)
        self.assertNotIn("begins", result.stdout)
        self.assertIn("8 runs, 8 of them over already", result.stderr)
        self.assertEqual({path: (path / "run.db").stat().st_mtime_ns for path in self.runs()}, stamps)
        self.assertEqual(times.sub("", self.report()), times.sub("", before))
        self.assertIn("trained 0 runs", self.report())

    def check_claims(self, rows):
        by_place = {(row["model.method"], row["model.layers"]): row for row in rows if row["value"] == "val/loss"}
        first = re.search(r"with 3 layers: `wav` ([\d.]+), `attnres_block` ([\d.]+) .*? difference is ([−+][\d.]+) "
                          r"\(95% interval ([−+][\d.]+) to ([−+][\d.]+), n = 2 pairs", self.report())
        self.assertTrue(first, self.report())
        wav, block, difference, low, high = (float(text.replace("−", "-")) for text in first.groups())
        row = by_place["wav", "3"]
        self.assertAlmostEqual(wav, float(row["mean"]), delta=6e-5)
        self.assertAlmostEqual(block, float(by_place["attnres_block", "3"]["mean"]), delta=6e-5)
        self.assertAlmostEqual(difference, float(row["difference"]), delta=6e-5)
        # Student's t with one degree of freedom, from the two differences: of two, the ends of the bootstrap.
        half = 12.7062 * abs(float(row["difference_high"]) - float(row["difference_low"])) / 2
        self.assertAlmostEqual(high - low, 2 * half, delta=2e-4)
        verdict = "Supported" if high < 0 else "Not supported" if low > 0 else "Undecided"
        claims = re.findall(r"\*\*(Supported|Not supported|Undecided)\.\*\*", self.report())
        self.assertEqual(claims[0], verdict)
        self.assertEqual(claims[2], "Supported")  # some parameters, but less than one per cent
        other = by_place["wav", "2"]
        gain = float(row["difference"]) - float(other["difference"])
        found = re.search(r"minus the second is ([−+][\d.]+) \(95% interval .*?, n = 2 pairs\)", self.report())
        self.assertAlmostEqual(float(found.group(1).replace("−", "-")), gain, delta=6e-5)
        self.assertIn("| *published: a paper* | *Other stories* | 48 | *0.4960* | *0.4738* | *−0.0222* |",
                      self.report())
        self.assertIn("Of another size.", self.report())

    def test_goes_on_after_a_kill(self):
        project = self.project(steps=100)
        process = subprocess.Popen([PROGRAM, "paper", "--project", project, "--out", self.folder / "out", "--jobs", "1"],
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(process.stdout.close)
        finished = 0
        for line in process.stdout:
            finished += "finished" in line
            if finished == 2 and "step 8/" in line:
                break
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        self.assertEqual(process.wait(timeout=60), 130)
        self.assertFalse((self.folder / "out" / "report.md").exists())
        stamps = {path: (path / "run.db").stat().st_mtime_ns for path in self.runs()[:2]}
        result = self.make(project)
        self.assertIn("goes on", result.stdout)
        self.assertEqual(result.stdout.count(": begins"), 5)
        self.assertEqual({path: (path / "run.db").stat().st_mtime_ns for path in self.runs()[:2]}, stamps)
        self.assertIn("trained 6 runs", self.report())

    def test_an_edited_figure_is_kept(self):
        project = self.project()
        self.make(project)
        edited = self.folder / "out" / "figures" / "curves.toml"
        edited.write_text(FIGURE + 'title = "Mine"\n')
        result = self.make(project)
        self.assertIn("was edited", result.stderr)
        self.assertIn("Mine", edited.read_text())
        if has_figures():
            self.assertIn("as it was edited", self.report())
            edited.write_text(FIGURE.replace("tiny-*", "nothing-*"))
            result = self.make(project, expect=1)
            self.assertIn("nothing-*", result.stderr)
            self.assertIn("Not drawn", self.report())


    def test_shows_no_runs_of_an_earlier_state_of_the_project(self):
        self.make(self.project())
        self.make(self.project(steps=3, name="longer"))
        self.assertEqual(len(self.runs()), 16)
        self.assertIn("| tiny-layers2-wav-seed1-2 | finished | 3 |", self.report())
        self.assertNotIn("| tiny-layers2-wav-seed1 |", self.report())
        if not has_figures():
            return
        figures = self.folder / "out" / "figures"
        drawn = (figures / "curves.csv").read_text()
        self.assertIn("tiny-layers2-wav-seed1-2", drawn)
        self.assertIsNone(re.search(r"seed1\b(?!-2)", drawn), drawn)
        self.assertFalse((figures / ".runs").exists())

    def test_names_what_a_figure_is_a_mean_over(self):
        project = self.project()
        (project / "curves.toml").write_text(
            FIGURE.replace('"loss"', '"results"') + '[panel.state]\nline = "data.dataset"\n')
        self.make(project)
        if has_figures():
            self.assertRegex(self.report(), r"Note: .*runs of one cell differ in model\.method")


class BadInput(PaperTest):
    def refuse(self, *arguments, parts=(), code=2):
        result = run("paper", *arguments)
        self.assert_one_clear_error(result, code, *parts)

    def test_places(self):
        self.refuse("--small", parts=["--out"])
        self.refuse("--small", "--out", self.folder / "no" / "out", parts=[str(self.folder / "no"), "does not exist"])
        (self.folder / "file").write_text("")
        self.refuse("--small", "--out", self.folder / "file", parts=["is a file"])
        out = self.folder / "out"
        self.refuse("--project", self.folder / "no", "--out", out, parts=["no such folder"])
        self.refuse("--project", self.folder, "--out", out, parts=["paper.toml"])
        self.refuse("--project", self.folder, "--small", "--out", out, parts=["--small", "--project"])
        self.assertFalse(out.exists())

    def test_projects(self):
        out = self.folder / "out"
        changes = {
            "rows = ": ("row = ", ["paper.toml, line ", "[[table]]", "row", "allowed are", "rows"]),
            'sweeps = ["sweep.toml"]': ("sweeps = []", ["sweeps", "list"]),
            '"sweep.toml"': ('"sweep"', ["'sweep'", "wav-paper-small"]),
            '{ "model.layers" = 2 }\nquantity': ('{ "model.layers" = 9 }\nquantity', ["line 30", "model.layers = 9"]),
            'baseline = "attnres_block"\n\n[[fig': ('baseline = "nobody"\n\n[[fig', ["'loss'", "nobody"]),
            'expect = "within"': ('expect = "fine"', ["expect", "lower, not-lower, within"]),
            'file = "curves.toml"': ('file = "../curves.toml"', ["file", "../curves.toml"]),
            "margin = 0.01": ('margin = "much"', ["margin", "a number"]),
            "[[claim]]\ntext = \"It": ("[[claims]]\ntext = \"It", ["claims", "allowed are"]),
        }
        for number, (old, (new, parts)) in enumerate(changes.items()):
            self.assertIn(old, PROJECT)
            with self.subTest(new):
                project = self.project(PROJECT.replace(old, new, 1), name=f"project{number}")
                self.refuse("--project", project, "--out", out, parts=parts)
        project = self.project()
        (project / "curves.toml").write_text(FIGURE.replace("runs", "run"))
        self.refuse("--project", project, "--out", out, parts=["curves.toml, line", "run"])
        (project / "sweep.toml").unlink()
        (project / "curves.toml").write_text(FIGURE)
        self.refuse("--project", project, "--out", out, parts=["sweep.toml", "no such file"])
        self.assertFalse(out.exists())

    def test_the_full_paper_needs_its_datasets(self):
        result = run("paper", "--out", self.folder / "out",
                     environment={"XDG_DATA_HOME": str(self.folder), "WAVLAB_DATA": str(self.folder / "data")})
        self.assert_one_clear_error(result, 2, "tinystories", "wavlab data get tinystories")
        shutil.rmtree(self.folder / "out", ignore_errors=True)


if __name__ == "__main__":
    unittest.main()
