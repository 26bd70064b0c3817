"""pip install ./python, into a new environment that knows nothing of the checkout's."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TENON_BUILD_DIR") or ROOT / "build")
DIGITS = ROOT / "examples/digits/digits.onnx"


def clean_environment(**variables):
    """The environment without what leads to the checkout. Packages come from the wheels that `./x setup` keeps."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "TENON_", "VIRTUAL_"))}
    return dict(kept, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(pathlib.Path(sys.prefix) / "wheels"), **variables)


def run(*command, cwd, **variables):
    return subprocess.run(list(map(str, command)), cwd=cwd, env=clean_environment(**variables), capture_output=True,
                          text=True)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder bin/ of an environment with the package."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys._base_executable, "-m", "venv", folder], check=True)
    done = run(folder / "bin/pip", "install", f"{ROOT / 'python'}[onnx]", cwd=folder, TENON_BUILD_DIR=str(BUILD))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "bin"


INTERFACE = """
import pathlib, sys
import numpy as np
import onnx
import tenon
import tenon.onnx_backend

class Exported:
    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **arguments):
        return self.array.__dlpack__(**arguments)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()

digits = sys.argv[1]
assert pathlib.Path(tenon.__file__).is_relative_to(sys.prefix), tenon.__file__
image = np.arange(64, dtype=np.float32).reshape(1, 1, 8, 8) % 17
expected = tenon.compile(digits, output="kept.so")(image)["probabilities"]
assert abs(expected.sum() - 1) < 1e-5
np.testing.assert_array_equal(tenon.load("kept.so")(image=Exported(image))["probabilities"], expected)
np.testing.assert_array_equal(tenon.onnx_backend.run_model(onnx.load(digits), [image])[0], expected)
try:
    tenon.compile("missing.onnx")
except tenon.CompileError as error:
    print(error)
"""


def test_the_interface(installed, tmp_path):
    script = tmp_path / "interface.py"
    script.write_text(INTERFACE)
    done = run(installed / "python", script, DIGITS, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "error: missing.onnx: No such file" in done.stdout


def test_the_command(installed, tmp_path):
    version = run(installed / "tenon", "--version", cwd=tmp_path)
    assert version.returncode == 0 and "0.1.0" in version.stdout, version.stderr
    assert run(installed / "python", "-m", "tenon", "--version", cwd=tmp_path).stdout == version.stdout
    compiled = run(installed / "tenon", "compile", DIGITS, "-o", "digits.so", cwd=tmp_path)
    assert compiled.returncode == 0 and (tmp_path / "digits.so").exists(), compiled.stderr
    refused = run(installed / "tenon", "compile", "missing.onnx", cwd=tmp_path)
    assert refused.returncode == 1 and "missing.onnx" in refused.stderr


def test_libraries_that_are_missing_are_named(installed, tmp_path):
    compile = "import tenon\ntry:\n    tenon.targets()\nexcept tenon.LibraryError as error:\n    print(error)"
    elsewhere = {"TENON_LIBRARY_DIR": str(tmp_path / "lib")}
    done = run(installed / "python", "-c", compile, cwd=tmp_path, **elsewhere)
    assert done.stdout == (f"expected libtenon_c.so at one of {tmp_path}/lib/libtenon_c.so, but there is none; build "
                           "Tenon, or set TENON_LIBRARY_DIR\n")
    done = run(installed / "tenon", "--version", cwd=tmp_path, **elsewhere)
    assert done.returncode == 1
    assert done.stderr.startswith(f"error: expected the driver at one of {tmp_path}/bin/tenon, but there is none;")


def test_a_library_that_does_not_load_says_what_it_needs(installed, tmp_path):
    (tmp_path / "empty.c").write_text("")
    subprocess.run(["clang-22", "-shared", "-o", "libMLIR.so.22.1", "empty.c"], cwd=tmp_path, check=True)
    subprocess.run(["clang-22", "-shared", "-o", "libtenon_c.so", "empty.c", "-Wl,--no-as-needed", "libMLIR.so.22.1"],
                   cwd=tmp_path, check=True)
    (tmp_path / "libMLIR.so.22.1").unlink()
    done = run(installed / "python", "-c", "import tenon; tenon.targets()", cwd=tmp_path, TENON_LIBRARY_DIR=str(tmp_path))
    assert f"LibraryError: {tmp_path}/libtenon_c.so does not load: libMLIR.so.22.1: cannot open" in done.stderr
    assert "libmlir-22" in done.stderr


def test_no_package_without_a_build(installed, tmp_path):
    done = run(installed / "pip", "wheel", ROOT / "python", "--no-deps", cwd=tmp_path, TENON_BUILD_DIR=str(tmp_path))
    assert done.returncode != 0
    assert (f"expected lib/libtenon_c.so, lib/libtenon_rt.so, bin/tenon in {tmp_path}, but there is none; build Tenon "
            "first (./x build), or name a build by TENON_BUILD_DIR") in done.stdout + done.stderr
    assert not list(tmp_path.glob("*.whl"))
