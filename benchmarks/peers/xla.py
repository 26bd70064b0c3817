"""XLA for processors, through JAX: the model as one jitted function of its inputs, the weights constants of it."""

import os

from .peer import Peer


class Xla(Peer):
    name = "xla"
    needs = ("jax",)

    def version(self):
        import jax
        return f"jax {jax.__version__}"

    def load(self, path, threads):
        if threads == 1:
            os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        os.environ["JAX_PLATFORMS"] = "cpu"
        # Folding the weights takes seconds, of which it would complain.
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import jax
        import onnx

        from .onnx_graph import Graph
        from .jax_ops import OPS
        # ONNX's token ids and sizes have 64 bits.
        jax.config.update("jax_enable_x64", True)
        graph = Graph(onnx.load(path).graph, OPS)
        self.outputs = graph.outputs
        # As constants, XLA folds what is done to weights alone: transposing them, first of all.
        weights = {name: jax.device_put(values) for name, values in graph.weights.items()}
        self.function = jax.jit(lambda inputs: graph.run(weights, inputs))

    def run(self, inputs):
        return {name: result.__array__() for name, result in zip(self.outputs, self.function(inputs))}

    def bind(self, inputs):
        import jax
        placed = {name: jax.device_put(values) for name, values in inputs.items()}
        function = self.function.lower(placed).compile()
        return lambda: jax.block_until_ready(function(placed))
