#!/usr/bin/env python3
"""Writes the two tables of characters that the cleaning of CLIP prompts needs, from Python's own library.

usage: tools/make_character_tables.py

text/tokenizers/html_entity_table.cpp   the named characters of HTML 5 (html.entities.html5)
text/tokenizers/code_page_table.cpp     bytes 0x80 to 0xFF of ten one-byte encodings
The same Python gives the same bytes; the tables were made with 3.11.
"""

import html.entities
import pathlib
import textwrap

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "text/tokenizers"
MADE = "// Made by tools/make_character_tables.py; change that and run it again.\n"

# In the order in which wrongly decoded text is tried with them. "sloppy": a byte without a character
# stands for the control character of the same number, and 0x1A for U+FFFD.
PAGES = [("latin-1", False), ("windows-1252", True), ("windows-1251", True), ("windows-1250", True),
         ("windows-1253", True), ("windows-1254", True), ("windows-1257", True), ("iso-8859-2", False),
         ("macroman", False), ("cp437", False)]


def entity_table():
    # "Aacute:c1" needs its semicolon, "Aacute=c1" is also known without
    known = html.entities.html5
    entries = []
    for name in sorted(n[:-1] for n in known if n.endswith(";")):
        value = known[name + ";"]
        assert known.get(name, value) == value
        entries.append(name + ("=" if name in known else ":") + "+".join(f"{ord(c):x}" for c in value))
    lines = textwrap.wrap(" ".join(entries), 94)
    body = "\n".join(f'    "{line}{"" if line is lines[-1] else " "}"' for line in lines)
    return (f'#include "text/tokenizers/html_entities.h"\n\n{MADE}\nnamespace tessera::text {{\n\n// clang-format off\n'
            f"const std::string_view kHtmlEntities =\n{body};\n// clang-format on\n\n}}  // namespace tessera::text\n")


def page_table():
    text = (f'#include "text/tokenizers/code_pages.h"\n\n{MADE}\nnamespace tessera::text {{\n\n// clang-format off\n'
            "const std::array<CodePageRow, 10> kCodePages{{\n")
    for name, sloppy in PAGES:
        upper = []
        for byte in range(0x80, 0x100):
            char = bytes([byte]).decode(name, errors="replace")
            upper.append(byte if char == "\ufffd" else ord(char))
        text += f'  {{"{name}", {str(sloppy).lower()}, {{\n'
        for first in range(0, 128, 14):
            text += "    " + " ".join(f"0x{c:04x}," for c in upper[first:first + 14]) + "\n"
        text += "  }},\n"
    return text + "}};\n// clang-format on\n\n}  // namespace tessera::text\n"


(FOLDER / "html_entity_table.cpp").write_text(entity_table(), encoding="utf-8")
(FOLDER / "code_page_table.cpp").write_text(page_table(), encoding="utf-8")
