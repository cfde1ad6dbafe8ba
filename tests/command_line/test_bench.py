# SPDX-License-Identifier: GPL-3.0-or-later
"""`wavlab bench`: its rows, what it refuses, and what it makes of PyTorch's answers. The figures are nobody's result."""
import os
import pathlib
import shutil
import signal
import subprocess
import unittest

from program import PROGRAM, ProgramTest, json_lines, run

FIELDS = {"method", "implementation", "layers", "blocks", "seconds", "ratio", "peak_bytes"}
QUICK = ("--device", "cpu", "--threads", "1")

# Stands for tests/reference/wavlab_reference/bench.py.
FAKE_PEER = """
import sys
print('{"torch": "none"}', flush=True)
for line in sys.stdin:
    answer = {'check': '{"loss": 77.5, "gradient_norm": 1}'}.get(line.split()[0], '{}')
    print(answer, flush=True)
"""


def bench(*arguments, **options):
    return run("bench", *arguments, *QUICK, **options)


class Bench(ProgramTest):
    def rows(self, *arguments):
        result = bench(*arguments, "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        rows = json_lines(result.stdout)
        for row in rows:
            self.assertEqual(set(row), FIELDS)
            self.assertGreater(row["seconds"], 0)
            self.assertGreater(row["ratio"], 0)
            self.assertIsInstance(row["peak_bytes"], int)
            self.assertGreater(row["peak_bytes"], 500_000, "parameters, gradients and moments alone are more")
            if row["method"] == "standard":
                self.assertEqual(row["ratio"], 1)
        return rows

    def check_implementations(self, rows):
        """Each model has a plain row, and a fused one behind it where there is one. Returns the models."""
        models = list(dict.fromkeys((row["method"], row["layers"], row["blocks"]) for row in rows))
        found = {model: [] for model in models}
        for row in rows:
            found[row["method"], row["layers"], row["blocks"]].append(row["implementation"])
        for model, implementations in found.items():
            self.assertIn(implementations, (["plain"], ["plain", "fused"]), model)
        return models

    def test_rows_are_those_of_the_contract(self):
        rows = self.rows("--layers", 2, "--rounds", 2)
        self.assertEqual(self.check_implementations(rows),
                         [("standard", 2, 4), ("attnres_block", 2, 4), ("wav", 2, 4)])

    def test_grid_measures_standard_once(self):
        rows = self.rows("--grid", "--layers", 4, "--rounds", 1, "--methods", "wav,rezero")
        self.assertEqual(self.check_implementations(rows),
                         [("standard", 4, 4), ("wav", 4, 4), ("wav", 4, 8), ("rezero", 4, 4)])

    def test_table_and_progress_for_people(self):
        result = bench("--layers", 1, "--blocks", 2, "--rounds", 1, "--methods", "standard")
        self.assertEqual(result.returncode, 0, result.stderr)
        for part in ("1 layers, width 64", "vocabulary 65, fp32", "CPU, 1 thread", "s/step", "peak memory", "plain"):
            self.assertIn(part, result.stdout)
        self.assertNotIn("eager", result.stdout)
        self.assertIn("round 1 of 1", result.stderr)
        narrow = bench("--layers", 1, "--blocks", 2, "--rounds", 1, "--methods", "standard", "--precision", "bf16")
        self.assertIn("vocabulary 65, bf16", narrow.stdout)

    def test_what_cannot_be_measured(self):
        self.assert_one_clear_error(bench("--layers", "0"), 2, "--layers", "1")
        self.assert_one_clear_error(bench("--rounds", "0"), 2, "--rounds", "1")
        self.assert_one_clear_error(bench("--layers", "2", "--blocks", "9"), 2, "9 blocks", "4 sublayers")
        self.assert_one_clear_error(bench("--grid", "--layers", "2"), 2, "8 blocks", "4 sublayers")
        self.assert_one_clear_error(bench("--methods", "wave"), 2, "wave", "attnres_block")
        self.assert_one_clear_error(bench("--precision", "fp8"), 2, "fp8", "bf16")
        self.assert_one_clear_error(bench("--peers", "jit"), 2, "jit", "eager", "compile")
        self.assert_one_clear_error(run("bench", "--device", "cuda:77"), 2, "cuda:77")
        self.assert_one_clear_error(bench("--layers", "1000", "--threads", "-1"), 2, "--threads")

    def test_a_signal_stops_it(self):
        process = subprocess.Popen([PROGRAM, "bench", "--layers", "2", "--rounds", "10000", "--methods", "standard",
                                    *QUICK], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while "round 2 " not in (line := process.stderr.readline()):
            self.assertTrue(line, "it ended")
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
        self.assertEqual(process.returncode, 130, errors)
        self.assertEqual(output, "")
        self.assertIn("stopped", errors.splitlines()[-1])


class Peers(ProgramTest):
    """A copy of the program with another source tree above it."""

    def setUp(self):
        super().setUp()
        real = pathlib.Path(PROGRAM).resolve()
        folder = self.folder / "build" / "bin"
        folder.mkdir(parents=True)
        self.program = folder / "wavlab"
        shutil.copy(real, self.program)
        (folder.parent / "lib").symlink_to(real.parent.parent / "lib")

    def peer(self, text):
        package = self.folder / "tests" / "reference" / "wavlab_reference"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "bench.py").write_text(text)

    def bench(self, **environment):
        return subprocess.run([self.program, "bench", "--layers", "1", "--blocks", "1", "--methods", "standard", "--peers",
                               "eager", "--json", *QUICK], text=True, capture_output=True, timeout=300, check=False,
                              env={**os.environ, **environment})

    def failed(self, result, code, *parts):
        """As assert_one_clear_error, but progress may come before."""
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertEqual(result.stdout, "")
        errors = [line for line in result.stderr.splitlines() if line.startswith("wavlab: ")]
        self.assertEqual(errors, result.stderr.splitlines()[-1:])
        for part in parts:
            self.assertIn(part, errors[0])

    def test_no_source_tree(self):
        self.failed(self.bench(), 2, "wavlab_reference/bench.py", str(self.program))

    def test_another_loss_is_an_error_that_names_both(self):
        self.peer(FAKE_PEER)
        self.failed(self.bench(), 1, "standard", "torch-eager", "77.5", "and not 4.", "nothing was timed")

    def test_missing_torch(self):
        self.peer("print('{\"error\": \"this Python cannot load torch\", \"missing\": true}', flush=True)")
        self.failed(self.bench(), 2, "this Python cannot load torch")

    def test_a_model_that_does_not_fit_into_memory_is_left_out(self):
        self.peer("print('{\"error\": \"it is full\", \"memory\": true}', flush=True)")
        result = self.bench()
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertLessEqual({row["implementation"] for row in json_lines(result.stdout)}, {"plain", "fused"})
        notes = [line for line in result.stderr.splitlines() if line.startswith("wavlab: ")]
        self.assertEqual(len(notes), 1, result.stderr)
        for part in ("standard", "torch-eager", "left out", "it is full"):
            self.assertIn(part, notes[0])

    def test_no_python(self):
        self.peer(FAKE_PEER)
        self.failed(self.bench(PATH="/nowhere"), 2, "python3")

    def test_peers_that_fail(self):
        self.peer("import sys\nsys.exit('it broke')")
        self.failed(self.bench(), 1, "it broke")

    def test_peers_that_talk_nonsense(self):
        self.peer("print('hello', flush=True)")
        self.failed(self.bench(), 1, "hello")


if __name__ == "__main__":
    unittest.main()
