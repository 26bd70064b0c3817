"""What can be measured: one module per system, each set the way its documentation says is fastest."""

from .iree import Iree
from .onnxruntime import OnnxRuntime
from .openblas import OpenBlas
from .openvino import OpenVino
from .tenon import Tenon
from .torch import Torch
from .tvm import Tvm
from .xla import Xla

PEERS = {peer.name: peer for peer in (OnnxRuntime, OpenVino, OpenBlas, Torch, Xla, Iree, Tvm, Tenon)}
