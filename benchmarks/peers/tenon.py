"""Tenon as it is in this checkout, compiled for this machine without any flags."""

import pathlib
import sys

from .peer import Peer


class Tenon(Peer):
    name = "tenon"

    @staticmethod
    def module():
        try:
            import tenon
        except ImportError:
            # In a source tree the package need not be installed.
            sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "python"))
            import tenon
        return tenon

    def version(self):
        return self.module().__version__

    def load(self, path, threads):
        self.model = self.module().compile(path, threads=threads, cache=False)

    def open(self, path, threads):
        """Makes the compiled model at `path` ready to run."""
        self.model = self.module().load(path, threads)

    def run(self, inputs):
        return self.model(**inputs)

    def bind(self, inputs):
        return self.model.bind(inputs, self.run(inputs))
