"""Plants each violation in a small tree and sees tools/check_includes.py name it, and nothing else."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools/check_includes.py"
TABLE = """
| room | may include | third party | in worker |
|---|---|---|---|
| core | – | headers: – · sources: fmt | yes |
| nn · vqvae | core | Torch | yes |
| io/image | core | OpenCV | no |
| engine | headers: core · sources: core, nn, io/image | headers: – · sources: Torch | no |
| cli | core, engine | – | no |

| another table | `with rows` |
"""
CLEAN = {
    "core/error.h": "#pragma once\n#include <string>\n",
    "core/log.cpp": '#include "core/error.h"\n#include <fmt/core.h>\n',
    "nn/rng.h": '#pragma once\n#include <ATen/core/Tensor.h>\n#include "core/error.h"\n',
    "vqvae/codec.h": "#pragma once\n",
    "io/image/codecs.cpp": "#include <opencv2/imgcodecs.hpp>\n",
    "engine/engine.h": '#pragma once\n#include "core/error.h"\n#include "engine/image.h"\n',
    "engine/image.h": "#pragma once\n",
    "engine/inner.h": '#pragma once\n#include "nn/rng.h"\n',  # seen by no other room
    "engine/engine.cpp": '#include "engine/engine.h"\n#include "engine/inner.h"\n',
    "cli/main.cpp": '#include "engine/engine.h"\n',
}


class CheckIncludes(unittest.TestCase):
    def run_on(self, changes, table=TABLE):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {**CLEAN, "docs/architecture.md": table, **changes}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text, encoding="utf-8")
            done = subprocess.run([sys.executable, TOOL, folder], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout.splitlines()

    def assert_one(self, changes, *words, table=TABLE):
        status, lines = self.run_on(changes, table)
        self.assertEqual((status, len(lines)), (1, 1), lines)
        for word in words:
            self.assertIn(word, lines[0])

    def test_clean_tree_passes(self):
        self.assertEqual(self.run_on({})[0], 0)

    def test_room_outside_the_row(self):
        self.assert_one({"vqvae/codec.h": '#pragma once\n#include "nn/rng.h"\n'}, "vqvae/codec.h:2", '"vqvae" may not include "nn"')

    def test_library_outside_the_row(self):
        self.assert_one({"cli/main.cpp": "#include <opencv2/core.hpp>\n"}, '"cli" may not include OpenCV')

    def test_header_that_others_see(self):
        self.assert_one({"engine/engine.h": '#pragma once\n#include "nn/rng.h"\n'}, "engine/engine.h:2", '"nn"')

    def test_header_that_others_see_through_another(self):
        self.assert_one({"engine/image.h": "#pragma once\n#include <ATen/core/Tensor.h>\n"}, "engine/image.h:2", "Torch")

    def test_missing_file_and_relative_path(self):
        self.assert_one({"nn/rng.h": '#pragma once\n#include "core/errors.h"\n'}, "nn/rng.h:2", "is no file")
        self.assert_one({"vqvae/codec.h": '#pragma once\n#include "../core/error.h"\n'}, "vqvae/codec.h:2")

    def test_header_rules(self):
        self.assert_one({"nn/rng.h": "#include <string>\n"}, "nn/rng.h", "no #pragma once")
        self.assert_one({"nn/rng.h": "#pragma once\nusing namespace std;\n"}, "nn/rng.h:2", "using namespace")
        self.assert_one({"nn/rng.h": "#pragma once\n#include <torch/torch.h>\n"}, "too large")

    def test_worker_rows(self):
        table = TABLE.replace("| nn · vqvae | core |", "| nn · vqvae | core, io/image |")
        status, lines = self.run_on({}, table)
        self.assertEqual(status, 1)
        self.assertIn('"nn" is in the worker and may include "io/image"', "\n".join(lines))

    def test_row_that_does_not_exist(self):
        self.assert_one({}, '"lab"', "no row", table=TABLE.replace("| cli | core,", "| cli | core, lab,"))

    def test_page_without_the_table(self):
        self.assertEqual(self.run_on({}, "# nothing\n")[0], 1)


if __name__ == "__main__":
    unittest.main()
