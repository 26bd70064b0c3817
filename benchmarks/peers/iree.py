"""IREE: optimized for this processor, with data tiling and its microkernels."""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

from .peer import Peer

FLAGS = ("--iree-hal-target-device=local", "--iree-hal-local-target-device-backends=llvm-cpu",
         "--iree-llvmcpu-target-cpu=host", "--iree-opt-level=O3", "--iree-opt-data-tiling",
         "--iree-llvmcpu-enable-ukernels=all",
         # By default a kernel whose buffers on the stack exceed 32 KiB is refused.
         "--iree-llvmcpu-stack-allocation-limit=1048576")


class Iree(Peer):
    name = "iree"
    needs = ("iree.compiler", "iree.runtime")

    @classmethod
    def missing(cls):
        try:
            return super().missing()
        except ModuleNotFoundError:
            return list(cls.needs)

    def version(self):
        from importlib.metadata import version
        return version("iree-base-runtime")

    def load(self, path, threads):
        with tempfile.TemporaryDirectory() as folder:
            self.open(self.deploy(path, folder, threads), threads)

    def deploy(self, path, folder, threads):
        import onnx
        graph = onnx.load(path, load_external_data=False).graph
        text, binary = pathlib.Path(folder) / "model.mlir", pathlib.Path(folder) / "model.vmfb"
        # Older opsets are brought up to what the importer expects.
        execute(sys.executable, "-m", "iree.compiler.tools.import_onnx", path, "-o", text, "--opset-version=17")
        execute(pathlib.Path(sys.executable).parent / "iree-compile", text, "-o", binary, *FLAGS)
        binary.with_suffix(".json").write_text(json.dumps({
            "main": graph.name, "inputs": [value.name for value in graph.input],
            "outputs": [value.name for value in graph.output]}))
        return str(binary)

    def open(self, path, threads):
        import iree.runtime
        names = json.loads(pathlib.Path(path).with_suffix(".json").read_text())
        self.inputs, self.outputs = names["inputs"], names["outputs"]
        iree.runtime.flags.parse_flags(f"--task_topology_group_count={threads}")
        # Without a pool of threads where there is only one.
        self.config = iree.runtime.Config("local-sync" if threads == 1 else "local-task")
        # Mapped: the weights stay where they are in the file.
        module = iree.runtime.VmModule.mmap(self.config.vm_instance, path)
        self.modules = iree.runtime.load_vm_modules(module, config=self.config)
        self.main = self.modules[0][names["main"]]

    def run(self, inputs):
        results = self.call(self.place(inputs))
        return {name: result.to_host() for name, result in zip(self.outputs, results)}

    def bind(self, inputs):
        arguments = self.place(inputs)
        return lambda: self.main(*arguments)

    def call(self, arguments):
        results = self.main(*arguments)
        return results if isinstance(results, (tuple, list)) else [results]

    def place(self, inputs):
        import iree.runtime
        return [iree.runtime.asdevicearray(self.config.device, inputs[name]) for name in self.inputs]


def execute(*command):
    """Runs a command, and raises with what it says went wrong."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(reason((done.stderr or done.stdout).strip().splitlines()))


def reason(lines):
    """In one line, why a compiler that printed `lines` failed."""
    line = next((line for line in lines if "rror" in line), lines[-1] if lines else "no message")
    refused = re.search(r'failed to legalize operation.*"onnx\.(\w+)"', line)
    return f"no lowering for this {refused[1]}" if refused else line.split("error: ", 1)[-1][:200]
