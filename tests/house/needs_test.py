"""What the linked programs need. usage: needs_test.py worker|program PROGRAM

worker   names LibTorch and the C and C++ run-time, nothing else: it must run where only LibTorch is
program  starts, and loads no second protobuf: Debian's libprotobuf beside SentencePiece's private copy ends a
         process before main, and LibTorch's own OpenMP has to be the only one
"""

import pathlib
import re
import subprocess
import sys

KIND, PROGRAM = sys.argv[1], sys.argv[2]
ALLOWED = re.compile(r"(libtorch_cpu|libc10|libstdc\+\+|libgcc_s|libm|libc|libdl|libpthread|librt|ld-linux-x86-64|libgomp)\.so(\.\d+)?$")
FORBIDDEN = re.compile(r"libprotobuf|libopencv_dnn|libtorch\.so|libiomp|libomp\.")


def fail(text):
    print(text)
    sys.exit(1)


if KIND == "worker":
    listed = subprocess.run(["readelf", "-d", PROGRAM], capture_output=True, text=True, check=True).stdout
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", listed)
    foreign = [n for n in needed if not ALLOWED.match(n)]
    if foreign or "libtorch_cpu.so" not in needed:
        fail(f"{PROGRAM} needs {foreign or needed}")
else:
    loaded = subprocess.run(["ldd", PROGRAM], capture_output=True, text=True, check=True).stdout
    wrong = [line.strip() for line in loaded.splitlines() if FORBIDDEN.search(line) or "not found" in line]
    gomp = {str(pathlib.Path(p).resolve()) for p in re.findall(r"=> (\S*libgomp\S*)", loaded)}
    if wrong or len(gomp) > 1:
        fail("\n".join(wrong) or f"two OpenMP run-times: {sorted(gomp)}")
started = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, timeout=60, check=False)
if started.returncode != 0:
    fail(f"{PROGRAM} --help: exit {started.returncode}\n{started.stderr}")
