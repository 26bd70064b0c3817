"""What a system must offer to be measured."""

import importlib.util


class Unsuited(Exception):
    """A case lies outside of what a peer is for: no failure, there's just nothing to compare."""


class Peer:
    """One way to run a model. A peer holds one loaded model at a time and names its values as the model does."""

    name: str
    # The Python modules it needs; all but these are in cmake/requirements.txt.
    needs = ()

    @classmethod
    def missing(cls):
        """The modules that are not installed."""
        return [module for module in cls.needs if importlib.util.find_spec(module) is None]

    def version(self):
        """The version measured, and settings that change the result, for the record."""
        raise NotImplementedError

    def load(self, path, threads):
        """Makes the ONNX file at `path` ready to run on `threads` threads, the calling one included.

        Raises Unsuited where the peer is not made for such a model.
        """
        raise NotImplementedError

    def deploy(self, path, folder, threads):
        """Makes of the ONNX file at `path` what is given to those who only run the model, and returns where it is.

        By default that is the ONNX file itself. What is made lies in `folder`.
        """
        return path

    def open(self, path, threads):
        """Makes what `deploy` has returned ready to run, as `load` does."""
        self.load(path, threads)

    def run(self, inputs):
        """Runs once on numpy arrays by name and returns new arrays by name."""
        raise NotImplementedError

    def bind(self, inputs):
        """A function that runs once on `inputs` with as little around it as the peer allows, for timing.

        Output buffers are allocated here and reused by each call where the peer can.
        """
        raise NotImplementedError
