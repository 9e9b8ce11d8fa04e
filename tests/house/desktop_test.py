"""What the desktop is told of the program, and that its texts are all translated."""

import configparser
import pathlib
import re
import unittest
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUI = ROOT / "gui"
NAME = "io.github.tessera.Studio"
# Of the menu specification: a main category, and the additional ones that may stand beside it.
CATEGORIES = {"Graphics", "Qt", "RasterGraphics", "2DGraphics"}


def literals(text):
    """Adjacent C string literals as the one string that they are."""
    joined = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text))
    return re.sub(r'\\(.)', lambda m: {"n": "\n"}.get(m.group(1), m.group(1)), joined)


def texts_of(source):
    string = r'((?:"(?:[^"\\]|\\.)*"\s*)+)'
    yield from (literals(m) for m in re.findall(r"\btr\(\s*" + string, source))
    yield from (literals(m) for m in re.findall(r"QT_TRANSLATE_NOOP\(\s*\"\w+\",\s*" + string, source))
    yield from (literals(m) for m in re.findall(r"\btranslate\(\s*\"\w+\",\s*" + string, source))


class Desktop(unittest.TestCase):
    maxDiff = None

    def test_entry(self):
        entry = configparser.ConfigParser(interpolation=None, delimiters="=", comment_prefixes="#")
        entry.optionxform = str
        entry.read(GUI / "desktop" / f"{NAME}.desktop", encoding="utf-8")
        self.assertEqual(entry.sections(), ["Desktop Entry"])
        keys = dict(entry["Desktop Entry"])
        self.assertEqual(keys["Type"], "Application")
        self.assertRegex(keys["Exec"], r"^tessera-gui( %[fFuU])?$")
        self.assertEqual(keys["Icon"], NAME)
        self.assertTrue((GUI / "icons" / "studio.svg").is_file(), "what the icon is installed from")
        self.assertEqual(keys["Terminal"], "false")
        for key in ("Categories", "MimeType", "Keywords"):
            self.assertTrue(keys[key].endswith(";"), key)
        self.assertLessEqual(set(keys["Categories"].split(";")) - {""}, CATEGORIES)
        for key in ("Name", "Comment", "GenericName"):
            self.assertTrue(keys[key], key)
        self.assertIn(f'setDesktopFileName("{NAME}")', (GUI / "main.cpp").read_text(encoding="utf-8"))

    def test_metadata(self):
        root = ElementTree.parse(GUI / "desktop" / f"{NAME}.metainfo.xml").getroot()
        self.assertEqual((root.tag, root.get("type")), ("component", "desktop-application"))
        self.assertEqual(root.findtext("id"), NAME)
        self.assertEqual(root.findtext("metadata_license"), "CC0-1.0")
        self.assertEqual(root.findtext("launchable[@type='desktop-id']"), f"{NAME}.desktop")
        self.assertEqual(root.findtext("provides/binary"), "tessera-gui")
        for tag in ("name", "summary", "project_license", "developer_name", "content_rating", "description/p"):
            self.assertIsNotNone(root.find(tag), tag)
        summary = root.findtext("summary")
        self.assertFalse(summary.endswith("."), "a summary is no sentence")
        self.assertLess(len(summary), 90)
        version = re.search(r"project\(\w+\s+VERSION\s+([\d.]+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
        release = root.find("releases/release")
        self.assertEqual(release.get("version"), version)
        self.assertRegex(release.get("date"), r"^\d{4}-\d\d-\d\d$")

    def test_every_text_is_translated(self):
        tree = ElementTree.parse(GUI / "translations" / "studio_de.ts")
        known = {m.findtext("source") for m in tree.iter("message")}
        asked = {(text, path.name) for path in sorted(GUI.glob("*.cpp"))
                 for text in texts_of(path.read_text(encoding="utf-8")) if text}
        self.assertGreater(len(asked), 300)
        self.assertEqual({a for a in asked if a[0] not in known}, set(), "run lupdate and translate what is new")
        empty = [m.findtext("source") for m in tree.iter("message")
                 if not "".join(m.find("translation").itertext()).strip()]
        self.assertEqual(empty, [])

    def test_placeholders_survive_translation(self):
        wrong = []
        for message in ElementTree.parse(GUI / "translations" / "studio_de.ts").iter("message"):
            source = message.findtext("source")
            wanted = set(re.findall(r"%\d|%n|\{\w+\}", source))
            forms = [f.text for f in message.iter("numerusform")] or [message.findtext("translation")]
            wrong += [(source, f) for f in forms if set(re.findall(r"%\d|%n|\{\w+\}", f or "")) != wanted]
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
