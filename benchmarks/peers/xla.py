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
        import jax
        import onnx

        from . import onnx_to_jax
        # ONNX's token ids and sizes have 64 bits.
        jax.config.update("jax_enable_x64", True)
        graph = onnx.load(path).graph
        self.outputs = [value.name for value in graph.output]
        function, weights = onnx_to_jax.convert(graph)
        weights = {name: jax.device_put(values) for name, values in weights.items()}
        # As constants, XLA folds what is done to weights alone: transposing them, first of all.
        self.function = jax.jit(lambda inputs: function(weights, inputs))

    def run(self, inputs):
        return {name: result.__array__() for name, result in zip(self.outputs, self.function(inputs))}

    def bind(self, inputs):
        import jax
        placed = {name: jax.device_put(values) for name, values in inputs.items()}
        function = self.function.lower(placed).compile()
        return lambda: jax.block_until_ready(function(placed))
