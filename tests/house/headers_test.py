"""Compiles the house's headers. usage: headers_test.py COMPILER without_torch|together|alone [FLAGS...]

without_torch  each header of a room that names no Torch, with no Torch on the include path; the doors of the
               application also under Qt's keyword macros, which break Torch's headers
together       all headers in one file: no two of them clash
alone          each header that sees Torch by itself (slow)
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import check_includes  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER, MODE, FLAGS = sys.argv[1], sys.argv[2], sys.argv[3:]
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
QT_KEYWORDS = ["-Dslots=", "-Dsignals=public", "-Demit=", "-Dforeach=for"]

rooms = check_includes.read_table(ROOT / check_includes.PAGE)
sources = [p for p in check_includes.sources_of(ROOT, rooms) if check_includes.room_of(p, rooms)]
doors = check_includes.doors(ROOT, sources, rooms)
headers = [p for p in sources if p.endswith(".h")]


def torch_free(path):
    room = check_includes.room_of(path, rooms)
    return "Torch" not in (room.headers_third if path in doors else room.sources_third)


def compile_text(name, text, flags):
    done = subprocess.run([COMPILER, "-std=c++20", "-fsyntax-only", *WARNINGS, f"-I{ROOT}", *flags, "-x", "c++", "-"],
                          input=text, cwd=ROOT, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{name}:\n" + "\n".join(done.stderr.splitlines()[:12])


def include(paths):
    return "".join(f'#include "{p}"\n' for p in paths)


if MODE == "without_torch":
    jobs = [(p, include([p]), FLAGS) for p in headers if torch_free(p)]
    jobs += [(f"{p} under Qt's macros", include([p]), QT_KEYWORDS) for p in doors if p.startswith("engine/")]
elif MODE == "together":
    jobs = [("all headers", include(headers), FLAGS)]
else:
    jobs = [(p, include([p]), FLAGS) for p in headers if not torch_free(p)]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    failures = [f for f in pool.map(lambda job: compile_text(*job), jobs) if f]
print("\n".join(failures) if failures else f"{len(jobs)} compilations")
sys.exit(1 if failures or not jobs else 0)
