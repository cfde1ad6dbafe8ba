# SPDX-License-Identifier: GPL-3.0-or-later
"""`wavlab bench`: its rows, what it refuses, and what it makes of PyTorch's answers. The figures are nobody's result."""
import ctypes
import os
import pathlib
import pty
import shutil
import signal
import subprocess
import time
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

# Stands for torch: a compiler that the PyTorch models wait for.
FAKE_TORCH = """
import os, pathlib, subprocess, time
compiler = subprocess.Popen(['sleep', '3600'])
file = pathlib.Path(os.environ['WAVLAB_TEST_PROCESSES'])
file.with_suffix('.new').write_text(f'{os.getpid()} {compiler.pid}')
file.with_suffix('.new').rename(file)
time.sleep(3600)
"""


def bench(*arguments, **options):
    return run("bench", *arguments, *QUICK, **options)


def notes_of(result):
    """What stderr has beside the progress."""
    return [line.removeprefix("wavlab: ") for line in result.stderr.splitlines() if line.startswith("wavlab: ")]


def process_file(process, name):
    """A file of /proc; empty for a process that has ended."""
    try:
        return pathlib.Path("/proc", str(process), name).read_text(errors="replace")
    except OSError:
        return ""


def goes(process):
    """Whether it has not ended; nobody may have asked yet how it did."""
    return process_file(process, "stat").rpartition(")")[2].split()[:1] not in ([], ["Z"], ["X"])


def wait_until(reached, seconds=60):
    """Whether `reached` came true in that time."""
    end = time.monotonic() + seconds
    while not (found := reached()) and time.monotonic() < end:
        time.sleep(0.01)
    return found


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

    def test_a_missing_fused_row_is_explained(self):
        arguments = ("--layers", 1, "--blocks", 1, "--rounds", 1, "--methods", "standard", "--precision", "bf16")
        table = bench(*arguments)
        self.assertEqual(table.returncode, 0, table.stderr)
        note = table.stdout.splitlines()[-2]
        self.assertRegex(note, r"^standard \(1 blocks\) fused of 1 layers is left out: there is none, as .*fp32")
        self.assertEqual(notes_of(table), [])
        lines = bench(*arguments, "--json")
        self.assertEqual([row["implementation"] for row in json_lines(lines.stdout)], ["plain"])
        self.assertEqual(notes_of(lines), [note])

    def endless(self):
        """A benchmark in its second round."""
        process = subprocess.Popen([PROGRAM, "bench", "--layers", "2", "--rounds", "10000", "--methods", "standard",
                                    *QUICK], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while "round 2 " not in (line := process.stderr.readline()):
            self.assertTrue(line, "it ended")
        return process

    def test_a_signal_stops_it(self):
        for stop in (signal.SIGINT, signal.SIGHUP):
            process = self.endless()
            process.send_signal(stop)
            output, errors = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 130, errors)
            self.assertEqual(output, "")
            self.assertIn("stopped", errors.splitlines()[-1])

    def test_a_terminal_that_closes_stops_it(self):
        process, terminal = pty.fork()
        if process == 0:
            os.execv(PROGRAM, [PROGRAM, "bench", "--layers", "2", "--rounds", "10000", "--methods", "standard", *QUICK])
        shown = ""
        while "round 2 " not in shown:
            shown += os.read(terminal, 4096).decode(errors="replace")
        os.close(terminal)
        self.assertTrue(wait_until(lambda: not goes(process)), "it goes on")
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), 130)

    def adopt_orphans(self):
        """Else the kernel itself ends stopped processes whose parent is gone (SIGHUP)."""
        set_child_subreaper = 36
        prctl = ctypes.CDLL(None, use_errno=True).prctl
        self.assertEqual(prctl(set_child_subreaper, 1, 0, 0, 0), 0)
        self.addCleanup(prctl, set_child_subreaper, 0, 0, 0, 0)

    def test_the_process_that_measures_memory_ends_with_it(self):
        self.adopt_orphans()
        process = subprocess.Popen([PROGRAM, "bench", "--layers", "12", "--rounds", "1", *QUICK],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   env={**os.environ, "TMPDIR": str(self.folder)})  # what it leaves, being killed
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

        def measuring():
            """Its child at work, stopped so that it cannot end by itself."""
            self.assertIsNone(process.poll(), "it ended")
            starter = process_file(process.pid, "cmdline")
            for child in process_file(process.pid, f"task/{process.pid}/children").split():
                os.kill(int(child), signal.SIGSTOP)
                # Until it is a program of its own, it has its starter's memory.
                begun = process_file(child, "cmdline") not in ("", starter)
                if begun and "libwavlab_model" in process_file(child, "maps"):
                    return int(child)
                os.kill(int(child), signal.SIGCONT)
            return None

        child = wait_until(measuring)
        self.assertTrue(child)
        process.kill()
        ended = wait_until(lambda: not goes(child))
        if not ended:
            os.kill(child, signal.SIGKILL)
        process.wait()
        os.waitpid(child, 0)
        self.assertTrue(ended, "it is still there")


class CopiedProgram(ProgramTest):
    def copy(self, name):
        real = pathlib.Path(PROGRAM).resolve()
        folder = self.folder / "build" / "bin"
        folder.mkdir(parents=True)
        shutil.copy(real, folder / name)
        (folder.parent / "lib").symlink_to(real.parent.parent / "lib")
        return folder / name


class Memory(CopiedProgram):
    """What the program starts to measure memory is another one."""

    def bench(self, script, *arguments):
        program = self.copy("bench")  # whose own file is then the one beside it, `wavlab`
        other = program.with_name("wavlab")
        other.write_text("#!/bin/sh\n" + script)
        other.chmod(0o755)
        command = [program, "bench", "--layers", "1", "--blocks", "1", "--rounds", "1", "--methods", "standard", *QUICK]
        result = subprocess.run([*command, *arguments], text=True, capture_output=True, timeout=300, check=False)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result

    def test_a_failure_leaves_the_figure_empty(self):
        result = self.bench("echo 'wavlab: it broke' >&2; exit 1", "--json")
        rows = json_lines(result.stdout)
        self.assertEqual([row["implementation"] for row in rows], ["plain", "fused"])
        for row in rows:
            self.assertEqual(set(row), FIELDS)
            self.assertIsNone(row["peak_bytes"])
            self.assertGreater(row["seconds"], 0)
        self.assertEqual(notes_of(result), [
            f"the memory of standard (1 blocks) {row['implementation']} of 1 layers was not measured: it broke"
            for row in rows])

    def test_the_table_has_a_dash(self):
        lines = self.bench("kill -9 $$").stdout.splitlines()
        plain = next(line for line in lines if " plain " in line)
        self.assertEqual(plain.split()[-1], "-")
        self.assertIn("its process ended without a word", lines[-2])


class Peers(CopiedProgram):
    """A copy of the program with another source tree above it."""

    def setUp(self):
        super().setUp()
        self.program = self.copy("wavlab")

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

    def test_peers_end_with_it(self):
        """They and what they started, in the middle of a compilation."""
        real = pathlib.Path(__file__).parent.parent / "reference" / "wavlab_reference"
        (self.folder / "tests" / "reference").mkdir(parents=True)
        (self.folder / "tests" / "reference" / "wavlab_reference").symlink_to(real.resolve())
        (self.folder / "torch.py").write_text(FAKE_TORCH)
        (self.folder / "scratch").mkdir()
        file = self.folder / "processes"
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "TMPDIR": str(self.folder / "scratch"),
                       "WAVLAB_TEST_PROCESSES": str(file)}
        for stop in (signal.SIGHUP, signal.SIGKILL):
            process = subprocess.Popen([self.program, "bench", "--layers", "1", "--blocks", "1", "--methods",
                                        "standard", "--peers", "compile", *QUICK], env=environment,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.assertTrue(wait_until(file.exists))
            peers = [int(peer) for peer in file.read_text().split()]
            file.unlink()
            self.assertTrue(all(map(goes, peers)))
            process.send_signal(stop)
            self.assertEqual(process.wait(timeout=60), 130 if stop == signal.SIGHUP else -stop)
            ended = wait_until(lambda peers=peers: not any(map(goes, peers)))
            for peer in filter(goes, peers):
                os.kill(peer, signal.SIGKILL)
            self.assertTrue(ended, f"there are some left after {stop.name}")

    def test_peers_that_fail(self):
        self.peer("import sys\nsys.exit('it broke')")
        self.failed(self.bench(), 1, "it broke")

    def test_peers_that_talk_nonsense(self):
        self.peer("print('hello', flush=True)")
        self.failed(self.bench(), 1, "hello")


if __name__ == "__main__":
    unittest.main()
