#!/usr/bin/env python3
"""Reads the table "Who may include whom" of docs/architecture.md and holds the sources to it.

usage: tools/check_includes.py [--report] [ROOT]

Checked in every source file under the rooms that the table names:
  - a quoted include is a path from the repository's root, exists, and leads into a room of its row;
    "headers: ..." of a row binds the headers that other rooms see, directly or through another header;
  - a library of the "third party" column is included only where a row names it;
  - a room that is in the worker includes only rooms that are;
  - headers have #pragma once, no "using namespace", and none of the headers that bring all of Torch.
--report prints, without failing: sources without a test of their own name, how many files include
torch/nn, and the largest files. Exit status 1 where a rule is broken, one line each.
"""

import argparse
import collections
import pathlib
import re
import sys

SUFFIXES = {".h", ".inl", ".cpp", ".cu", ".cuh"}
HEADERS = {".h", ".inl", ".cuh"}
PAGE = "docs/architecture.md"

# How the libraries of the "third party" column look in an #include <...>.
THIRD_PARTY = {
    "Torch": r"(torch|ATen|c10|caffe2)/",
    "fmt": r"fmt/",
    "spdlog": r"spdlog/",
    "nlohmann-json": r"nlohmann/",
    "CLI11": r"CLI/",
    "yaml-cpp": r"yaml-cpp/",
    "SentencePiece": r"sentencepiece",
    "utf8proc": r"utf8proc",
    "OpenCV": r"opencv2/",
    "zlib": r"zlib\.h",
    "libarchive": r"archive(_entry)?\.h",
    "libcurl": r"curl/",
    "SQLite": r"sqlite3\.h",
    "Qt": r"Q[A-Z]",
}
# Each brings all operators or all modules to whoever includes the header that includes it.
TOO_LARGE_FOR_HEADERS = {"torch/torch.h", "torch/all.h", "torch/nn.h", "ATen/ATen.h"}

Room = collections.namedtuple("Room", "name headers sources headers_third sources_third in_worker")


def split_names(cell):
    return {n.strip() for n in re.split(r"[,·]", cell) if n.strip() and n.strip() != "–"}


def split_cell(cell):
    """"headers: a · sources: b, c" -> two sets; "a, b" -> the same set twice."""
    match = re.fullmatch(r"headers:(.*?)·\s*sources:(.*)", cell)
    if match:
        headers = split_names(match.group(1))
        return headers, headers | split_names(match.group(2))
    return split_names(cell), split_names(cell)


def read_table(page):
    """The rows below the heading line that starts with "| room | may include |"."""
    rooms, inside = {}, False
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = [c.strip().replace("`", "") for c in line.strip().strip("|").split("|")]
        if cells[:2] == ["room", "may include"]:
            inside = True
        elif inside and not line.startswith("|"):
            break
        elif inside and not set(line) <= set("|-: "):
            headers, sources = split_cell(cells[1])
            headers_third, sources_third = split_cell(cells[2])
            for name in split_names(cells[0]):
                rooms[name] = Room(name, headers, sources, headers_third, sources_third, cells[3] == "yes")
    return rooms


def room_of(path, rooms):
    """The room with the longest name that is a folder above `path` (a path from the root)."""
    parts = path.split("/")[:-1]
    for n in range(len(parts), 0, -1):
        if "/".join(parts[:n]) in rooms:
            return rooms["/".join(parts[:n])]
    return None


def check_table(rooms):
    for room in rooms.values():
        for name in room.sources - rooms.keys():
            yield f'{PAGE}: room "{room.name}" may include "{name}", which has no row'
        for name in room.sources_third - THIRD_PARTY.keys():
            yield f'{PAGE}: room "{room.name}" names the library "{name}", which tools/check_includes.py does not know'
        for name in room.sources & rooms.keys():
            if room.in_worker and not rooms[name].in_worker:
                yield f'{PAGE}: "{room.name}" is in the worker and may include "{name}", which is not'


def doors(root, paths, rooms):
    """The headers that a file of another room includes, and those that these include in turn."""
    includes = {p: re.findall(r'^\s*#\s*include\s*"([^"]+)"', (root / p).read_text(encoding="utf-8"), re.M) for p in paths}
    found, queue = set(), [i for p in paths for i in includes[p] if i in includes and room_of(i, rooms) != room_of(p, rooms)]
    while queue:
        path = queue.pop()
        if path not in found:
            found.add(path)
            queue += [i for i in includes[path] if i in includes and room_of(i, rooms) == room_of(path, rooms)]
    return found


def check_file(root, path, rooms, is_door):
    room = room_of(path, rooms)
    header = pathlib.Path(path).suffix in HEADERS
    text = (root / path).read_text(encoding="utf-8")
    allowed = (room.headers if is_door else room.sources) | {room.name}
    allowed_third = room.headers_third if is_door else room.sources_third
    for number, line in enumerate(text.splitlines(), 1):
        at = f"{path}:{number}"
        quoted = re.match(r'\s*#\s*include\s*"([^"]+)"', line)
        angled = re.match(r"\s*#\s*include\s*<([^>]+)>", line)
        if quoted:
            target = room_of(quoted.group(1), rooms)
            if not (root / quoted.group(1)).is_file():
                yield f'{at}: "{quoted.group(1)}" is no file; includes are paths from the root of the repository'
            elif target is None:
                yield f'{at}: "{quoted.group(1)}" is in no room of {PAGE}'
            elif target.name not in allowed:
                where = "headers that others include from " if target.name in room.sources else ""
                yield f'{at}: {where}"{room.name}" may not include "{target.name}" ({PAGE})'
        if angled:
            for name, pattern in THIRD_PARTY.items():
                if re.match(pattern, angled.group(1)) and name not in allowed_third:
                    where = "headers that others include from " if name in room.sources_third else ""
                    yield f'{at}: {where}"{room.name}" may not include {name} ({PAGE})'
            if header and angled.group(1) in TOO_LARGE_FOR_HEADERS:
                yield f"{at}: <{angled.group(1)}> is too large for a header; name the parts that are used"
        if header and re.match(r"\s*using\s+namespace\b", line):
            yield f"{at}: using namespace in a header"
    if pathlib.Path(path).suffix == ".h" and not re.search(r"^#pragma once$", text, re.M):
        yield f"{path}: no #pragma once"


def sources_of(root, rooms):
    tops = sorted({name.split("/")[0] for name in rooms})
    found = (p for top in tops for p in (root / top).rglob("*") if p.suffix in SUFFIXES)
    return sorted(str(p.relative_to(root)) for p in found)


def report(root, paths):
    tests = {p.stem for p in (root / "tests").rglob("*_test.*")}
    for path in paths:
        stem = pathlib.Path(path).stem
        if path.endswith(".cpp") and f"{stem}_test" not in tests and stem != "main":
            print(f"no test of its own: {path}")
    lines = {p: (root / p).read_text(encoding="utf-8") for p in paths}
    heavy = [p for p, text in lines.items() if re.search(r"#include <torch/(nn|optim|torch)", text)]
    print(f"files that include torch/nn or torch/optim: {len(heavy)}")
    for path in sorted(paths, key=lambda p: -lines[p].count("\n"))[:10]:
        print(f"{lines[path].count(chr(10)):5} lines  {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", nargs="?", default=pathlib.Path(__file__).resolve().parent.parent, type=pathlib.Path)
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    rooms = read_table(arguments.root / PAGE)
    if not rooms:
        sys.exit(f"{PAGE} has no table that begins with | room | may include |")
    paths = [p for p in sources_of(arguments.root, rooms) if room_of(p, rooms)]
    broken = list(check_table(rooms))
    seen_by_others = doors(arguments.root, paths, rooms)
    for path in paths:
        broken += check_file(arguments.root, path, rooms, path in seen_by_others)
    print("\n".join(broken) if broken else f"{len(paths)} files keep to the table of {len(rooms)} rooms")
    if arguments.report:
        report(arguments.root, paths)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
