//===- Winograd.cpp - The transforms of Winograd's convolutions ----------------------------------===//

#include "Invocation.h"
#include "Rows.h"

#include "tenon/Dialect/Tenon/IR/Winograd.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

/// `matrix block matrix'` of a square `block` of `size` rows, each element a row of `channels` values;
/// `matrix` has `rows` rows.
static std::vector<double> transformBlock(ArrayRef<double> matrix, int64_t rows, int64_t size,
                                          ArrayRef<double> block, int64_t channels) {
  std::vector<double> half(rows * size * channels, 0), whole(rows * rows * channels, 0);
  auto add = [&](double factor, const double *from, double *to) {
    for (int64_t c = 0; c < channels; ++c)
      to[c] += factor * from[c];
  };
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t y = 0; y < size; ++y)
      for (int64_t x = 0; x < size; ++x)
        add(matrix[i * size + y], &block[(y * size + x) * channels], &half[(i * size + x) * channels]);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < rows; ++j)
      for (int64_t x = 0; x < size; ++x)
        add(matrix[j * size + x], &half[(i * size + x) * channels], &whole[(i * rows + j) * channels]);
  return whole;
}

static Results evaluate(WinogradInputOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  HostTensor result = call.makeResult();
  WinogradMatrices matrices = getWinogradMatrices(op.getTile());
  int64_t points = matrices.points, channels = input.getDim(3), height = input.getDim(1),
          width = input.getDim(2);
  std::vector<double> from = readAll<double>(input), to(result.getNumElements());
  std::vector<double> block(points * points * channels);
  int64_t tiles[] = {result.getDim(1), result.getDim(2)};
  for (int64_t at = 0; at < result.getDim(0) * tiles[0] * tiles[1]; ++at) {
    int64_t sample = at / (tiles[0] * tiles[1]);
    int64_t top = at / tiles[1] % tiles[0] * matrices.tile - op.getPads()[0];
    int64_t left = at % tiles[1] * matrices.tile - op.getPads()[1];
    for (int64_t i = 0; i < points * points; ++i) {
      int64_t y = top + i / points, x = left + i % points;
      bool inside = y >= 0 && y < height && x >= 0 && x < width;
      for (int64_t c = 0; c < channels; ++c)
        block[i * channels + c] = inside ? from[((sample * height + y) * width + x) * channels + c] : 0;
    }
    llvm::copy(transformBlock(matrices.input, points, points, block, channels),
               to.begin() + at * points * points * channels);
  }
  writeAll<double>(to, result);
  return Tensors{result};
}

static Results evaluate(WinogradOutputOp op, Invocation &call) {
  const HostTensor &input = call.operands[0];
  HostTensor result = call.makeResult();
  WinogradMatrices matrices = getWinogradMatrices(op.getTile());
  int64_t tile = matrices.tile, size = matrices.points * matrices.points * input.getDim(5),
          channels = input.getDim(5), height = result.getDim(1), width = result.getDim(2);
  std::vector<double> from = readAll<double>(input), to(result.getNumElements());
  int64_t tiles[] = {input.getDim(1), input.getDim(2)};
  for (int64_t at = 0; at < input.getDim(0) * tiles[0] * tiles[1]; ++at) {
    std::vector<double> block = transformBlock(matrices.output, tile, matrices.points,
                                               ArrayRef(from).slice(at * size, size), channels);
    int64_t sample = at / (tiles[0] * tiles[1]);
    for (int64_t i = 0; i < tile * tile; ++i) {
      int64_t y = at / tiles[1] % tiles[0] * tile + i / tile, x = at % tiles[1] * tile + i % tile;
      if (y < height && x < width)
        std::copy_n(&block[i * channels], channels, &to[((sample * height + y) * width + x) * channels]);
    }
  }
  writeAll<double>(to, result);
  return Tensors{result};
}

void reference::addWinograd(OpTable &table) {
  table.add<WinogradInputOp>([](WinogradInputOp op, Invocation &call) { return evaluate(op, call); });
  table.add<WinogradOutputOp>([](WinogradOutputOp op, Invocation &call) { return evaluate(op, call); });
}
