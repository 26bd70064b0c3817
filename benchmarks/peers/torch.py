"""PyTorch with Inductor: traced with static sizes, weights frozen into the code, with the compiler's autotuning."""

from .peer import Peer


class Torch(Peer):
    name = "torch"
    needs = ("torch",)

    def version(self):
        import torch
        return torch.__version__

    def load(self, path, threads):
        import onnx
        import torch
        import torch._inductor.config as inductor

        from .onnx_graph import Graph
        from .torch_ops import OPS
        torch.set_num_threads(threads)
        # Weights become constants, which the compiler packs ahead of time; calls go through no Python.
        inductor.freezing = True
        inductor.cpp_wrapper = True
        # Not a word of what was tried.
        inductor.autotune_num_choices_displayed = 0
        self.graph = Graph(onnx.load(path).graph, OPS)
        self.model = None

    def compile(self, inputs):
        """The model as a function of the tensors of `inputs` in their order."""
        import torch
        from torch.fx.experimental.proxy_tensor import make_fx
        weights = {name: torch.tensor(values) for name, values in self.graph.weights.items()}
        names = list(inputs)
        traced = make_fx(lambda *tensors: self.graph.run(weights, dict(zip(names, tensors))))(*inputs.values())
        return torch.compile(traced, backend="inductor", mode="max-autotune-no-cudagraphs")

    def run(self, inputs):
        import torch
        tensors = self.place(inputs)
        with torch.no_grad():
            if self.model is None:
                self.model = self.compile(tensors)
            results = self.model(*tensors.values())
        return {name: result.numpy() for name, result in zip(self.graph.outputs, results)}

    def bind(self, inputs):
        import torch
        self.run(inputs)
        model, tensors = self.model, list(self.place(inputs).values())

        @torch.no_grad()
        def call():
            model(*tensors)
        return call

    def place(self, inputs):
        import torch
        return {name: torch.from_numpy(values) for name, values in inputs.items()}
