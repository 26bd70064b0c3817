//===- Quant.cpp - Evaluates the ops between real numbers and their quantized forms --------------------===//

#include "Invocation.h"
#include "Rows.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

namespace {
/// Which element of the scale (and zero point) belongs to an element of the input.
struct Parameters {
  /// Elements of the input below `axis`, its size, and the sizes of a block and of the scale along it.
  int64_t inner = 1, size = 1, block = 1, blocks = 1;
  /// Whether elements below the axis have parameters of their own.
  bool perElement = false;

  Parameters(ArrayRef<int64_t> input, ArrayRef<int64_t> scale, int64_t axis, int64_t blockSize) {
    if (llvm::product_of(scale) == 1 && blockSize == 0)
      return;
    inner = llvm::product_of(input.drop_front(axis + 1));
    size = input[axis];
    perElement = blockSize > 0;
    block = perElement ? blockSize : 1;
    blocks = perElement ? scale[axis] : size;
  }
  int64_t find(int64_t element) const {
    int64_t outer = element / (inner * size), at = element / inner % size / block;
    if (perElement)
      return (outer * blocks + at) * inner + element % inner;
    return at;
  }
};
} // namespace

template <typename Op>
static FailureOr<Parameters> getParameters(Op op, Invocation &call) {
  const HostTensor &input = call.operands[0], &scale = call.operands[1];
  int64_t axis = op.getAxis();
  if (scale.getNumElements() != 1 && axis >= input.getRank())
    return call.emitError() << "expects an axis of a tensor of rank " << input.getRank() << ", but got "
                            << axis;
  return Parameters(input.getShape(), scale.getShape(), axis, op.getBlockSize());
}

static Results evaluate(QuantizeLinearOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  HostTensor result = call.makeResult(), zeroPoint = call[op.getZeroPoint()];
  FailureOr<Parameters> parameters = getParameters(op, call);
  if (failed(parameters))
    return failure();
  std::vector<double> elements = readAll<double>(input), scales = readAll<double>(call.operands[1]),
                      zeros(1, 0);
  if (zeroPoint)
    zeros = readAll<double>(zeroPoint);
  double lowest = 0, highest = 0;
  dispatchArithmetic(result.getElementType(), [&](auto tag) {
    using Wide = typename decltype(tag)::type;
    lowest = static_cast<double>(getLimit<Wide>(result.getElementType(), /*highest=*/false));
    highest = static_cast<double>(getLimit<Wide>(result.getElementType(), /*highest=*/true));
  });
  // The quotient is rounded to f32 before it is rounded to an integer, or to f64 for that: a tie must be one
  // for all.
  bool isDouble = input.getElementType().isF64() || call.operands[1].getElementType().isF64();
  for (size_t i = 0; i < elements.size(); ++i) {
    int64_t at = parameters->find(i);
    double quotient = elements[i] / scales[at];
    double rounded = std::nearbyint(isDouble ? quotient : static_cast<double>(static_cast<float>(quotient)));
    double shifted = rounded + zeros[zeroPoint ? at : 0];
    elements[i] = shifted != shifted ? 0 : std::min(highest, std::max(lowest, shifted));
  }
  writeAll<double>(elements, result);
  return Tensors{result};
}

static Results evaluate(DequantizeLinearOp op, Invocation &call) {
  HostTensor result = call.makeResult(), zeroPoint = call[op.getZeroPoint()];
  FailureOr<Parameters> parameters = getParameters(op, call);
  if (failed(parameters))
    return failure();
  std::vector<double> elements = readAll<double>(call.operands[0]),
                      scales = readAll<double>(call.operands[1]), zeros;
  if (zeroPoint)
    zeros = readAll<double>(zeroPoint);
  for (size_t i = 0; i < elements.size(); ++i) {
    int64_t at = parameters->find(i);
    elements[i] = (elements[i] - (zeroPoint ? zeros[at] : 0)) * scales[at];
  }
  writeAll<double>(elements, result);
  return Tensors{result};
}

void reference::addQuant(OpTable &table) {
  table.add<QuantizeLinearOp>([](QuantizeLinearOp op, Invocation &call) { return evaluate(op, call); });
  table.add<DequantizeLinearOp>([](DequantizeLinearOp op, Invocation &call) { return evaluate(op, call); });
}
