"""OpenVINO: its latency hint, and f32 arithmetic, which on some processors is not what it chooses by itself."""

from .peer import Peer


class OpenVino(Peer):
    name = "openvino"
    needs = ("openvino",)

    def version(self):
        import openvino
        return openvino.__version__.split("-")[0]

    def load(self, path, threads):
        import openvino
        core = openvino.Core()
        # The process is pinned as a whole.
        model = core.compile_model(path, "CPU", {
            "INFERENCE_PRECISION_HINT": "f32", "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1, "ENABLE_CPU_PINNING": False})
        self.inputs = [port.any_name for port in model.inputs]
        self.outputs = [port.any_name for port in model.outputs]
        self.request = model.create_infer_request()

    def run(self, inputs):
        self.attach(inputs)
        self.request.infer()
        return {name: self.request.get_output_tensor(i).data.copy() for i, name in enumerate(self.outputs)}

    def bind(self, inputs):
        self.attach(inputs)
        return lambda: self.request.infer()

    def attach(self, inputs):
        import openvino
        # Without a copy: what a user does who fills the same arrays again.
        self.tensors = [openvino.Tensor(inputs[name], shared_memory=True) for name in self.inputs]
        for i, tensor in enumerate(self.tensors):
            self.request.set_input_tensor(i, tensor)
