"""Checks that the relative links of all pages, and paths of the tree written as code, lead to files that exist.

usage: check-links.py ROOT
"""

import pathlib
import re
import sys

LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
# Paths with a letter after the slash; a `*`, `<` or `{` makes it a pattern.
PATH = re.compile(r"`((?:lib|include|test|tools|docs|benchmarks|examples|python|cmake)/[\w./-]+)`")


def main(root):
    broken = []
    pages = [root / "README.md", *sorted((root / "docs").rglob("*.md"))]
    for page in pages:
        if "generated" in page.parts:
            continue
        text = page.read_text()
        broken += [f"{page}: no {target}" for target in LINK.findall(text) if not (page.parent / target).exists()]
        broken += [f"{page}: no {target}" for target in PATH.findall(text) if not (root / target).exists()]
    print(*broken, sep="\n", end="\n" if broken else "")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
