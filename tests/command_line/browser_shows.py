# SPDX-License-Identifier: GPL-3.0-or-later
"""A browser shows an SVG figure as the PNG of the same figure is, its text as text and as paths."""
import re
import shutil
import subprocess
import sys
import unittest
import zlib

from program import ProgramTest, run

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
try:
    import numpy
except ImportError:
    numpy = None
if not BROWSER or not numpy:
    print("skipped, there is no Chromium here; ./test.sh --all installs it")
    sys.exit(0)


def greys(path):
    """An image of 8 bits a channel as lightness, [height, width]."""
    data = path.read_bytes()
    place, packed = 8, b""
    while place < len(data):
        size, kind = int.from_bytes(data[place:place + 4], "big"), data[place + 4:place + 8]
        body = data[place + 8:place + 8 + size]
        if kind == b"IHDR":
            width, height = int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big")
            assert body[8] == 8 and body[9] in (2, 6), "not RGB or RGBA of 8 bits"
            channels = 3 if body[9] == 2 else 4
        elif kind == b"IDAT":
            packed += body
        place += size + 12
    raw = zlib.decompress(packed)
    stride = width * channels
    lines = numpy.zeros((height + 1, stride + channels), dtype=numpy.int64)
    for y in range(height):
        line = raw[y * (stride + 1):(y + 1) * (stride + 1)]
        above, now = lines[y], lines[y + 1]
        values = numpy.frombuffer(line[1:], dtype=numpy.uint8).astype(numpy.int64)
        if line[0] in (0, 2):
            now[channels:] = (values + (above[channels:] if line[0] == 2 else 0)) % 256
            continue
        for x in range(channels, stride + channels):
            a, b, c = int(now[x - channels]), int(above[x]), int(above[x - channels])
            estimate = a + b - c
            paeth = min((abs(estimate - a), 0, a), (abs(estimate - b), 1, b), (abs(estimate - c), 2, c))[2]
            now[x] = (int(values[x - channels]) + (a, 0, (a + b) // 2, paeth)[line[0] - 1]) % 256
    pixels = lines[1:, channels:].reshape(height, width, channels)
    return pixels[:, :, :3].mean(axis=2) / 255


def coarse(image):
    """Means over eight by eight pixels: letters are drawn a little differently, but in the same places."""
    height, width = (side // 8 * 8 for side in image.shape)
    return image[:height, :width].reshape(height // 8, 8, width // 8, 8).mean(axis=(1, 3))


class BrowserShows(ProgramTest):
    def test_svgs_as_they_are(self):
        target, _ = self.train(self.experiment(steps=6))
        for kind in ("loss", "routing"):
            expected = self.folder / "expected.png"
            figure = self.folder / "figure.svg"
            self.assertEqual(run("figure", target, "--kind", kind, "--out", expected, "--dpi", "96").returncode, 0)
            expected_greys = greys(expected)
            height, width = expected_greys.shape
            for paths in ([], ["--svg-paths"]):
                with self.subTest(kind=kind, paths=paths):
                    self.assertEqual(run("figure", target, "--kind", kind, "--out", figure, *paths).returncode, 0)
                    self.assertEqual(bool(re.search("<text", figure.read_text())), not paths)
                    page = self.folder / "page.html"
                    page.write_text(f'<body style="margin:0"><img src="{figure.name}">')
                    picture = self.folder / "picture.png"
                    subprocess.run([BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                                    "--force-device-scale-factor=1", f"--user-data-dir={self.folder / 'browser'}",
                                    f"--screenshot={picture}", f"--window-size={width},{height}", page.as_uri()],
                                   capture_output=True, timeout=120, check=True)
                    shown = greys(picture)
                    self.assertEqual(shown.shape, (height, width))
                    difference = numpy.abs(coarse(shown) - coarse(expected_greys))
                    ink = (1 - coarse(expected_greys)).mean()
                    self.assertGreater(ink, 0.01)
                    self.assertLess(difference.mean(), 0.15 * ink)


if __name__ == "__main__":
    unittest.main()
