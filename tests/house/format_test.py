"""Every C++ file is as clang-format 14 leaves it; another version formats differently, so it is not asked."""

import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = shutil.which("clang-format-14")

if PROGRAM is None:
    print("clang-format-14 is not installed")
    sys.exit(77)
rooms = {p.parent.relative_to(ROOT).parts[0] for p in ROOT.glob("*/CMakeLists.txt")}
files = sorted(str(p.relative_to(ROOT)) for room in rooms for p in (ROOT / room).rglob("*") if p.suffix in {".h", ".cpp", ".inl"})
done = subprocess.run([PROGRAM, "--dry-run", "--Werror", *files], cwd=ROOT, capture_output=True, text=True, check=False)
wrong = sorted(set(re.findall(r"^([\w./]+):\d+:\d+: error:", done.stderr, re.M)))
if done.returncode != 0:
    print("to repair:  clang-format-14 -i", " ".join(wrong) or done.stderr)
sys.exit(1 if done.returncode else 0)
