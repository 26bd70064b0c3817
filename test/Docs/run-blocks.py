"""Runs the code blocks of the pages, those of a page one after the other in one folder, and several pages at a time.

usage: run-blocks.py FOLDER [PAGE.md...]      by default README.md and all of docs/ that is not generated

    ```sh run           by bash, stopping at the first command that fails
    ```python run       by Python
    ```c file=main.c    saved under that name, as is any other block with a file
    ```sh by=test/F     run by another test: F holds each command of the block, as it stands there

Commands and programs that are not marked are errors, so that none goes unnoticed. A page finds links to what stands in
the root of the source tree that commands name: examples/, include/, test/, and to the build folder, whose lib/ is
TENON_LIBRARY_DIR.
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(\w+)(?: +(run|file=\S+|by=\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINKED = ("benchmarks", "docs", "examples", "include", "lib", "python", "test")
# What is only looked at may stand unmarked: IR, output.
RUNNABLE = ("sh", "bash", "python", "c", "cpp", "cmake")


class Problem(Exception):
    """A block that does not run."""


def link_tree(folder):
    folder.mkdir(parents=True, exist_ok=True)
    targets = {name: ROOT / name for name in LINKED}
    targets["build"] = pathlib.Path(os.environ["TENON_LIBRARY_DIR"]).parent
    for name, target in targets.items():
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(target)


def run_code(language, code, folder):
    command = {"sh": ["bash", "-euo", "pipefail", "-c", code], "python": [sys.executable, "-c", code]}[language]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise Problem(f"ended with status {done.returncode}\n{code}{done.stdout}{done.stderr}")


def check_covered(code, path):
    test = (ROOT / path).read_text()
    for line in code.splitlines():
        command = line.partition("  #")[0].strip()
        if command and command not in test:
            raise Problem(f"{path} does not run '{command}'")


def run_block(match, folder):
    language, mark, code = match.groups()
    kind, _, argument = (mark or "").partition("=")
    if kind == "run":
        run_code(language, code, folder)
    elif kind == "file":
        (folder / argument).parent.mkdir(exist_ok=True)
        (folder / argument).write_text(code)
    elif kind == "by":
        check_covered(code, argument)
    elif language in RUNNABLE:
        raise Problem("expected a mark that says who runs this block: run, file=NAME or by=TEST")


def run_page(page, folder):
    """What is wrong with the first block that does not run, or nothing."""
    text = page.read_text()
    link_tree(folder)
    for match in BLOCK.finditer(text):
        try:
            run_block(match, folder)
        except Problem as problem:
            return f"{page}:{text.count(chr(10), 0, match.start()) + 1}: {problem}"
    return None


def main(folder, *pages):
    folder = pathlib.Path(folder)
    pages = [pathlib.Path(page).resolve() for page in pages] or [
        ROOT / "README.md", *(page for page in sorted((ROOT / "docs").rglob("*.md")) if "generated" not in page.parts)]
    # The Python of the tests is the one that has the packages.
    os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    # Packages come from the wheels that `./x setup` keeps beside it, so that no page needs a network.
    os.environ.update(PIP_NO_INDEX="1", PIP_FIND_LINKS=os.path.join(sys.prefix, "wheels"))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = list(filter(None, pool.map(lambda page: run_page(page, folder / page.stem), pages)))
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
