#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may include whom: the layers of the house, read from every source's include lines."""

import pathlib
import re
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("core", "datasets", "model", "views", "app")
MAY_INCLUDE = {
    "core": {"core"},
    "datasets": {"datasets", "core"},
    "model": {"model", "datasets", "core"},
    "views": {"views", "core"},
    "app": set(FOLDERS),
}
SOURCE_ENDINGS = {".h", ".cpp", ".cu", ".cuh"}
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
TORCH = re.compile(r"(torch|ATen|c10|caffe2)/")
CUDA = re.compile(r"(cuda|cublas|nccl|cub/|thrust/|cooperative_groups|mma\.h|nvtx)")
QT = re.compile(r"(Q[A-Z]\w*|Qt\w*/.*|qcustomplot\.h|imgui.*|q\w+\.h)$")
LICENSE_LINE = "SPDX-License-Identifier: GPL-3.0-or-later"


def sources(root):
    for folder in FOLDERS:
        for top in (root / folder, root / "tests" / folder):
            for path in sorted(top.rglob("*")):
                if path.suffix in SOURCE_ENDINGS:
                    yield path.relative_to(root)


def includes(root, source):
    """Pairs (quoted, name) in the order of the file."""
    for line in (root / source).read_text(encoding="utf-8").splitlines():
        found = INCLUDE.match(line)
        if found:
            yield found.group(1) == '"', found.group(2)


def owner(source):
    """The folder whose rules a source follows, and whether it is a test."""
    parts = source.parts
    return (parts[1], True) if parts[0] == "tests" else (parts[0], False)


def knows_qt(source):
    folder, test = owner(source)
    if folder == "app":
        return test or source.parts[1] == "gui"
    return folder == "views"


def path_to_torch(root, header, seen):
    """The chain of headers by which a header of ours reaches LibTorch; empty when it does not."""
    if header in seen or not (root / header).is_file():
        return []
    seen.add(header)
    for quoted, name in includes(root, header):
        if TORCH.match(name):
            return [str(header), name]
        chain = path_to_torch(root, pathlib.Path(name), seen) if quoted else []
        if chain:
            return [str(header)] + chain
    return []


def violations(root):
    found = []
    for source in sources(root):
        folder, test = owner(source)
        lines = (root / source).read_text(encoding="utf-8").splitlines()[:1]
        if not lines or LICENSE_LINE not in lines[0]:
            found.append(f"{source}: its first line does not name the licence")
        for quoted, name in includes(root, source):
            place = f"{source}: includes {name}"
            first = name.split("/")[0]
            if TORCH.match(name):
                if folder != "model":
                    found.append(f"{place}, but only model/ knows LibTorch")
                elif source.suffix in (".cu", ".cuh"):
                    found.append(f"{place}, but kernels stand behind a plain C++ interface")
            elif CUDA.match(name) and not quoted:
                if folder != "model":
                    found.append(f"{place}, but only model/ knows CUDA")
            elif QT.match(name) and not quoted:
                if not knows_qt(source):
                    found.append(f"{place}, but only views/ and app/gui/ know Qt")
            elif quoted:
                allowed = MAY_INCLUDE[folder] | ({"tests"} if test else set())
                if first in FOLDERS or first == "tests":
                    if first not in allowed:
                        found.append(f"{place}, but {folder}/ may include only {', '.join(sorted(allowed))}")
                    elif first == "model" and folder != "model":
                        chain = path_to_torch(root, pathlib.Path(name), set())
                        if chain:
                            found.append(f"{place}, which reaches LibTorch: {' -> '.join(chain)}")
                elif not name.endswith(".moc") and not (QT.match(name) and knows_qt(source)):
                    found.append(f"{place}, which is not named from the root")
    return found


class TheHouse(unittest.TestCase):
    def test_its_layers_are_kept(self):
        found = violations(ROOT)
        self.assertFalse(found, "\n" + "\n".join(found))


class TheCheck(unittest.TestCase):
    """Each rule is seen to fail on a source that breaks it."""

    def check(self, files):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(f"// {LICENSE_LINE}\n{text}\n", encoding="utf-8")
            return violations(root)

    def assert_refused(self, files, part):
        found = self.check(files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_sound_sources_pass(self):
        self.assertEqual(self.check({
            "core/a.h": "#include <vector>",
            "model/b.h": '#include "core/a.h"',
            "model/b.cpp": '#include <ATen/ATen.h>\n#include "model/b.h"',
            "views/c.cpp": '#include <QWidget>\n#include <qcustomplot.h>\n#include "core/a.h"\n#include "c.moc"',
            "app/gui/d.cpp": '#include <QtGlobal>\n#include "model/b.h"\n#include "views/c.h"',
            "tests/views/e.cpp": '#include <QTest>\n#include "views/c.h"',
        }), [])

    def test_layers(self):
        self.assert_refused({"core/a.cpp": '#include "datasets/b.h"'}, "core/ may include only core")
        self.assert_refused({"datasets/a.cpp": '#include "model/b.h"'}, "datasets/ may include only")
        self.assert_refused({"views/a.cpp": '#include "model/b.h"'}, "views/ may include only")
        self.assert_refused({"model/a.cpp": '#include "views/b.h"'}, "model/ may include only")
        self.assert_refused({"core/a.cpp": '#include "app/b.h"'}, "core/ may include only")
        self.assert_refused({"tests/core/a.cpp": '#include "model/b.h"'}, "core/ may include only")

    def test_libraries(self):
        self.assert_refused({"core/a.cpp": "#include <torch/types.h>"}, "only model/ knows LibTorch")
        self.assert_refused({"views/a.cpp": "#include <ATen/ATen.h>"}, "only model/ knows LibTorch")
        self.assert_refused({"app/a.cpp": "#include <c10/core/Device.h>"}, "only model/ knows LibTorch")
        self.assert_refused({"model/kernels/a.cu": "#include <ATen/ATen.h>"}, "plain C++ interface")
        self.assert_refused({"core/a.cpp": "#include <cuda_runtime.h>"}, "only model/ knows CUDA")
        self.assert_refused({"core/a.cpp": "#include <QString>"}, "know Qt")
        self.assert_refused({"model/a.cpp": "#include <QtCore/QString>"}, "know Qt")
        self.assert_refused({"app/a.cpp": "#include <QApplication>"}, "know Qt")

    def test_torch_is_found_through_headers(self):
        self.assert_refused({
            "app/a.cpp": '#include "model/b.h"',
            "model/b.h": '#include "model/c.h"',
            "model/c.h": "#include <ATen/ATen.h>",
        }, "model/b.h -> model/c.h -> ATen/ATen.h")

    def test_names_and_licence(self):
        self.assert_refused({"core/a.cpp": '#include "b.h"'}, "not named from the root")
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder) / "core" / "a.cpp"
            source.parent.mkdir()
            source.write_text("int a;\n", encoding="utf-8")
            self.assertEqual(len(violations(pathlib.Path(folder))), 1)


if __name__ == "__main__":
    unittest.main()
