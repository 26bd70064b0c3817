"""Runs the code blocks of a page that are marked to run, one after the other in one folder.

usage: run-blocks.py PAGE.md FOLDER

    ```sh run           by bash, stopping at the first command that fails
    ```python run       by Python
    ```c file=main.c    saved under that name, as is any other block with a file

FOLDER gets links to what stands in the root of the source tree that commands name: examples/, include/, test/, and to
the build folder, whose lib/ is TENON_LIBRARY_DIR.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+) +(run|file=(\S+))\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINKED = ("benchmarks", "docs", "examples", "include", "lib", "python", "test")


def main(page, folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    targets = {name: ROOT / name for name in LINKED}
    targets["build"] = pathlib.Path(os.environ["TENON_LIBRARY_DIR"]).parent
    for name, target in targets.items():
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(target)
    # The Python of the tests is the one that has the packages.
    os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    # Packages come from the wheels that `./x setup` keeps beside it, so that no page needs a network.
    os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=os.path.join(sys.prefix, "wheels"))
    text = pathlib.Path(page).read_text()
    count = 0
    for match in BLOCK.finditer(text):
        language, kind, name, code = match.groups()
        count += 1
        if name:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(code)
            continue
        command = {"sh": ["bash", "-euo", "pipefail", "-c", code], "python": [sys.executable, "-c", code]}[language]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        if done.returncode:
            line = text.count("\n", 0, match.start()) + 1
            print(f"{page}:{line}: ended with status {done.returncode}\n{code}{done.stdout}{done.stderr}")
            return 1
    # A page whose marks were lost would pass in silence.
    if not count:
        print(f"{page}: no block is marked to run")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
