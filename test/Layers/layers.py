"""Checks every #include of Tenon's own headers against cmake/layers.txt.

usage: layers.py ROOT

Each rule broken is one line on stderr, `file:line: edge: rule`. Exits 1 if there is one.

A file of lib/F or include/tenon/F belongs to the folder F that cmake/layers.txt names; the C headers of the compiler
(include/tenon-c) and of its artefacts (include/tenon-rt) are worlds of their own; tools/ stands above all layers.
"""

import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
SOURCES = {".h", ".hpp", ".inc", ".def", ".c", ".cpp", ".cu", ".td"}
TD_INCLUDE = re.compile(r'^\s*include\s*(")([^"]+)"')
ISLAND = "island"
TOOLS = "tools"
C_HEADERS = {"tenon-c", "tenon-rt"}


class Layers:
    """The table of cmake/layers.txt: folder to layer, a number or ISLAND."""

    def __init__(self, path):
        self.of = {}
        for number, line in enumerate(path.read_text().splitlines(), 1):
            fields = line.split("#")[0].split()
            if not fields:
                continue
            if len(fields) != 2 or not (fields[1].isdigit() or fields[1] == ISLAND):
                raise SystemExit(
                    "{}:{}: expected a folder and a layer, a number or '{}', but got '{}'".format(
                        path, number, ISLAND, line.strip()
                    )
                )
            self.of[fields[0]] = int(fields[1]) if fields[1].isdigit() else ISLAND

    def folder(self, path):
        """The listed folder that holds `path`, which is relative to lib/ or include/tenon/; None if there is none."""
        for end in range(len(path.parts) - 1, 0, -1):
            folder = "/".join(path.parts[:end])
            if folder in self.of:
                return folder
        return None

    def describe(self, folder):
        layer = self.of[folder]
        return "an island" if layer == ISLAND else "layer {}".format(layer)

    def highest(self):
        return max(layer for layer in self.of.values() if layer != ISLAND)


def place(path, layers):
    """Which folder a path relative to the root belongs to. None: not ours to judge; '': ours, but not in the table."""
    top, rest = path.parts[0], Path(*path.parts[1:])
    if top == "tools":
        return TOOLS
    if top == "include" and len(path.parts) > 2:
        if path.parts[1] in C_HEADERS:
            return path.parts[1]
        if path.parts[1] == "tenon":
            return layers.folder(Path(*path.parts[2:])) or ""
    if top == "lib" and len(rest.parts) > 1:
        return layers.folder(rest) or ""
    return None


def included_place(root, file, name, layers):
    """Which folder an #include of `file` leads to, and as place() says."""
    if name.split("/")[0] in C_HEADERS | {"tenon"}:
        return place(Path("include") / name, layers)
    # A private header named from the file's own folder, or from another one through `..`.
    target = (file.parent / name).resolve()
    return place(target.relative_to(root), layers) if target.is_file() and root in target.parents else None


def broken_rule(source, target, layers):
    """Why `source` may not include `target`; None if it may."""
    if source == target:
        return None
    if source in C_HEADERS:
        return "{} holds C headers that stand alone".format(source)
    if source != TOOLS and layers.of[source] == ISLAND:
        return None if target == "tenon-rt" else "{} is an island and includes tenon-rt only".format(source)
    if target == "tenon-rt":
        return None
    if target == "tenon-c":
        allowed = source == TOOLS or layers.of[source] == layers.highest()
        return None if allowed else "tenon-c is the compiler seen from outside, for layer {} and tools".format(layers.highest())
    if target == TOOLS:
        return "nothing includes tools"
    if layers.of[target] == ISLAND:
        return "{} is an island that nothing includes".format(target)
    if source == TOOLS or layers.of[target] < layers.of[source]:
        return None
    if layers.of[target] == layers.of[source]:
        return "folders of one layer never include each other ({} and {} are both layer {})".format(
            source, target, layers.of[source]
        )
    return "a folder includes lower layers only ({} is {}, {} is {})".format(
        source, layers.describe(source), target, layers.describe(target)
    )


def uses_compiler_headers(source, layers):
    return source not in C_HEADERS and (source == TOOLS or layers.of[source] != ISLAND)


def check_file(root, file, layers):
    relative = file.relative_to(root)
    source = place(relative, layers)
    if source is None:
        return
    if source == "":
        yield "{}:1: {}: this folder has no line in cmake/layers.txt".format(relative, relative.parent)
        return
    pattern = TD_INCLUDE if file.suffix == ".td" else INCLUDE
    for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
        match = pattern.match(line)
        if not match:
            continue
        name = match.group(2)
        target = included_place(root, file, name, layers)
        if target == "":
            rule = "the folder of this header has no line in cmake/layers.txt"
        elif target is not None:
            rule = broken_rule(source, target, layers)
        elif name.split("/")[0] in ("mlir", "llvm", "lld") and not uses_compiler_headers(source, layers):
            rule = "{} is used without the compiler and includes no LLVM".format(source)
        else:
            rule = None
        if rule:
            yield '{}:{}: {} -> {} ("{}"): {}'.format(relative, number, source, target or name.split("/")[0], name, rule)


def main(root):
    layers = Layers(root / "cmake/layers.txt")
    files = sorted(
        file
        for top in ("lib", "include", "tools")
        for file in (root / top).rglob("*")
        if file.suffix in SOURCES and file.is_file()
    )
    broken = [message for file in files for message in check_file(root, file, layers)]
    for message in broken:
        print(message, file=sys.stderr)
    print("{} files, {} broken rules".format(len(files), len(broken)))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
