"""Adds up the JUnit files that the test runners left in a folder, and says how many tests passed and failed.

usage: summary.py FOLDER [RUNNER=STATUS]...

A RUNNER=STATUS is a runner that ended with that status. Should its report hold no failed test, the runner itself
counts as one: it crashed, or could not read its tests. Exits 1 if a test failed or if none ran.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path


class Tally:
    def __init__(self):
        self.passed = 0
        self.skipped = 0
        self.failed = []

    def add_case(self, runner, case):
        name = "{}: {}.{}".format(runner, case.get("classname"), case.get("name"))
        if case.find("failure") is not None or case.find("error") is not None:
            self.failed.append(name)
        elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
            self.skipped += 1
        else:
            self.passed += 1


def cases(path):
    return ElementTree.parse(path).getroot().iter("testcase") if path.exists() else []


def tally_ctest(folder, tally):
    """Counts the cases of each GoogleTest binary; a binary that failed and reported no failed case counts as one."""
    for binary in cases(folder / "ctest.xml"):
        name = binary.get("name")
        failed_before = len(tally.failed)
        report = folder / "gtest" / (name + ".xml")
        for case in cases(report):
            tally.add_case(name, case)
        if binary.find("failure") is not None and len(tally.failed) == failed_before:
            tally.failed.append("ctest: {} ended abnormally".format(name))
        elif not report.exists():
            tally.add_case("ctest", binary)


def main(folder, statuses):
    tally = Tally()
    failed_in = {}
    for runner in ("ctest", "lit", "pytest"):
        failed_before = len(tally.failed)
        if runner == "ctest":
            tally_ctest(folder, tally)
        else:
            for case in cases(folder / (runner + ".xml")):
                tally.add_case(runner, case)
        failed_in[runner] = len(tally.failed) - failed_before

    for runner, status in (argument.split("=") for argument in statuses):
        if not failed_in[runner]:
            tally.failed.append("{}: ended with status {} and reported no failed test".format(runner, status))

    print()
    for name in tally.failed:
        print("failed", name)
    if tally.skipped:
        print("{} skipped: what they need is not on this machine".format(tally.skipped))
    if not tally.passed and not tally.failed:
        print("no test ran")
    print("{} passed, {} failed".format(tally.passed, len(tally.failed)))
    return 0 if tally.passed and not tally.failed else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
