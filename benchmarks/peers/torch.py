"""PyTorch with Inductor: the model through onnx2torch, frozen, with the compiler's autotuning."""

from .peer import Peer


class Torch(Peer):
    name = "torch"
    needs = ("torch", "onnx2torch")

    def version(self):
        import torch
        return torch.__version__

    def load(self, path, threads):
        import onnx
        import onnx2torch
        import torch
        import torch._inductor.config as inductor
        torch.set_num_threads(threads)
        # Weights become constants, which the compiler packs ahead of time.
        inductor.freezing = True
        inductor.cpp_wrapper = True
        graph = onnx.load(path, load_external_data=False).graph
        self.inputs = [value.name for value in graph.input]
        self.outputs = [value.name for value in graph.output]
        self.eager, self.model = onnx2torch.convert(path).eval(), None

    def compile(self, arguments):
        import torch
        from torch.fx.experimental.proxy_tensor import make_fx
        # Traced first: the converter computes sizes with tensors, which the compiler takes for data.
        traced = make_fx(self.eager)(*arguments)
        return torch.compile(traced, backend="inductor", mode="max-autotune-no-cudagraphs")

    def run(self, inputs):
        import torch
        arguments = self.place(inputs)
        with torch.no_grad():
            self.model = self.model or self.compile(arguments)
            results = self.model(*arguments)
        results = [results] if isinstance(results, torch.Tensor) else results
        return {name: result.numpy() for name, result in zip(self.outputs, results)}

    def bind(self, inputs):
        import torch
        model, arguments = self.model, self.place(inputs)

        @torch.no_grad()
        def call():
            model(*arguments)
        return call

    def place(self, inputs):
        import torch
        return [torch.from_numpy(inputs[name]) for name in self.inputs]
