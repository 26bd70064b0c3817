"""Puts what is native into the package: libtenon_c, libtenon_rt and the driver of a build of Tenon.

They are taken from TENON_LIBRARY_DIR with the driver in bin/ beside it (an install tree's lib/, for instance), or from
TENON_BUILD_DIR, or from build/ of the checkout. Nothing is compiled here. An editable install takes none: it finds those
of its checkout at run time.
"""

import os
import pathlib
import shutil

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.dist import Distribution
from setuptools.errors import FileError

ROOT = pathlib.Path(__file__).resolve().parent.parent
NATIVE = ("lib/libtenon_c.so", "lib/libtenon_rt.so", "bin/tenon")


def native_folder():
    """The folder that holds lib/ and bin/."""
    if folder := os.environ.get("TENON_LIBRARY_DIR"):
        return pathlib.Path(folder).resolve().parent
    return pathlib.Path(os.environ.get("TENON_BUILD_DIR") or ROOT / "build").resolve()


class BuildPackage(build_py):
    def run(self):
        super().run()
        if self.editable_mode:
            return
        folder = native_folder()
        if missing := [name for name in NATIVE if not (folder / name).exists()]:
            raise FileError(f"expected {', '.join(missing)} in {folder}, but there is none; build Tenon first "
                            "(./x build), or name a build by TENON_BUILD_DIR")
        for name in NATIVE:
            copy = pathlib.Path(self.build_lib) / "tenon" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(folder / name, copy)


class BuildWheel(bdist_wheel):
    def get_tag(self):
        # The libraries are of one platform, and of no version of Python.
        return "py3", "none", super().get_tag()[2]


class NativeDistribution(Distribution):
    def has_ext_modules(self):
        return True


setup(cmdclass={"build_py": BuildPackage, "bdist_wheel": BuildWheel}, distclass=NativeDistribution)
