//===- Winograd.cpp - Shape rules and matrices of Winograd's convolutions ------------------------===//

#include "tenon/Dialect/Tenon/IR/Winograd.h"

#include "ShapeRule.h"

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Matrices
//===----------------------------------------------------------------------------------------===//

static constexpr double input2[] = {1, 0,  -1, 0, //
                                    0, 1,  1,  0, //
                                    0, -1, 1,  0, //
                                    0, 1,  0,  -1};
static constexpr double filter2[] = {1,   0,    0,   //
                                     0.5, 0.5,  0.5, //
                                     0.5, -0.5, 0.5, //
                                     0,   0,    1};
static constexpr double output2[] = {1, 1, 1,  0, //
                                     0, 1, -1, -1};

static constexpr double input4[] = {1, -1.5, -2,   1.5,  1,   0, //
                                    0, 1,    -2.5, 0.5,  1,   0, //
                                    0, -1,   0.5,  2.5,  1,   0, //
                                    0, -2,   -1,   2,    1,   0, //
                                    0, 0.5,  -1,   -0.5, 1,   0, //
                                    0, 1,    -1.5, -2,   1.5, 1};
static constexpr double filter4[] = {1,         0,        0,        //
                                     -1. / 3,   1. / 3,   -1. / 3,  //
                                     1. / 3,    1. / 3,   1. / 3,   //
                                     -16. / 15, -8. / 15, -4. / 15, //
                                     1. / 15,   -2. / 15, 4. / 15,  //
                                     0,         0,        1};
static constexpr double output4[] = {1, 1,  1, 1,     1,  0, //
                                     0, -1, 1, 0.5,   -2, 0, //
                                     0, 1,  1, 0.25,  4,  0, //
                                     0, -1, 1, 0.125, -8, 1};

bool tenon::isWinogradTile(int64_t tile) { return tile == 2 || tile == 4; }

WinogradMatrices tenon::getWinogradMatrices(int64_t tile) {
  assert(isWinogradTile(tile) && "no matrices for this tile");
  return tile == 2 ? WinogradMatrices{2, 4, input2, filter2, output2}
                   : WinogradMatrices{4, 6, input4, filter4, output4};
}

//===----------------------------------------------------------------------------------------===//
// Shape rules
//===----------------------------------------------------------------------------------------===//

static LogicalResult checkTile(const RuleError &error, int64_t tile) {
  if (isWinogradTile(tile))
    return success();
  return error("expects tile 2 or 4, but got ", tile);
}

InferredTypes WinogradInputOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput());
  SymbolicSizes sizes(type.getContext());
  Sizes input = sizes.of(type);
  if (input.size() != 4) // winograd_input_c1
    return error("expects input rank 4, but got ", input.size());
  int64_t tile = op.getTile();
  if (failed(checkTile(error, tile))) // winograd_input_c2
    return failure();
  SmallVector<int64_t> ones(2, 1);
  Window window{ones, ones, op.getPads()};
  if (failed(window.check(error, 2))) // winograd_input_c3
    return failure();
  AffineExpr points = sizes.constant(tile + 2);
  Sizes result{input[0]};
  for (int64_t i = 0; i < 2; ++i) {
    FailureOr<AffineExpr> places = window.places(error, i, input[i + 1], sizes.constant(3));
    if (failed(places)) // winograd_input_c4
      return failure();
    result.push_back(*places ? places->ceilDiv(tile) : AffineExpr());
  }
  result.append({points, points, input[3]});
  return SmallVector<Type>{sizes.tensor(result, type.getElementType())};
}

InferredTypes WinogradOutputOp::infer(std::optional<Location> loc, Adaptor op) {
  RuleError error(loc, getOperationName());
  RankedTensorType type = tensorType(op.getInput());
  SymbolicSizes sizes(type.getContext());
  Sizes input = sizes.of(type);
  if (input.size() != 6) // winograd_output_c1
    return error("expects input rank 6, but got ", input.size());
  int64_t tile = op.getTile();
  if (failed(checkTile(error, tile))) // winograd_output_c2
    return failure();
  AffineExpr points = sizes.constant(tile + 2);
  for (AffineExpr size : {input[3], input[4]})
    if (!SymbolicSizes::mayEqual(size, points)) // winograd_output_c2
      return error("expects ", tile + 2, " points in both directions for tile ", tile, ", but got ", type);
  int64_t extents[] = {op.getHeight(), op.getWidth()};
  for (int64_t i = 0; i < 2; ++i) {
    int64_t tiles = llvm::divideCeilSigned(extents[i], tile);
    if (extents[i] <= 0 ||
        !SymbolicSizes::mayEqual(input[i + 1], sizes.constant(tiles))) // winograd_output_c3
      return error("expects a height and width that take the input's tiles, but got ", extents[0], " and ",
                   extents[1], " for ", type);
  }
  return SmallVector<Type>{sizes.tensor(
      {input[0], sizes.constant(extents[0]), sizes.constant(extents[1]), input[5]}, type.getElementType())};
}
