"""How lit runs the tests of this folder: which files are tests, and the tools they call."""

import os
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
config.substitutions.append(("%tenon-build", config.tenon_build))
config.substitutions.append(("%tenon-lib", os.path.join(config.tenon_build, "lib")))
config.substitutions.append(("%tenon-source", config.tenon_source))

# Prints, parses and compares the result of every tenon-opt, on top of what the test checks.
if os.environ.get("TENON_TEST_ROUNDTRIP") == "1":
    config.substitutions.append((r"(?<![\w./-])tenon-opt(?![\w.-])", "tenon-opt --verify-roundtrip"))

# A test says `REQUIRES: chromium` and is skipped where that tool is not installed.
for tool in ("chromium",):
    if shutil.which(tool):
        config.available_features.add(tool)
