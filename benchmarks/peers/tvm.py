"""TVM: Relax with its default pipeline, or tuned by MetaSchedule if TENON_BENCH_TVM_TRIALS says how long.

Its defaults have no schedules for processors, so untuned numbers say little about what TVM can do.
"""

import os
import pathlib

from .peer import Peer

TRIALS = int(os.environ.get("TENON_BENCH_TVM_TRIALS", "0"))


class Tvm(Peer):
    name = "tvm"
    needs = ("tvm",)

    def version(self):
        import tvm
        return f"{tvm.__version__} {f'{TRIALS} trials' if TRIALS else 'untuned'}"

    def load(self, path, threads):
        # Read when the pool of threads starts; the process is pinned as a whole.
        os.environ["TVM_NUM_THREADS"] = str(threads)
        os.environ["TVM_BIND_THREADS"] = "0"
        import onnx
        import tvm
        from tvm import relax
        from tvm.relax.frontend.onnx import from_onnx
        model = onnx.load(path)
        self.inputs = [value.name for value in model.graph.input]
        self.outputs = [value.name for value in model.graph.output]
        module = from_onnx(model, keep_params_in_input=False)
        target = tvm.target.Target.from_device("cpu")
        if TRIALS:
            records = pathlib.Path(path).parent / "tvm" / f"{pathlib.Path(path).stem}-{TRIALS}"
            pipeline = relax.get_pipeline("static_shape_tuning", target=target, total_trials=TRIALS,
                                          work_dir=str(records), cpu_weight_prepack=False)
            with target:
                module = pipeline(module)
        self.machine = relax.VirtualMachine(tvm.compile(module, target=target), tvm.cpu())

    def run(self, inputs):
        results = self.machine["main"](*self.place(inputs))
        results = [results] if hasattr(results, "numpy") else results
        return {name: result.numpy() for name, result in zip(self.outputs, results)}

    def bind(self, inputs):
        main, arguments = self.machine["main"], self.place(inputs)
        return lambda: main(*arguments)

    def place(self, inputs):
        import tvm
        return [tvm.runtime.tensor(inputs[name]) for name in self.inputs]
