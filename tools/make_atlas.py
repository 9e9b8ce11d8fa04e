#!/usr/bin/env python3
"""Makes the sprite atlas of emoji-scenes from Noto Color Emoji; needs nothing but Python.

    tools/make_atlas.py [--font FILE] [--nouns FILE] [--out FILE]

Reads the bitmaps of a CBDT/CBLC colour font (OpenType 1.9, chapters cmap, CBLC, CBDT) and writes one
safetensors file that a program can read without any image decoder:

    index    uint8 [N, 128, 128]  palette index of each pixel, columns 4..131 of the 136x128 bitmap
    palette  uint8 [N, 256, 4]    straight (not premultiplied) RGBA

The metadata carries the font's SHA-256 and version, the nouns in order, and the licence line. The
same font and noun table give the same bytes.
"""
import argparse
import collections
import hashlib
import json
import pathlib
import struct
import sys
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
FONT = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
TESTED_SHA256 = "e5899ed38b8ed83e08bd3ac5de09791e9d19d288333a796de1d35ad17396f1ec"
LICENCE = "Noto Emoji, Copyright Google Inc., artwork Apache-2.0, font OFL-1.1"
SIDE, LEFT = 128, 4


def u16(data, at):
    return struct.unpack_from(">H", data, at)[0]


def u32(data, at):
    return struct.unpack_from(">I", data, at)[0]


class ColourFont:
    """The tables of one sfnt file that lead from a code point to a PNG bitmap."""

    def __init__(self, data):
        self.data = data
        self.tables = {}
        for k in range(u16(data, 4)):
            tag, _, offset, length = struct.unpack_from(">4sIII", data, 12 + 16 * k)
            self.tables[tag.decode()] = (offset, length)
        for tag in ("cmap", "CBLC", "CBDT", "head"):
            if tag not in self.tables:
                sys.exit(f"make_atlas: the font has no {tag} table; a CBDT/CBLC colour font is needed")
        self.glyphs = self._read_cmap()
        self.bitmaps = self._read_bitmap_index()

    def version(self):
        return f"{u32(self.data, self.tables['head'][0] + 4) / 65536:.3f}"

    def _read_cmap(self):
        start = self.tables["cmap"][0]
        for k in range(u16(self.data, start + 2)):
            at = start + u32(self.data, start + 4 + 8 * k + 4)
            if u16(self.data, at) != 12:
                continue
            glyphs = {}
            for g in range(u32(self.data, at + 12)):
                first, last, glyph = struct.unpack_from(">III", self.data, at + 16 + 12 * g)
                for code in range(first, last + 1):
                    glyphs[code] = glyph + code - first
            return glyphs
        sys.exit("make_atlas: the font has no cmap subtable of format 12")

    def _read_bitmap_index(self):
        """glyph -> (offset, end) inside CBDT, from the subtables of index format 1."""
        start = self.tables["CBLC"][0]
        if u32(self.data, start + 4) < 1:
            sys.exit("make_atlas: the font has no bitmap strike")
        array, _, count = struct.unpack_from(">III", self.data, start + 8)
        bitmaps = {}
        for k in range(count):
            first, last, offset = struct.unpack_from(">HHI", self.data, start + array + 8 * k)
            at = start + array + offset
            index_format, image_format, image_start = struct.unpack_from(">HHI", self.data, at)
            if (index_format, image_format) != (1, 17):
                sys.exit(f"make_atlas: CBLC subtable {k} has index format {index_format} and image "
                         f"format {image_format}; only 1 and 17 are known")
            for glyph in range(first, last + 1):
                at_glyph = at + 8 + 4 * (glyph - first)
                begin, end = u32(self.data, at_glyph), u32(self.data, at_glyph + 4)
                if end > begin:
                    bitmaps[glyph] = (image_start + begin, image_start + end)
        return bitmaps

    def png(self, code):
        glyph = self.glyphs.get(code)
        if glyph not in self.bitmaps:
            sys.exit(f"make_atlas: the font has no bitmap for U+{code:04X}")
        begin = self.tables["CBDT"][0] + self.bitmaps[glyph][0]
        length = u32(self.data, begin + 5)  # behind 5 bytes of small metrics
        return self.data[begin + 9:begin + 9 + length]


def paeth(a, b, c):
    p = a + b - c
    distances = (abs(p - a), abs(p - b), abs(p - c))
    return (a, b, c)[distances.index(min(distances))]


def unfilter(raw, height, row_bytes, step):
    """Undoes the five row filters of PNG; step = bytes to the pixel on the left."""
    rows, previous = [], bytearray(row_bytes)
    for y in range(height):
        kind = raw[y * (row_bytes + 1)]
        row = bytearray(raw[y * (row_bytes + 1) + 1:(y + 1) * (row_bytes + 1)])
        for x in range(row_bytes):
            left = row[x - step] if x >= step else 0
            up = previous[x]
            corner = previous[x - step] if x >= step else 0
            guess = (0, left, up, (left + up) // 2, paeth(left, up, corner))[kind]
            row[x] = (row[x] + guess) & 255
        rows.append(row)
        previous = row
    return rows


def decode_png(data, name):
    """(index rows, palette of up to 256 RGBA tuples) of a PNG with 4- or 8-bit palette or RGBA."""
    chunks, at = collections.defaultdict(bytes), 8
    while at < len(data):
        length, tag = struct.unpack_from(">I4s", data, at)
        chunks[tag.decode()] += data[at + 8:at + 8 + length]
        at += 12 + length
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", chunks["IHDR"])
    if (width, height, interlace) != (136, 128, 0) or (depth, colour) not in ((4, 3), (8, 3), (8, 6)):
        sys.exit(f"make_atlas: {name}: PNG of {width}x{height}, depth {depth}, colour type {colour} "
                 "is none that this tool knows")
    channels = 4 if colour == 6 else 1
    rows = unfilter(zlib.decompress(chunks["IDAT"]), height, width * channels * depth // 8, channels)
    if colour == 6:
        pixels = [[tuple(row[4 * x:4 * x + 4]) for x in range(width)] for row in rows]
        return index_colours(pixels)
    rgb, alpha = chunks["PLTE"], chunks["tRNS"]
    palette = [(*rgb[3 * k:3 * k + 3], alpha[k] if k < len(alpha) else 255)
               for k in range(len(rgb) // 3)]
    if depth == 4:
        rows = [bytearray(v for byte in row for v in (byte >> 4, byte & 15)) for row in rows]
    return rows, palette


def index_colours(pixels):
    """The most frequent 256 colours; any other becomes the nearest of them."""
    clear = (0, 0, 0, 0)
    pixels = [[p if p[3] else clear for p in row] for row in pixels]
    counts = collections.Counter(p for row in pixels for p in row)
    palette = [p for p, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:256]]
    position = {p: k for k, p in enumerate(palette)}
    for p in counts:
        if p not in position:
            position[p] = min(range(len(palette)),
                              key=lambda k: sum((a - b) ** 2 for a, b in zip(p, palette[k])))
    return [bytearray(position[p] for p in row) for row in pixels], palette


def read_nouns(path):
    rows = [line.rstrip("\n").split("\t") for line in path.open(encoding="utf-8")
            if line.strip() and not line.startswith("#")]
    return [(row[0], int(row[3].removeprefix("U+"), 16)) for row in rows]


def safetensors(tensors, metadata):
    header, offset = {"__metadata__": metadata}, 0
    for name, (shape, data) in tensors.items():
        header[name] = {"dtype": "U8", "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(data for _, data in tensors.values())


def main():
    parser = argparse.ArgumentParser(description="Makes the sprite atlas from Noto Color Emoji.")
    parser.add_argument("--font", type=pathlib.Path, default=pathlib.Path(FONT))
    parser.add_argument("--nouns", type=pathlib.Path, default=ROOT / "data/scenes/nouns.tsv")
    parser.add_argument("--out", type=pathlib.Path,
                        default=ROOT / "data/scenes/atlas/emoji.safetensors")
    args = parser.parse_args()
    if not args.font.exists():
        sys.exit(f"make_atlas: {args.font} is missing; on Debian: apt install fonts-noto-color-emoji")
    data = args.font.read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != TESTED_SHA256:
        print(f"make_atlas: warning: this font (SHA-256 {sha256}) is not the tested one; the pictures "
              "may differ", file=sys.stderr)
    font, nouns = ColourFont(data), read_nouns(args.nouns)
    index, palettes = bytearray(), bytearray()
    for name, code in nouns:
        rows, palette = decode_png(font.png(code), name)
        outside = {v for row in rows for v in (*row[:LEFT], *row[LEFT + SIDE:])}
        if any(palette[v][3] for v in outside):
            print(f"make_atlas: warning: {name} reaches outside columns {LEFT}..{LEFT + SIDE - 1}",
                  file=sys.stderr)
        for row in rows:
            index += row[LEFT:LEFT + SIDE]
        flat = bytes(v for colour in palette for v in colour)
        palettes += flat + bytes(1024 - len(flat))
    metadata = {
        "schema": "tessera.atlas/1",
        "font": args.font.name,
        "font_sha256": sha256,
        "font_version": font.version(),
        "licence": LICENCE,
        "nouns": ",".join(name for name, _ in nouns),
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_bytes(safetensors({"index": ([len(nouns), SIDE, SIDE], bytes(index)),
                                      "palette": ([len(nouns), 256, 4], bytes(palettes))}, metadata))
    print(f"{args.out}: {len(nouns)} sprites, font version {font.version()}")


if __name__ == "__main__":
    main()
