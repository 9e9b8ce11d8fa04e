"""Loops of at::parallel_for run on several threads. usage: threads_test.py BUILD_FOLDER

In a file that is compiled without OpenMP such a loop is a plain one: right, silent and slow. So each object
file of a source that has one must call OpenMP's run-time.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(sys.argv[1])
ROOMS = ("data", "diffusion", "engine", "eval", "gui", "io", "lab", "nn", "pipeline", "text", "train", "vqvae")

found, serial = 0, []
for room in ROOMS:
    for source in sorted((ROOT / room).rglob("*.cpp")):
        if "at::parallel_for" not in source.read_text(encoding="utf-8"):
            continue
        objects = [o for o in (BUILD / room).rglob(source.name + ".o")
                   if str(o).endswith(str(source.relative_to(ROOT)).split("/", 1)[1] + ".o")]
        for built in objects:
            found += 1
            symbols = subprocess.run(["nm", "--undefined-only", str(built)], capture_output=True, text=True, check=True).stdout
            if "GOMP_parallel" not in symbols:
                serial.append(str(source.relative_to(ROOT)))
if serial or not found:
    print("compiled without OpenMP (cmake/TesseraTargets.cmake):", ", ".join(serial) or "no object file was found")
    sys.exit(1)
