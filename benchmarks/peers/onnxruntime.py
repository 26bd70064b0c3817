"""ONNX Runtime: all graph optimizations, as many threads as are measured."""

from .peer import Peer


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
