//===- PaddedInputs.cpp - What a padded input makes of the tiles of a window -------------------------===//
//
// A padded input is copied a band at a time, or its border has tiles of their own; either way nothing is
// computed where a window reads padding alone.
//
//===----------------------------------------------------------------------------------------===//

#include "PaddedInputs.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace tenon;

SmallVector<PaddedBand> tenon::choosePaddedBands(const KernelShape &shape, unsigned main,
                                                 const LoopNest &nest, const RegisterTile &tile) {
  StructuredKernel &kernel = shape.kernel;
  const StructuredOp &op = kernel.getOp(main);
  for (auto [number, input] : llvm::enumerate(op.inputs)) {
    std::optional<unsigned> producer = kernel.numberOf(input.tensor);
    auto pad = producer ? dyn_cast<tensor::PadOp>(kernel.getOp(*producer).op) : tensor::PadOp();
    if (!pad)
      continue;
    const LoopNest::Operand &operand = nest.inputs[number];
    PaddedBand around;
    around.op = *producer;
    SmallVector<unsigned> guardedLoops; // rows first
    SmallVector<int64_t, 8> extents = nest.extents;
    for (auto [dim, coefficients] : llvm::enumerate(operand.coefficients)) {
      bool guarded = pad.getStaticLow()[dim] != 0 || pad.getStaticHigh()[dim] != 0;
      for (unsigned loop = 0; loop < nest.size(); ++loop) {
        if (coefficients[loop] == 0 || nest.reduction[loop])
          continue;
        if (guarded) {
          guardedLoops.push_back(loop);
          continue;
        }
        extents[loop] = std::min(nest.extents[loop], tile.extents[loop]);
        around.loops.push_back({loop, extents[loop]});
      }
    }
    if (guardedLoops.empty())
      return {};
    unsigned row = guardedLoops.front();
    // As many rows as stay well inside the second-level cache, in whole tiles.
    int64_t step = tile.extents[row], extent = nest.extents[row];
    int64_t most = op.staticExtent(row) ? extent : 4 * step;
    if (shape.machine.cores > 1 && extent >= 4 * int64_t(shape.machine.cores))
      most = std::min<int64_t>(most, llvm::divideCeil(extent, 2 * shape.machine.cores));

    SmallVector<PaddedBand> bands;
    auto add = [&](int64_t columnTiles, double budget) { // 0: all of them
      PaddedBand band = around;
      bool narrower = columnTiles == 0;
      for (unsigned loop : ArrayRef(guardedLoops).drop_front()) {
        bool isOpen = !op.staticExtent(loop);
        if (isOpen && columnTiles == 0)
          return; // as much memory as the caller likes
        int64_t columns = columnTiles * tile.extents[loop];
        narrower |= isOpen || columns < nest.extents[loop];
        extents[loop] = columnTiles == 0 ? nest.extents[loop] : std::min(columns, nest.extents[loop]);
      }
      if (!narrower)
        return;
      int64_t rowStep = step;
      for (int64_t rows = step; rows < most + step; rows += step) {
        extents[row] = rows;
        double bytes = operand.footprint(extents, shape.machine.cacheLineBytes);
        if (bytes > budget && rows > step)
          break;
        rowStep = rows;
        band.bytes = bytes;
      }
      // The least band under this tile may still be too much to keep.
      if (band.bytes > std::max<double>(budget, shape.machine.l2Bytes / 2) ||
          band.bytes > shape.machine.maxScratchBytes)
        return;
      band.loops.push_back({row, rowStep});
      for (unsigned loop : ArrayRef(guardedLoops).drop_front())
        if (columnTiles != 0)
          band.loops.push_back({loop, extents[loop]});
      bool known = llvm::any_of(bands, [&](const PaddedBand &other) { return other.loops == band.loops; });
      if (!known)
        bands.push_back(std::move(band));
    };
    for (int64_t columnTiles : {0, 4, 1})
      add(columnTiles, shape.machine.l2Bytes / 4);
    add(0, shape.machine.l1Bytes / 2);
    // Weights are then read less often; in blocks of the window, little of a large band is used at a time.
    for (int64_t budget : {shape.machine.l2Bytes / 2, shape.machine.maxScratchBytes})
      add(0, budget);
    return bands;
  }
  return {};
}

bool tenon::hasFewBorderTiles(const KernelShape &shape, const StructuredOp &op, const LoopNest &nest,
                              const RegisterTile &tile) {
  int64_t copies = 1;
  for (auto [input, operand] : llvm::zip_equal(op.inputs, nest.inputs)) {
    std::optional<unsigned> producer = shape.kernel.numberOf(input.tensor);
    auto pad = producer ? dyn_cast<tensor::PadOp>(shape.kernel.getOp(*producer).op) : tensor::PadOp();
    if (!pad)
      continue;
    for (auto [dim, coefficients] : llvm::enumerate(operand.coefficients))
      for (unsigned loop = 0; loop < nest.size(); ++loop) {
        if (nest.reduction[loop])
          continue;
        int64_t step = coefficients[loop] * tile.extents[loop];
        int64_t low = pad.getStaticLow()[dim], high = pad.getStaticHigh()[dim];
        if (step == 0 || (low == 0 && high == 0))
          continue;
        int64_t atBorder = llvm::divideCeil(low, step) + llvm::divideCeil(high, step);
        if (step < 0 || atBorder > 4 || !op.staticExtent(loop) || loop == tile.vectorLoop)
          return false;
        copies *= 1 + 2 * atBorder; // in blocks, those with a border are apart too
      }
  }
  return copies * tile.multiplyAdds(shape.lanes) <= 4000;
}

double tenon::shareInside(const StructuredOp &op, const LoopNest &nest, const RegisterTile &tile,
                          bool bordersApart) {
  double share = 1;
  for (auto [input, operand] : llvm::zip_equal(op.inputs, nest.inputs)) {
    auto pad = input.tensor.getDefiningOp<tensor::PadOp>();
    if (!pad)
      continue;
    for (auto [dim, coefficients] : llvm::enumerate(operand.coefficients)) {
      int64_t low = pad.getStaticLow()[dim], size = pad.getSourceType().getDimSize(dim);
      std::optional<unsigned> position, tap;
      bool isWindow = !ShapedType::isDynamic(size);
      for (unsigned loop = 0; loop < nest.size(); ++loop) {
        if (coefficients[loop] == 0)
          continue;
        std::optional<unsigned> &role = nest.reduction[loop] ? tap : position;
        isWindow &= !role && coefficients[loop] > 0 && op.staticExtent(loop).has_value();
        role = loop;
      }
      if (!isWindow || !position || !tap)
        continue;
      // A tile reads the tap unless it is padding for all of its positions; known borders decide for each
      // position.
      bool isUnrolled = tile.extents[*tap] > 1;
      if (isUnrolled && !bordersApart)
        continue;
      int64_t together = isUnrolled ? 1 : tile.extents[*position], inside = 0;
      for (int64_t start = 0; start < nest.extents[*position]; start += together) {
        int64_t count = std::min(together, nest.extents[*position] - start);
        for (int64_t t = 0; t < nest.extents[*tap]; ++t) {
          int64_t first = coefficients[*position] * start + coefficients[*tap] * t;
          bool isNeeded = first + coefficients[*position] * (count - 1) >= low && first < low + size;
          inside += isNeeded ? count : 0;
        }
      }
      share *= double(inside) / double(nest.extents[*position] * nest.extents[*tap]);
    }
  }
  return share;
}
