"""The launchers before anything is built, and how they choose between setting up and running."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Launchers(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.root = pathlib.Path(self.folder.name)
        (self.root / "tools").mkdir()
        for name in ["tessera", "check", "tools/bootstrap", "tools/wheels.txt", "CMakeLists.txt", "CMakePresets.json"]:
            shutil.copy2(ROOT / name, self.root / name)
        (self.root / "cmake").mkdir()
        (self.root / "core").mkdir()
        for name in ["core/CMakeLists.txt", "core/error.h"]:
            (self.root / name).write_text("")

    def tearDown(self):
        self.folder.cleanup()

    def run_in(self, *command, **environment):
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False, timeout=60,
                              stdin=subprocess.DEVNULL, env={**os.environ, "TESSERA_NO_SETUP": "", **environment})

    def pretend_built(self):
        """A program that says what it was given, a set-up that only says that it ran, and the stamp of a build."""
        program = self.root / "build/release/bin/tessera"
        program.parent.mkdir(parents=True)
        program.write_text('#!/bin/sh\nprintf "<%s>" "$@"\nexit 7\n')
        (self.root / "tools/bootstrap").write_text("#!/bin/sh\necho set-up ran >&2\ntouch build/release/.set-up\n")
        library = self.root / ".deps/wheels/torch/lib/libtorch_cpu.so"
        library.parent.mkdir(parents=True)
        for path in [program, self.root / "tools/bootstrap", library]:
            path.touch()
            path.chmod(0o755)
        time.sleep(0.02)
        (self.root / "build/release/.set-up").write_text(f"{self.root.resolve()}\n")

    def test_help_before_anything_is_built(self):
        for arguments in (["--help"], ["generate", "--help"], ["help"]):
            done = self.run_in("./tessera", *arguments)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn("usage: ./tessera", done.stdout)
        self.assertFalse((self.root / ".deps").exists())
        self.assertEqual(self.run_in("./check", "--help").returncode, 0)
        self.assertEqual(self.run_in("tools/bootstrap", "--help").returncode, 0)

    def test_no_setup_before_anything_is_built(self):
        for arguments, environment in ((["--no-setup", "info", "x.png"], {}), (["info"], {"TESSERA_NO_SETUP": "1"})):
            done = self.run_in("./tessera", *arguments, **environment)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertEqual(done.stderr.count("\n"), 1)
            self.assertFalse((self.root / ".deps").exists())

    def test_unknown_option_of_the_set_up(self):
        done = self.run_in("tools/bootstrap", "--fast")
        self.assertEqual(done.returncode, 2)
        self.assertIn("--fast", done.stderr)

    def test_current_build_runs_at_once(self):
        self.pretend_built()
        done = self.run_in("./tessera", "generate", "two words", "", "--", "--no-setup")
        self.assertEqual((done.returncode, done.stderr), (7, ""))
        self.assertEqual(done.stdout, "<generate><two words><><--><--no-setup>")

    def test_newer_source_moved_folder_and_lost_library_set_up_again(self):
        self.pretend_built()
        time.sleep(0.02)
        (self.root / "core/error.h").write_text("// newer\n")
        self.assertEqual(self.run_in("./tessera", "x").stderr, "set-up ran\n")
        self.assertEqual(self.run_in("./tessera", "x").stderr, "")
        self.assertEqual(self.run_in("./tessera", "--no-setup", "x").stdout, "<x>")
        (self.root / ".deps/wheels/torch/lib/libtorch_cpu.so").unlink()
        self.assertEqual(self.run_in("./tessera", "x").stderr, "set-up ran\n")
        self.assertEqual(self.run_in("./tessera", "x", "--help").stderr, "")

    def test_moved_folder_sets_up_again(self):
        self.pretend_built()
        (self.root / "build/release/.set-up").write_text("/elsewhere\n")
        self.assertEqual(self.run_in("./tessera", "x").stderr, "set-up ran\n")


if __name__ == "__main__":
    unittest.main()
