"""Compiles the house's headers.
usage: headers_test.py COMPILER FOLDER without_torch|together|alone [FLAGS...] [--qt FLAGS...]

without_torch  each header of a room that names no Torch, with no Torch on the include path; the doors of the
               application also under Qt's keyword macros, which break Torch's headers
together       all headers in one file: no two of them clash
alone          each header that sees Torch by itself: minutes, but for what ccache has met before
Headers that see Qt are compiled where --qt gives its flags, and are left out elsewhere.
FOLDER holds the sources and objects that are compiled.
"""

import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import check_includes  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILER, FOLDER, MODE, FLAGS = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3], sys.argv[4:]
QT_FLAGS = None
if "--qt" in FLAGS:
    FLAGS, QT_FLAGS = FLAGS[:FLAGS.index("--qt")], FLAGS[FLAGS.index("--qt") + 1:]
CCACHE = [shutil.which("ccache")] if shutil.which("ccache") else []
ENVIRONMENT = {**os.environ, "CCACHE_BASEDIR": str(ROOT), "CCACHE_NOHASHDIR": "1"}
WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror"]
QT_KEYWORDS = ["-Dslots=", "-Dsignals=public", "-Demit=", "-Dforeach=for"]

rooms = check_includes.read_table(ROOT / check_includes.PAGE)
sources = [p for p in check_includes.sources_of(ROOT, rooms) if check_includes.room_of(p, rooms)]
doors = check_includes.doors(ROOT, sources, rooms)


def sees_qt(path):
    return "Qt" in check_includes.room_of(path, rooms).headers_third


headers = [p for p in sources if p.endswith(".h") and (QT_FLAGS is not None or not sees_qt(p))]


def torch_free(path):
    room = check_includes.room_of(path, rooms)
    return "Torch" not in (room.headers_third if path in doors else room.sources_third)


def compile_text(name, text, flags):
    source = FOLDER / (MODE + "-" + "".join(c if c.isalnum() else "_" for c in name) + ".cpp")
    if not source.exists() or source.read_text(encoding="utf-8") != text:
        source.write_text(text, encoding="utf-8")
    command = [*CCACHE, COMPILER, "-std=c++20", "-O0", *WARNINGS, f"-I{ROOT}", *flags, "-c", str(source), "-o",
               str(source.with_suffix(".o"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    return None if done.returncode == 0 else f"{name}:\n" + "\n".join(done.stderr.splitlines()[:12])


def include(paths):
    return "".join(f'#include "{p}"\n' for p in paths)


FOLDER.mkdir(parents=True, exist_ok=True)
if MODE == "without_torch":
    jobs = [(p, include([p]), (QT_FLAGS if sees_qt(p) else []) + FLAGS) for p in headers if torch_free(p)]
    jobs += [(f"{p} under Qt's macros", include([p]), QT_KEYWORDS) for p in doors if p.startswith("engine/")]
elif MODE == "together":
    jobs = [("all headers", include(headers), FLAGS + (QT_FLAGS or []))]
else:
    jobs = [(p, include([p]), FLAGS) for p in headers if not torch_free(p)]
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    failures = [f for f in pool.map(lambda job: compile_text(*job), jobs) if f]
print("\n".join(failures) if failures else f"{len(jobs)} compilations")
sys.exit(1 if failures or not jobs else 0)
