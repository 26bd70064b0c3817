"""TVM: Relax with its default pipeline, untuned, or tuned by MetaSchedule if TENON_BENCH_TVM_TRIALS says how long.

Its defaults have no schedules for processors, so untuned numbers say little about what TVM can do.
"""

import json
import os
import pathlib
import sys

from .peer import Peer

TRIALS = int(os.environ.get("TENON_BENCH_TVM_TRIALS", "0"))


def set_threads(threads):
    """Must come before TVM is imported: it is read when the pool starts. The process is pinned as a whole."""
    os.environ["TVM_NUM_THREADS"] = str(threads)
    os.environ["TVM_BIND_THREADS"] = "0"


def names_of(path):
    """The inputs and outputs of the ONNX file at `path`."""
    import onnx
    graph = onnx.load(path, load_external_data=False).graph
    return [value.name for value in graph.input], [value.name for value in graph.output]


class Tvm(Peer):
    name = "tvm"
    needs = ("tvm",)

    def version(self):
        import tvm
        return f"{tvm.__version__} {f'{TRIALS} trials' if TRIALS else 'untuned'}"

    def load(self, path, threads):
        self.start(self.compile(path, threads), names_of(path))

    def deploy(self, path, folder, threads):
        library = pathlib.Path(folder) / "model.so"
        self.compile(path, threads).export_library(str(library))
        library.with_suffix(".json").write_text(json.dumps(names_of(path)))
        return str(library)

    def open(self, path, threads):
        set_threads(threads)
        # Where PyTorch is installed it is imported, and nothing of it is used: half a gigabyte.
        sys.modules.setdefault("torch", None)
        import tvm
        self.start(tvm.runtime.load_module(path), json.loads(pathlib.Path(path).with_suffix(".json").read_text()))

    def compile(self, path, threads):
        set_threads(threads)
        import onnx
        import tvm
        from tvm import relax
        from tvm.relax.frontend.onnx import from_onnx
        module = from_onnx(onnx.load(path), keep_params_in_input=False)
        target = tvm.target.Target.from_device("cpu")
        if TRIALS:
            records = pathlib.Path(path).parent / "tvm" / f"{pathlib.Path(path).stem}-{TRIALS}"
            pipeline = relax.get_pipeline("static_shape_tuning", target=target, total_trials=TRIALS,
                                          work_dir=str(records), cpu_weight_prepack=False)
            with target:
                module = pipeline(module)
        return tvm.compile(module, target=target)

    def start(self, executable, names):
        import tvm
        from tvm import relax
        self.inputs, self.outputs = names
        self.machine = relax.VirtualMachine(executable, tvm.cpu())

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
