# SPDX-License-Identifier: GPL-3.0-or-later
"""wavlab table: the numbers of real runs, in every format; bad input."""
import csv
import math
import pathlib
import re
import shutil
import statistics
import tempfile
import unittest

from program import TINY, ProgramTest, run

METHODS = ["standard", "wav"]
DEPTHS = [2, 3]
SEEDS = [1, 2]
HALF_OF_TWO = 12.706204736174694 / math.sqrt(2)  # of the 95 % interval of a mean of two, in standard deviations


def markdown_cells(text):
    """The lines of the table, cell by cell, without bold and escapes."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[re.sub(r"\\(.)", r"\1", cell.strip().replace("**", "")) for cell in line[1:-1].split("|")]
            for line in lines]


def numbers_of(cell):
    return [float(number.replace(",", "")) for number in re.findall(r"[-+]?\d[\d,]*(?:\.\d+)?", cell)]


class Tables(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.shared = pathlib.Path(tempfile.mkdtemp(prefix="wavlab-test-"))
        cls.addClassCleanup(shutil.rmtree, cls.shared, ignore_errors=True)
        cls.runs = cls.shared / "runs"
        text = TINY.format(method="wav", dataset="toy-stories", steps=3)
        text = text.replace("[data]\n", "[data]\nsize = 100000\n").replace("eval_every = 4", "eval_every = 1")
        sweep = cls.shared / "sweep.toml"
        sweep.write_text(text + f'[sweep]\n"model.method" = {METHODS}\n"model.layers" = {DEPTHS}\nseed = {SEEDS}\n')
        result = run("sweep", sweep, "--runs", cls.runs)
        assert result.returncode == 0, result.stderr
        cls.metrics = {}
        for method in METHODS:
            for depth in DEPTHS:
                for seed in SEEDS:
                    target = cls.shared / "metrics.csv"
                    name = cls.name(method, depth, seed)
                    result = run("export", cls.runs / name, "--metrics", target)
                    assert result.returncode == 0, result.stderr
                    values = {}
                    for row in csv.DictReader(target.read_text().splitlines()):
                        values.setdefault(row["name"], {})[int(row["step"])] = float(row["value"])
                    cls.metrics[method, depth, seed] = values

    @staticmethod
    def name(method, depth, seed):
        return f"tiny-{method}-layers{depth}-seed{seed}"

    @classmethod
    def names(cls):
        return [cls.name(*key) for key in cls.metrics]

    def table(self, *arguments, names=None, expect=0):
        result = run("table", *(names or self.names()), "--runs", self.runs, *arguments)
        self.assertEqual(result.returncode, expect, result.stderr)
        return result.stdout

    def losses(self, method, depth, choose=lambda series: series[max(series)], name="val/loss"):
        return [choose(self.metrics[method, depth, seed][name]) for seed in SEEDS]

    def differences(self, depth, **options):
        return [a - b for a, b in zip(self.losses("wav", depth, **options), self.losses("standard", depth, **options))]

    def test_markdown_holds_the_numbers_of_the_runs(self):
        text = self.table()
        head, rule, *lines = markdown_cells(text)
        self.assertEqual(head[:2], ["method", "layers"])
        self.assertEqual(head[2:], ["validation loss, nats/token, ± sd", "n, seeds",
                                    "difference to standard [95% interval]", "n, pairs", "parameters (added)",
                                    "speed, tokens/s", "memory, MB"])
        self.assertEqual([line[:2] for line in lines], [[method, str(depth)] for method in METHODS for depth in DEPTHS])
        means = {}
        for line in lines:
            method, depth = line[0], int(line[1])
            own = self.losses(method, depth)
            means[method, depth] = statistics.mean(own)
            for shown, true in zip(numbers_of(line[2]), [statistics.mean(own), statistics.stdev(own)], strict=True):
                self.assertAlmostEqual(shown, true, delta=0.51e-4)
            self.assertEqual(line[3], "2")
            if method == "standard":
                self.assertEqual(line[4:6], ["baseline", "–"])
            else:
                pairs = self.differences(depth)
                expected = [statistics.mean(pairs), min(pairs), max(pairs)]
                for shown, true in zip(numbers_of(line[4]), expected, strict=True):
                    self.assertAlmostEqual(shown, true, delta=0.51e-4)
                self.assertEqual(line[5], "2")
            speeds = [statistics.median(self.metrics[method, depth, seed]["train/tokens_per_second"].values())
                      for seed in SEEDS]
            memories = [max(self.metrics[method, depth, seed]["train/memory_bytes"].values()) for seed in SEEDS]
            self.assertAlmostEqual(numbers_of(line[7])[0], statistics.mean(speeds), delta=0.51)
            self.assertAlmostEqual(numbers_of(line[8])[0], statistics.mean(memories) / 1e6, delta=0.51)
            self.assertEqual(numbers_of(line[6])[1] > 0, method == "wav")
        bold = [line for line in text.splitlines() if "**" in line]
        self.assertEqual(len(bold), 1)
        best = min(means, key=means.get)
        self.assertTrue(bold[0].startswith(f"| {best[0]} | {best[1]} | **"), bold)

    def test_columns_and_other_moments(self):
        _, _, *lines = markdown_cells(self.table("--rows", "model.method", "--columns", "model.layers", "--at", "best",
                                                 "--digits", "6", "--spread", "interval"))
        self.assertEqual(lines[0][0], "*best validation loss, nats/token, ± half of 95% interval (seeds)*")
        for line, method in zip(lines[1:3], METHODS):
            self.assertEqual(line[0], method)
            for cell, depth in zip(line[1:], DEPTHS, strict=True):
                own = self.losses(method, depth, choose=lambda series: min(series.values()))
                expected = [statistics.mean(own), HALF_OF_TWO * statistics.stdev(own), 2]
                for shown, true in zip(numbers_of(cell), expected, strict=True):
                    self.assertAlmostEqual(shown, true, delta=0.51e-6)
        # Then differences, parameters, speed and memory, each under its title.
        titles = ["*difference to standard (n pairs)*", "*95% interval of the difference*", "*parameters (added)*",
                  "*speed, tokens/s*", "*memory, MB*"]
        self.assertEqual([line[0] for line in lines if line[0].startswith("*")][1:], titles)
        for column, depth in enumerate(DEPTHS, 1):
            pairs = self.differences(depth, choose=lambda series: min(series.values()))
            shown = numbers_of(lines[5][column]) + numbers_of(lines[8][column])
            for number, true in zip(shown, [statistics.mean(pairs), 2, min(pairs), max(pairs)], strict=True):
                self.assertAlmostEqual(number, true, delta=0.51e-6)

    def test_csv_is_exact_and_has_its_origin_beside_it(self):
        target = self.folder / "table.csv"
        self.table("--columns", "model.layers", "--values", "val/loss,train/loss", "--at", "2", "--out", target,
                   "--unit", "bits-per-character")
        rows = list(csv.DictReader(target.read_text().splitlines()))
        self.assertEqual(len(rows), len(METHODS) * len(DEPTHS) * 2)
        for row in rows:
            method, depth = row["model.method"], int(row["model.layers"])
            # One token is one character here.
            options = {"choose": lambda series: series[2] / math.log(2), "name": row["value"]}
            own = self.losses(method, depth, **options)
            self.assertEqual((row["unit"], row["n"], row["not_counted"]), ("bits/character", "2", "0"))
            self.assertTrue(math.isclose(float(row["mean"]), statistics.mean(own), rel_tol=1e-8))
            # The numbers of the metrics have nine digits themselves.
            self.assertAlmostEqual(float(row["sd"]), statistics.stdev(own), delta=1e-7)
            self.assertAlmostEqual(float(row["high"]) - float(row["low"]), 2 * HALF_OF_TWO * statistics.stdev(own),
                                   delta=1e-6)
            if method == "wav":
                pairs = self.differences(depth, **options)
                self.assertAlmostEqual(float(row["difference"]), statistics.mean(pairs), delta=1e-7)
                self.assertAlmostEqual(float(row["difference_low"]), min(pairs), delta=1e-7)
                self.assertAlmostEqual(float(row["difference_high"]), max(pairs), delta=1e-7)
                self.assertEqual(row["pairs"], "2")
        beside = pathlib.Path(str(target) + ".provenance.txt").read_text()
        for name in self.names():
            self.assertRegex(beside, rf"(?m)^run {name}: finished, train/loss of step 2, val/loss of step 2, seed \d, "
                                     r"experiment sha256 [0-9a-f]{64}, data sha256 [0-9a-f]{64}, ")
        self.assertRegex(beside, r"Made by WAV Lab \d+\.\d+\.\d+ \(\w+\)")

    def test_the_same_runs_give_the_same_bytes_by_name_or_folder(self):
        first = self.table("--format", "latex")
        self.assertEqual(first, self.table("--format", "latex"))
        folders = [self.runs / name for name in self.names()]
        self.assertEqual(first, self.table("--format", "latex", names=folders + self.names()))  # each once
        target = self.folder / "table.tex"
        self.assertEqual(self.table("--out", target), f"{target}\n")
        self.assertEqual(target.read_text(), first)
        self.assertIn("\\toprule", first)
        self.assertNotIn("tokens/s", self.table("--no-cost"))

    def test_what_is_not_finished_is_named(self):
        wild = [f"--set=train.{setting}" for setting in
                ("lr=10", "min_lr=10", "grad_clip=0", "weight_decay=100", "warmup=0", "steps=60", "eval_every=60")]
        folder, _ = self.train(self.experiment(method="standard", steps=60), "--set=data.size=100000", *wild,
                               run_name="wild", expect=3)
        text = self.table("--rows", "model.method", names=[folder] + self.names())
        self.assertRegex(text, r"Not counted, 1 of 9 runs: wild \(diverged at step \d+\)\.")
        self.assertIn("runs of one cell differ in model.layers", text)
        self.assertEqual(markdown_cells(text)[2][2], "2")

    def test_bad_input_is_one_sentence(self):
        cases = [(["--rows", "model.metod"], "--rows: 'model.metod'", "model.method"),
                 (["--columns", "seed"], "--columns: 'seed'", "allowed are"),
                 (["--rows", "model.layers", "--columns", "model.layers"], "'model.layers' is given twice", "columns"),
                 (["--values", "val/lost"], "--values: none of these runs", "val/loss"),
                 (["--at", "first"], "--at: 'first'", "last, best"),
                 (["--baseline", "rezero"], "--baseline: no row has 'rezero'", "model.method=standard"),
                 (["--spread", "wide"], "--spread: 'wide'", "interval"),
                 (["--unit", "bits"], "--unit: 'bits'", "bits-per-character"),
                 (["--digits", "0"], "--digits: 0", "1 to 9"),
                 (["--format", "html"], "--format: 'html'", "markdown"),
                 (["--out", self.folder / "table.html"], "table.html", ".tex, .md or .csv"),
                 (["--out", self.folder / "none" / "table.md"], str(self.folder / "none"), "table.md")]
        for arguments, *parts in cases:
            with self.subTest(arguments=arguments):
                result = run("table", *self.names(), "--runs", self.runs, *arguments)
                self.assert_one_clear_error(result, 2, *parts)
                self.assertEqual(result.stdout, "")
        self.assert_one_clear_error(run("table", "nobody", "--runs", self.runs), 2, "nobody")
        self.assertEqual(list(self.folder.iterdir()), [])


if __name__ == "__main__":
    unittest.main()
