"""Commands of the pages that run-blocks.py does not run as they stand: they take hours, or write to the checkout."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("TENON_BUILD_DIR") or ROOT / "build")


def run(command, *arguments, cwd=ROOT, **variables):
    """Runs a command of a page, with arguments that are not there, and returns what it prints."""
    line = " ".join([command, *map(str, arguments)])
    done = subprocess.run(["bash", "-c", line], cwd=cwd, env={**os.environ, "TENON_BUILD_DIR": str(BUILD), **variables},
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def build_of_its_own(tmp_path):
    """A build folder with what was built, for a test run inside this one, whose results are elsewhere."""
    for name in ("bin", "lib", "test"):
        (tmp_path / name).symlink_to(BUILD / name)
    (tmp_path / "build.ninja").write_text("build build.ninja: phony\nbuild all: phony\ndefault all\n")
    return str(tmp_path)


def test_demo():
    text = run("./x demo")
    assert re.search(r"digits\.so: host .*, 7 kernels", text)
    assert re.search(r"accuracy", text)


def test_test(build_of_its_own):
    for command in ("./x test layers", "./x test graph"):
        text = run(command, TENON_BUILD_DIR=build_of_its_own)
        assert re.search(r"\n[1-9]\d* passed, 0 failed\n$", text)


def test_a_new_op(build_of_its_own):
    text = run("TENON_BACKEND_CASES=softplus ./x test test/Python/test_onnx_backend.py",
               TENON_BUILD_DIR=build_of_its_own)
    assert re.search(r"\n[1-9]\d* passed, 0 failed\n$", text)


@pytest.mark.parametrize("command, printed", [
    ("./x bench", r"^resnet50 mobilenetv1 .* gru: onnxruntime (openvino )?tenon, 1 thread$"),
    ("./x bench resnet50 --peers=openvino,xla --threads=2", r"^resnet50: (openvino |xla )*tenon, 2 threads$"),
    ("./x bench --peers=torch,xla,iree,tvm --json compilers.json", r"^resnet50 .* gru: (torch |xla |iree |tvm )*tenon, 1 thread$"),
    ("./x bench --kernels=gemm,ragged", r"^gemm-\S+ .*gemm-3136x255x128: .*openblas tenon, 1 thread$"),
])
def test_bench(command, printed):
    if "--threads=2" in command and len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one processor")
    assert re.search(printed, run(command, "--dry-run"), re.MULTILINE)


def make_wheel(requirement, folder):
    """An empty package of the name and version that a line of requirements pins."""
    name, extras, version = re.fullmatch(r"([\w-]+)(?:\[(\w+)\])?==(\S+)", requirement).groups()
    stem = f"{name.replace('-', '_')}-{version}"
    extra = f"Provides-Extra: {extras}\n" if extras else ""
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{stem}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{extra}")
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")


@pytest.mark.parametrize("command, file", [("./x bench --setup", "requirements.txt"),
                                           ("./x bench --setup torch", "requirements-torch.txt")])
def test_setup_of_peers(command, file, tmp_path):
    """Up to what would be installed, from packages that are empty."""
    lines = (ROOT / "benchmarks" / file).read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    for requirement in pinned:
        make_wheel(requirement, tmp_path)
    report = tmp_path / "report.json"
    text = run(command, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path), PIP_DRY_RUN="1", PIP_REPORT=str(report),
               PIP_IGNORE_INSTALLED="1", PIP_NO_DEPENDENCIES="1")
    assert f"installing the packages of benchmarks/{file}" in text
    assert report.read_text().count('"is_direct"') == len(pinned)


def test_pages_of_what_was_measured(tmp_path):
    """In a copy, and they are what the checkout has."""
    for name in ("README.md", "docs", "benchmarks"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    run(".venv/bin/python docs/performance.py", cwd=tmp_path)
    for page in ("README.md", "docs/Performance.md"):
        assert (tmp_path / page).read_text() == (ROOT / page).read_text()
