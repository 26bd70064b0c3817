"""How lit runs the tests of this folder: which files are tests, the tools they call, and what the machine offers."""

import os
import re
import shutil

import lit.formats

config.name = "Tenon"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".onnxtxt"]
config.excludes = ["Inputs", "Unit"]
config.test_source_root = os.path.join(config.tenon_source, "test")
config.test_exec_root = os.path.join(config.tenon_build, "test")

# Tools are found by PATH, not by substitution: `tenon` is also a word of nearly every pass flag.
tools = [os.path.join(config.tenon_build, "bin"), config.llvm_tools]
config.environment["PATH"] = os.pathsep.join(tools + [config.environment["PATH"]])

# What a test leaves in a cache must not be seen by the next run, nor by the developer.
config.environment["XDG_CACHE_HOME"] = os.path.join(config.test_exec_root, "cache")
shutil.rmtree(config.environment["XDG_CACHE_HOME"], ignore_errors=True)

config.substitutions.append(("%python", config.python))
config.substitutions.append(("%tenon-lib", os.path.join(config.tenon_build, "lib")))
config.substitutions.append(("%tenon-source", config.tenon_source))

# Prints, parses and compares the result of every tenon-opt, on top of what the test checks.
if os.environ.get("TENON_TEST_ROUNDTRIP") == "1":
    config.substitutions.append((r"(?<![\w./-])tenon-opt(?![\w.-])", "tenon-opt --verify-roundtrip"))

# A test says `REQUIRES: qemu-aarch64` and is skipped where that tool is not installed.
for tool in (
    "qemu-aarch64",
    "qemu-riscv64",
    "aarch64-linux-gnu-gcc",
    "riscv64-linux-gnu-gcc",
    "node",
    "chromium",
):
    if shutil.which(tool):
        config.available_features.add(tool)


def processor_flags():
    try:
        with open("/proc/cpuinfo") as cpuinfo:
            return set(re.search(r"^flags\s*:(.*)$", cpuinfo.read(), re.MULTILINE).group(1).split())
    except (OSError, AttributeError):
        return set()


# The features are those of the psABI levels x86-64-v3 and x86-64-v4, as far as vector code uses them.
flags = processor_flags()
if flags >= {"avx2", "fma", "f16c"}:
    config.available_features.add("avx2")
if flags >= {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}:
    config.available_features.add("avx512")
