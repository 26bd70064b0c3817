"""Writes the model files that no text form can express into a folder: weights beside the model, and broken encodings."""

import os
import pathlib
import struct
import sys

import onnx
from onnx import TensorProto, helper

folder = pathlib.Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for old in folder.iterdir():
    if old.is_symlink() or not old.is_dir():
        old.unlink()


def model_with(weight):
    """A model that adds `weight`, a tensor w, to its input, a scalar."""
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in (("x", []), ("y", list(weight.dims))))
    graph = helper.make_graph([helper.make_node("Add", ["x", "w"], ["y"])], "g", [x], [y], [weight])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=8)


def write(name, model):
    (folder / f"{name}.onnx").write_bytes(model if isinstance(model, bytes) else model.SerializeToString())


def raw(count, dims=None):
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[count] if dims is None else dims)
    weight.raw_data = struct.pack("<f", 1.5) * count
    return weight


def external(dims=(4,), **entries):
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims, data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        weight.external_data.add(key=key, value=str(value))
    return weight


def varint(value):
    out = b""
    while value >= 0x80:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def field(number, payload):
    return varint(number << 3 | 2) + varint(len(payload)) + payload


# Good ones: weights in the model, small and large, and beside it.
write("small", model_with(raw(4)))
write("large", model_with(raw(2000)))
(folder / "weights.bin").write_bytes(struct.pack("<f", 2.5) * 300)
write("beside", model_with(external(dims=(200,), location="weights.bin", offset=400, length=800)))
write("rest", model_with(external(dims=(300,), location="weights.bin")))

# Sizes that do not fit.
write("short", model_with(raw(3, [4])))
write("long", model_with(raw(2000, [1999])))
write("negative", model_with(raw(4, [-4])))
write("overflow", model_with(raw(4, [1 << 40, 1 << 40])))
write("claims", model_with(TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 40], float_data=[1.0])))

# External data that points elsewhere.
os.symlink("weights.bin", folder / "link.bin")
(folder / "twin.bin").write_bytes(b"0" * 16)
os.link(folder / "twin.bin", folder / "hard.bin")
os.mkfifo(folder / "pipe.bin")
(folder / "sub").mkdir(exist_ok=True)
os.symlink("sub", folder / "linked")
(folder / "sub" / "w.bin").write_bytes(b"0" * 16)
write("absolute", model_with(external(location="/etc/passwd")))
write("parent", model_with(external(location="sub/../../w.bin")))
write("link", model_with(external(location="link.bin")))
write("through", model_with(external(location="linked/w.bin")))
write("hard", model_with(external(location="hard.bin")))
write("pipe", model_with(external(location="pipe.bin")))
write("directory", model_with(external(location="sub")))
write("missing", model_with(external(location="nowhere.bin")))
write("nameless", model_with(external(offset=0)))
write("past", model_with(external(location="weights.bin", offset=1190, length=16)))
write("wraps", model_with(external(location="weights.bin", offset=(1 << 64) - 8, length=16)))
write("minus", model_with(external(location="weights.bin", offset=-4)))
write("checksum", model_with(external(dims=(300,), location="weights.bin", checksum="00" * 20)))

# Encodings.
good = model_with(raw(2000)).SerializeToString()
write("empty", b"")
write("truncated", good[:-40])
write("garbage", bytes(range(255, 0, -1)))
write("varint", b"\x08" + b"\xff" * 12)
write("group", b"\x3b\x3c")
write("beyond", varint(7 << 3 | 2) + varint(1 << 62) + b"x")
deep = b""
for _ in range(10000):  # Graph > node > attribute > graph
    deep = field(1, field(5, field(6, deep)))
write("deep", field(7, deep))
write("utf8", model_with(raw(4)).SerializeToString().replace(b"\x0a\x01x", b"\x0a\x01\xff"))
# A tensor that pretends its data was taken out by the importer.
forged = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2000]).SerializeToString()
graph = model_with(raw(2000)).graph
del graph.initializer[:]
body = graph.SerializeToString() + field(5, forged + varint(100000 << 3) + varint(0))
body += field(5, TensorProto(name="v", data_type=TensorProto.FLOAT, dims=[2000], raw_data=b"0" * 8000).SerializeToString())
write("forged", varint(1 << 3) + varint(8) + field(8, varint(2 << 3) + varint(21)) + field(7, body))

# Numbers of things.
graph = onnx.GraphProto(name="g")
write("nodes", varint(1 << 3) + varint(8) + field(8, varint(2 << 3) + varint(21)) +
      field(7, graph.SerializeToString() + field(1, b"") * 1000001))
many = helper.make_node("Relu", ["x"], ["y"], **{f"a{i}": i for i in range(2000)})
value = lambda n: helper.make_tensor_value_info(n, TensorProto.FLOAT, [2])
write("attributes", helper.make_model(helper.make_graph([many], "g", [value("x")], [value("y")]),
                                      opset_imports=[helper.make_opsetid("", 21)], ir_version=8))
constant = helper.make_tensor("c", TensorProto.BOOL, [], [True])
inner = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [], [value("y")])
for _ in range(26):
    leaf = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [], [value("y")])
    branch = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=leaf)
    inner = helper.make_graph([branch], "g", [], [value("y")])
inner.input.append(value("x"))
inner.initializer.append(constant)
write("nested", helper.make_model(inner, opset_imports=[helper.make_opsetid("", 21)], ir_version=8))
