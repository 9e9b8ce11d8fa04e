"""The tracked atlas is what tools/make_atlas.py makes of the tested font; skipped (77) without it."""
import hashlib
import importlib.util
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
TOOL = ROOT / "tools/make_atlas.py"

spec = importlib.util.spec_from_file_location("make_atlas", TOOL)
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)

# PNG's fifth filter, against the definition in the specification (ISO/IEC 15948, 9.4).
for a in range(0, 256, 17):
    for b in range(0, 256, 17):
        for c in range(0, 256, 17):
            p = a + b - c
            best = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))
            assert tool.paeth(a, b, c) == best[2]

missing = subprocess.run([sys.executable, "-B", TOOL, "--font", "/nowhere.ttf"], capture_output=True,
                         text=True)
assert missing.returncode == 1 and "fonts-noto-color-emoji" in missing.stderr, missing.stderr
with tempfile.TemporaryDirectory() as folder:
    odd = pathlib.Path(folder) / "odd.ttf"
    odd.write_bytes(bytes(16))
    failed = subprocess.run([sys.executable, "-B", TOOL, "--font", odd], capture_output=True, text=True)
    assert failed.returncode == 1 and "no cmap table" in failed.stderr, failed.stderr

font = pathlib.Path(tool.FONT)
if not font.exists() or hashlib.sha256(font.read_bytes()).hexdigest() != tool.TESTED_SHA256:
    print("the tested font is not installed")
    sys.exit(77)
with tempfile.TemporaryDirectory() as folder:
    made = pathlib.Path(folder) / "atlas.safetensors"
    subprocess.run([sys.executable, "-B", TOOL, "--out", made], check=True, capture_output=True)
    tracked = ROOT / "data/scenes/atlas/emoji.safetensors"
    assert made.read_bytes() == tracked.read_bytes(), "the tool makes another atlas than the tracked one"
