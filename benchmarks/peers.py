"""What can be measured: each peer loads an ONNX file and runs it, set the way its documentation says is fastest."""

import pathlib
import sys


class Peer:
    """One way to run a model. A peer holds one loaded model at a time and names its values as the model does."""

    name: str

    def version(self):
        """The version measured, for the record."""
        raise NotImplementedError

    def load(self, path, threads):
        """Makes the ONNX file at `path` ready to run on `threads` threads, the calling one included."""
        raise NotImplementedError

    def run(self, inputs):
        """Runs once on numpy arrays by name and returns new arrays by name."""
        raise NotImplementedError

    def bind(self, inputs):
        """A function that runs once on `inputs` with as little around it as the peer allows, for timing.

        Output buffers are allocated here and reused by each call.
        """
        raise NotImplementedError


class OnnxRuntime(Peer):
    name = "onnxruntime"

    def version(self):
        import onnxruntime
        return onnxruntime.__version__

    def load(self, path, threads):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.outputs = [output.name for output in self.session.get_outputs()]

    def run(self, inputs):
        return dict(zip(self.outputs, self.session.run(self.outputs, inputs)))

    def bind(self, inputs):
        import onnxruntime
        binding = self.session.io_binding()
        for name, values in inputs.items():
            binding.bind_cpu_input(name, values)
        for name, values in self.run(inputs).items():
            binding.bind_ortvalue_output(name, onnxruntime.OrtValue.ortvalue_from_numpy(values))
        session = self.session
        return lambda: session.run_with_iobinding(binding)


class Tenon(Peer):
    name = "tenon"

    @staticmethod
    def module():
        try:
            import tenon
        except ImportError:
            # In a source tree the package need not be installed.
            sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "python"))
            import tenon
        return tenon

    def version(self):
        return self.module().__version__

    def load(self, path, threads):
        self.model = self.module().compile(path, threads=threads)

    def run(self, inputs):
        return self.model(**inputs)

    def bind(self, inputs):
        outputs = self.run(inputs)
        model = self.model
        return lambda: model.run(inputs, outputs)


PEERS = {peer.name: peer for peer in (OnnxRuntime, Tenon)}
