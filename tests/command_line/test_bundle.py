# SPDX-License-Identifier: GPL-3.0-or-later
"""A run as one file, and what others can check of it."""
import json
import shutil
import unittest
import zipfile

from program import ProgramTest, json_lines, run


class Bundles(ProgramTest):
    def bundle(self, target):
        file = self.folder / "run.zip"
        result = run("export", target, "--bundle", file)
        self.assertEqual(result.returncode, 0, result.stderr)
        return file

    def rewritten(self, bundle, change):
        """A copy whose files went through `change(name, bytes)`; None leaves one out."""
        copy = self.folder / "changed.zip"
        with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(copy, "w") as new:
            for name in old.namelist():
                contents = change(name, old.read(name))
                if contents is not None:
                    new.writestr(name, contents)
        return copy

    def test_holds_what_is_needed_and_repeats_bit_for_bit(self):
        target, _ = self.train(self.experiment(steps=8))
        bundle = self.bundle(target)
        with zipfile.ZipFile(bundle) as archive:
            self.assertIsNone(archive.testzip())
            names = archive.namelist()
            manifest = json.loads(archive.read("bundle.json"))
            self.assertEqual(archive.read("experiment.toml"), (target / "experiment.toml").read_bytes())
            self.assertEqual(archive.read("checkpoints/step-00000008/model.safetensors"),
                             (target / "checkpoints/step-00000008/model.safetensors").read_bytes())
        self.assertEqual(sorted(names), sorted([*manifest["files"], "bundle.json"]))
        self.assertEqual(manifest["run"], "run")
        self.assertEqual(len(manifest["data_sha256"]), 64)
        self.assertTrue(manifest["trained_with"]["torch"])
        shutil.rmtree(target)  # the bundle alone must do
        result = run("verify", bundle, "--steps", "3", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        found = json_lines(result.stdout)[0]
        self.assertTrue(found["verified"])
        self.assertTrue(found["bits_promised"], found["obstacle"])
        self.assertEqual((found["steps"], found["compared"], found["equal"]), (3, 7, 7))
        text = run("verify", bundle)
        self.assertIn("12 of 12", run("verify", bundle, "--steps", "5").stdout)
        self.assertTrue(text.stdout.endswith("verified\n"), text.stdout)

    def test_a_run_of_a_file_and_of_other_weights(self):
        text = self.folder / "text.txt"
        text.write_text("the cat sat on the mat. " * 200)
        first, _ = self.train(self.experiment(dataset=f"file:{text}", steps=4), run_name="first")
        second, _ = self.train(self.experiment(dataset=f"file:{text}", steps=4), "--from",
                               first / "checkpoints/step-00000004/model.safetensors", run_name="second")
        bundle = self.bundle(second)
        shutil.rmtree(first)
        self.assertEqual(run("verify", bundle).returncode, 0)
        moved = self.folder / "moved.txt"
        text.rename(moved)
        self.assertEqual(run("verify", bundle).returncode, 2)
        self.assertEqual(run("verify", bundle, "--text", moved).returncode, 0)
        moved.write_text("another text entirely, of the very same letters? " * 100)
        self.assertNotEqual(run("verify", bundle, "--text", moved).returncode, 0)

    def test_numbers_that_cannot_be_repeated_are_found(self):
        target, _ = self.train(self.experiment(steps=4))
        bundle = self.bundle(target)

        def other_loss(name, contents):
            if name == "metrics.csv":
                lines = contents.decode().splitlines()
                place = next(i for i, line in enumerate(lines) if line.startswith("2,train/loss,"))
                lines[place] = "2,train/loss,3.5"
                return "\n".join(lines) + "\n"
            return contents

        changed = self.rewritten(bundle, other_loss)
        self.assert_one_clear_error(run("verify", changed), 2, "metrics.csv", "changed or damaged")

        def with_its_checksum(name, contents):
            import hashlib
            contents = other_loss(name, contents)
            if name == "bundle.json":
                with zipfile.ZipFile(changed) as archive:
                    lie = archive.read("metrics.csv")
                manifest = json.loads(contents)
                manifest["files"]["metrics.csv"] = {"bytes": len(lie), "sha256": hashlib.sha256(lie).hexdigest()}
                return json.dumps(manifest)
            return contents

        lied = self.folder / "lied.zip"
        with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(lied, "w") as new:
            for name in old.namelist():
                new.writestr(name, with_its_checksum(name, old.read(name)))
        result = run("verify", lied, "--json")
        self.assertEqual(result.returncode, 1)
        found = json_lines(result.stdout)[0]
        self.assertFalse(found["verified"])
        self.assertEqual(found["compared"] - found["equal"], 1)

    def test_bad_input_is_one_clear_error(self):
        target, _ = self.train(self.experiment(steps=4))
        bundle = self.bundle(target)
        self.assert_one_clear_error(run("export", target, "--bundle", self.folder / "run.tar"), 2, ".zip")
        self.assert_one_clear_error(run("export", target, "--bundle", self.folder / "no" / "run.zip"), 2, "run.zip")
        self.assert_one_clear_error(run("verify", self.folder / "missing.zip"), 2, "missing.zip")
        cut = self.folder / "cut.zip"
        cut.write_bytes(bundle.read_bytes()[:-2000])
        self.assertEqual(run("verify", cut).returncode, 2)
        lacks = self.rewritten(bundle, lambda name, contents: None if name == "started.json" else contents)
        self.assert_one_clear_error(run("verify", lacks), 2, "started.json")
        self.assertEqual(run("verify", bundle, "--steps", "0").returncode, 2)


if __name__ == "__main__":
    unittest.main()
