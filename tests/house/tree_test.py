"""The tracked tree: how large it is, what it may not hold, and that its own links lead somewhere."""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
MIB = 1 << 20
ATLAS = "data/scenes/atlas/"
# Recorded models and noise that cannot be smaller; the whole folder stays under 9 MiB.
GOLDEN = "tests/golden/"
LARGE_GOLDEN = {GOLDEN + n for n in (
    "diffusers-expected/trajectory-main-noise.safetensors",
    "diffusers-tiny-bin/vqvae/diffusion_pytorch_model.bin",
    "diffusers-tiny/text_encoder/model.safetensors",
    "diffusers-tiny/transformer/diffusion_pytorch_model.safetensors",
    "microsoft-tiny/class-vq/checkpoint.pth",
    "microsoft-tiny/class-vq/codec_standalone.pth",
)}

# Every web address in the tree leads to one of these: licences, papers, specifications, sources.
HOSTS = {
    "www.apache.org", "arxiv.org", "doi.org", "github.com", "openreview.net", "scripts.sil.org", "openfontlicense.org",
    "www.w3.org", "json-schema.org", "spdx.org", "creativecommons.org", "huggingface.co", "pytorch.org",
    "www.unicode.org",
}


def tracked():
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, capture_output=True, check=False)
    if listed.returncode != 0:
        print("no git checkout: what belongs to the tree is not known")
        sys.exit(77)
    names = sorted(n for n in listed.stdout.decode().split("\0") if n)
    return [n for n in names if (ROOT / n).is_file() and not (ROOT / n).is_symlink()]


NAMES = tracked()


def texts():
    for name in NAMES:
        if name == "LICENSE" or name.startswith("models/"):
            continue
        try:
            yield name, (ROOT / name).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            pass


class Tree(unittest.TestCase):
    maxDiff = None

    def test_sizes(self):
        sizes = {n: (ROOT / n).stat().st_size for n in NAMES}
        self.assertLessEqual(sum(sizes.values()), 40 * MIB, "the whole tracked tree")
        self.assertLessEqual(sum(s for n, s in sizes.items() if n.startswith("models/")), 28 * MIB, "models/")
        self.assertLess(sum(s for n, s in sizes.items() if n.startswith(GOLDEN)), 9 * MIB, GOLDEN)
        large = {n: s for n, s in sizes.items()
                 if s > 512 * 1024 and not n.startswith(("models/", ATLAS)) and n not in LARGE_GOLDEN}
        self.assertEqual(large, {}, "files over 512 KiB")

    def test_nothing_names_the_place_it_was_built_in(self):
        # Absolute paths of somebody's machine. (In two pieces, so that this file passes its own test.)
        place = re.compile(r"(?<![\w.$}~/*-])/(?:wo" r"rk|ho" r"me)/\w")
        found = [f"{n}: {m.group(0)}" for n, text in texts() for m in place.finditer(text)]
        self.assertEqual(found, [])

    def test_web_addresses(self):
        found = {(m.group(1).lower(), n) for n, text in texts() for m in re.finditer(r"https?://([\w.-]+)", text)}
        self.assertEqual({f for f in found if f[0] not in HOSTS}, set())

    def test_links_between_pages(self):
        broken = []
        for name, text in texts():
            if name.endswith(".md"):
                for target in re.findall(r"\]\(([^)\s#]+)", text):
                    if not re.match(r"\w+:", target) and not (ROOT / name).parent.joinpath(target).exists():
                        broken.append(f"{name}: {target}")
        self.assertEqual(broken, [])

    def test_nothing_is_left_to_do(self):
        # A note of work to be done carries the number of its issue.
        note = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b(?!\(#\d+\))")
        found = [f"{n}: {text.count(chr(10), 0, m.start()) + 1}" for n, text in texts() for m in note.finditer(text)]
        self.assertEqual(found, [])

    def test_text_files(self):
        broken = [n for n, text in texts() if n.endswith((".h", ".cpp", ".inl", ".py", ".md", ".txt", ".cmake", ".json"))
                  and ("\r" in text or (text and not text.endswith("\n")))]
        self.assertEqual(broken, [], "line ends: LF, also after the last line")


if __name__ == "__main__":
    unittest.main()
