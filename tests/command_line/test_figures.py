# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures from the command line: vectors with embedded fonts, of the width asked for, the same bytes each time."""
import re
import shutil
import subprocess
import unittest

from program import ProgramTest, run


class Figures(ProgramTest):
    def setUp(self):
        super().setUp()
        if "figure" not in run("--help").stdout:
            self.skipTest("this build draws no figures (it has no Qt)")
        self.wav, _ = self.train(self.experiment(steps=6))

    def figure(self, kind, name, *arguments, runs=None):
        target = self.folder / name
        result = run("figure", *(runs or [self.wav]), "--kind", kind, "--out", target, *arguments,
                     environment={"DISPLAY": "", "WAYLAND_DISPLAY": ""})
        self.assertEqual(result.returncode, 0, result.stderr)
        return target

    @unittest.skipUnless(shutil.which("pdffonts"), "needs poppler-utils")
    def test_pdf_is_vectors_with_embedded_fonts(self):
        for kind in ("loss", "routing", "details"):
            for width in ("5.5in", "3.25in"):
                with self.subTest(kind=kind, width=width):
                    target = self.figure(kind, f"{kind}-{width}.pdf", "--width", width)
                    fonts = subprocess.run(["pdffonts", target], text=True, capture_output=True).stdout.splitlines()[2:]
                    self.assertTrue(fonts)
                    for font in fonts:  # columns from the right: object, generation, unicode, subset, embedded
                        self.assertEqual(font.split()[-5], "yes", font)
                    images = subprocess.run(["pdfimages", "-list", target], text=True, capture_output=True).stdout
                    self.assertEqual(len(images.splitlines()), 2, images)
                    info = subprocess.run(["pdfinfo", target], text=True, capture_output=True).stdout
                    points = float(re.search(r"Page size:\s+([\d.]+)", info)[1])
                    self.assertAlmostEqual(points / 72, float(width[:-2]), delta=0.02)

    def test_probes_as_heatmaps_scatter_and_families(self):
        target = self.folder / "probe.pdf"
        self.assert_one_clear_error(run("figure", self.wav, "--kind", "probe", "--out", target), 2, "wavlab probe")
        self.assertFalse(target.exists())
        result = run("probe", self.wav, "--windows", "2", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        for arguments in ([], ["--quantity", "renormalise", "--log"], ["--mode", "scatter"], ["--mode", "families"]):
            with self.subTest(arguments=arguments):
                self.assertEqual(self.figure("probe", "probe.pdf", *arguments).read_bytes()[:4], b"%PDF")
        self.assert_one_clear_error(run("figure", self.wav, "--kind", "probe", "--mode", "step", "--out", target), 2,
                                    "heatmaps, scatter, families")

    def test_same_bytes_each_time(self):
        first = self.figure("routing", "a.pdf").read_bytes()
        self.assertEqual(first, self.figure("routing", "b.pdf").read_bytes())

    def test_a_figure_file_draws_it_again_with_runs_that_were_added(self):
        figure = self.folder / "figure.toml"
        figure.write_text("""
[figure]
venue = "icml"
out = ["two.pdf", "two.svg", "two.png", "two.tex", "two.csv"]
[[panel]]
kind = "loss"
runs = ["*"]
[[panel]]
kind = "routing"
runs = ["%s"]
title = "WAV"
""" % self.wav.name)
        runs = self.wav.parent

        def draw():
            result = run("figure", figure, "--runs", runs)
            self.assertEqual(result.returncode, 0, result.stderr)
            return {name: (self.folder / f"two.{name}").read_bytes() for name in ("pdf", "svg", "png", "tex", "csv")}

        first = draw()
        self.assertEqual(first, draw())
        self.assertIn(b"panel,axes,kind", first["csv"])
        shutil.copytree(self.wav, runs / "a-second-run")
        second = draw()
        self.assertNotIn(b"a-second-run", first["csv"])
        self.assertIn(b"a-second-run", second["csv"])
        self.assertIn(b"a-second-run", second["tex"])

    def test_save_writes_the_file_that_draws_the_same(self):
        saved = self.folder / "saved.toml"
        first = self.figure("routing", "a.svg", "--venue", "icml", "--palette", "grey", "--color-map", "magma",
                            "--quantity", "contribution", "--step", "4", "--save", saved).read_bytes()
        result = run("figure", saved, "--out", self.folder / "b.svg", "--runs", self.wav.parent)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(first, (self.folder / "b.svg").read_bytes())

    def test_bad_figure_files(self):
        file = self.folder / "bad.toml"
        out = '[figure]\nout = ["a.pdf"]\n'
        panel = '[[panel]]\nkind = "loss"\nruns = ["*"]\n'
        for text, word in [("[figure\n", "line 1"), ("[figure]\nfont_sice = 3\n" + panel, "font_size"),
                           (out + panel.replace("loss", "lss"), "allowed are"), (out + panel.replace("*", "no-*"), "no-*"),
                           (panel, "names no file"), ('[figure]\nout = ["a.gif"]\n' + panel, ".svg")]:
            with self.subTest(word):
                file.write_text(text)
                self.assert_one_clear_error(run("figure", file, "--runs", self.wav.parent), 2, word)
        self.assert_one_clear_error(run("figure", self.folder / "none.toml"), 2, "none.toml")
        self.assert_one_clear_error(run("figure", self.wav, "--out", self.folder / "a.pdf"), 2, "--kind")
        file.write_text(panel)
        self.assert_one_clear_error(run("figure", file, "--width", "3in"), 2, "--width: needs --kind")

    def test_svg_and_png(self):
        self.assertIn("<svg", self.figure("loss", "loss.svg").read_text()[:2000])
        self.assertEqual(self.figure("loss", "loss.png").read_bytes()[:8], b"\x89PNG\r\n\x1a\n")

    def test_several_runs_in_one_loss_figure(self):
        standard, _ = self.train(self.experiment("standard.toml", method="standard", steps=6), run_name="standard")
        target = self.figure("loss", "both.svg", runs=[self.wav, standard])
        text = target.read_text()
        self.assertIn("run", text)
        self.assertIn("standard", text)
        for kind in ("routing", "details"):
            self.assert_one_clear_error(run("figure", standard, "--kind", kind, "--out", self.folder / "x.pdf"), 2,
                                        "standard")
            self.assertFalse((self.folder / "x.pdf").exists())

    def test_groups_are_by_settings_that_there_are(self):
        self.figure("loss", "grouped.svg", "--group", "model.method")
        self.figure("loss", "blocks.svg", "--group", "method.blocks")
        refused = run("figure", self.wav, "--kind", "loss", "--group", "model.depth", "--out", self.folder / "x.pdf")
        self.assert_one_clear_error(refused, 2, "'model.depth'", "model.layers", "replicates")
        self.assertFalse((self.folder / "x.pdf").exists())

    def test_bad_input(self):
        def refused(*arguments, parts):
            self.assert_one_clear_error(run("figure", self.wav, *arguments), 2, *parts)
        out = self.folder / "x.pdf"
        refused("--kind", "lss", "--out", out, parts=("lss", "loss", "routing"))
        refused("--kind", "loss", "--out", self.folder / "x.gif", parts=("x.gif", "pdf"))
        refused("--kind", "loss", "--out", out, "--width", "900in", parts=("900",))
        refused("--kind", "loss", "--out", self.folder / "no" / "x.pdf", parts=("no",))
        self.assertFalse(out.exists())


if __name__ == "__main__":
    unittest.main()
