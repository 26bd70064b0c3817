//===- LegalizeVectors.cpp - Expands vector memory accesses the machine has no instructions for -===//
//
// LLVM takes a masked access apart lane by lane, each behind a test of a mask held in a vector. Codegen's
// masks are nearly always a run of leading lanes, which is cheaper to say in plain accesses. Narrow floats
// and missing multiply-adds are the business of NarrowFloat.cpp.
//
//===----------------------------------------------------------------------------------------===//

#include "NarrowFloat.h"

#include "tenon/Target/Passes.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace tenon {
#define GEN_PASS_DEF_LEGALIZEVECTORSPASS
#include "tenon/Target/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

namespace {
/// What is known of the mask of a masked access.
struct Mask {
  Value value;
  /// Lane by lane, if the mask is a constant.
  std::optional<SmallVector<bool>> lanes;
  /// How many leading lanes are on, if that is a run-time value.
  Value count;

  /// How many leading lanes are on if the others are off and all is constant.
  std::optional<int64_t> leadingLanes() const {
    if (!lanes)
      return std::nullopt;
    int64_t count = llvm::find(*lanes, false) - lanes->begin();
    if (llvm::any_of(ArrayRef<bool>(*lanes).drop_front(count), [](bool on) { return on; }))
      return std::nullopt;
    return count;
  }
};

/// One masked access, as the loads or stores that replace it see it.
struct Access {
  OpBuilder &builder;
  Location loc;
  Value base;
  SmallVector<Value> indices;

  /// The indices of the element `offset` after the first.
  SmallVector<Value> at(int64_t offset) {
    SmallVector<Value> result = indices;
    if (offset != 0)
      result.back() = arith::AddIOp::create(builder, loc, result.back(),
                                            arith::ConstantIndexOp::create(builder, loc, offset));
    return result;
  }
  Value loadElement(int64_t lane) { return memref::LoadOp::create(builder, loc, base, at(lane)); }
  void storeElement(Value vector, int64_t lane) {
    Value element = vector::ExtractOp::create(builder, loc, vector, lane);
    memref::StoreOp::create(builder, loc, element, base, at(lane));
  }
  Value insertElement(Value vector, int64_t lane) {
    return vector::InsertOp::create(builder, loc, loadElement(lane), vector, lane);
  }
};
} // namespace

static Mask analyze(TypedValue<VectorType> value) {
  Mask mask{value, std::nullopt, nullptr};
  int64_t numLanes = value.getType().getNumElements();
  if (auto constant = value.getDefiningOp<vector::ConstantMaskOp>()) {
    int64_t count = constant.getMaskDimSizes()[0];
    mask.lanes.emplace(numLanes, false);
    std::fill_n(mask.lanes->begin(), count, true);
  } else if (auto create = value.getDefiningOp<vector::CreateMaskOp>()) {
    mask.count = create.getOperands()[0];
    if (std::optional<int64_t> count = getConstantIntValue(mask.count)) {
      mask.lanes.emplace(numLanes, false);
      std::fill_n(mask.lanes->begin(), std::clamp<int64_t>(*count, 0, numLanes), true);
    }
  } else {
    DenseElementsAttr elements;
    if (matchPattern(value, m_Constant(&elements)))
      mask.lanes = llvm::to_vector(elements.getValues<bool>());
  }
  return mask;
}

/// Calls `piece(offset, size)` for pieces of powers of two, largest first, that cover `count` elements.
static void forEachPiece(int64_t count, function_ref<void(int64_t offset, int64_t size)> piece) {
  for (int64_t offset = 0; offset < count;) {
    int64_t size = int64_t(llvm::bit_floor(uint64_t(count - offset)));
    piece(offset, size);
    offset += size;
  }
}

/// Whether the lane is on, as an i1.
static Value testLane(OpBuilder &builder, Location loc, const Mask &mask, int64_t lane) {
  if (!mask.count)
    return vector::ExtractOp::create(builder, loc, mask.value, lane);
  Value index = arith::ConstantIndexOp::create(builder, loc, lane);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sgt, mask.count, index);
}

/// Whether all lanes are on, as an i1; the mask has a count.
static Value testAll(OpBuilder &builder, Location loc, const Mask &mask, int64_t numLanes) {
  Value all = arith::ConstantIndexOp::create(builder, loc, numLanes);
  return arith::CmpIOp::create(builder, loc, arith::CmpIPredicate::sge, mask.count, all);
}

/// `then()` if `condition`, else `otherwise()`, both of `type`.
static Value select(OpBuilder &builder, Location loc, Type type, Value condition, function_ref<Value()> then,
                    function_ref<Value()> otherwise) {
  auto branch = scf::IfOp::create(builder, loc, type, condition, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(builder, loc, then());
  builder.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(builder, loc, otherwise());
  return branch.getResult(0);
}

namespace {
struct ExpandMaskedLoad : OpRewritePattern<vector::MaskedLoadOp> {
  ExpandMaskedLoad(MLIRContext *context, unsigned elementBits)
      : OpRewritePattern(context), elementBits(elementBits) {}

  LogicalResult matchAndRewrite(vector::MaskedLoadOp op, PatternRewriter &rewriter) const override {
    VectorType type = op.getVectorType();
    if (type.getElementTypeBitWidth() >= elementBits || type.getRank() != 1 || type.isScalable())
      return failure();
    Access access{rewriter, op.getLoc(), op.getBase(), llvm::to_vector(op.getIndices())};
    rewriter.replaceOp(op, expand(access, type, analyze(op.getMask()), op.getPassThru()));
    return success();
  }

private:
  static Value expand(Access &access, VectorType type, const Mask &mask, Value passThrough) {
    if (std::optional<int64_t> count = mask.leadingLanes())
      return loadPieces(access, type, *count, passThrough);
    OpBuilder &builder = access.builder;
    Location loc = access.loc;
    auto byLane = [&]() -> Value {
      Value result = passThrough;
      for (int64_t lane = 0; lane < type.getNumElements(); ++lane) {
        if (!mask.lanes)
          result = select(
              builder, loc, type, testLane(builder, loc, mask, lane),
              [&] { return access.insertElement(result, lane); }, [&] { return result; });
        else if ((*mask.lanes)[lane])
          result = access.insertElement(result, lane);
      }
      return result;
    };
    if (!mask.count)
      return byLane();
    return select(
        builder, loc, type, testAll(builder, loc, mask, type.getNumElements()),
        [&]() -> Value { return vector::LoadOp::create(builder, loc, type, access.base, access.indices); },
        byLane);
  }

  static Value loadPieces(Access &access, VectorType type, int64_t count, Value passThrough) {
    OpBuilder &builder = access.builder;
    if (count == type.getNumElements())
      return vector::LoadOp::create(builder, access.loc, type, access.base, access.indices);
    Value result = passThrough;
    forEachPiece(count, [&](int64_t offset, int64_t size) {
      if (size == 1) {
        result = access.insertElement(result, offset);
        return;
      }
      VectorType pieceType = VectorType::get({size}, type.getElementType());
      Value piece = vector::LoadOp::create(builder, access.loc, pieceType, access.base, access.at(offset));
      result = vector::InsertStridedSliceOp::create(builder, access.loc, piece, result, offset, 1);
    });
    return result;
  }

  unsigned elementBits;
};

struct ExpandMaskedStore : OpRewritePattern<vector::MaskedStoreOp> {
  ExpandMaskedStore(MLIRContext *context, unsigned elementBits, bool isSlow)
      : OpRewritePattern(context), elementBits(elementBits), isSlow(isSlow) {}

  LogicalResult matchAndRewrite(vector::MaskedStoreOp op, PatternRewriter &rewriter) const override {
    VectorType type = op.getVectorType();
    if (type.getRank() != 1 || type.isScalable())
      return failure();
    Mask mask = analyze(op.getMask());
    bool hasInstruction = type.getElementTypeBitWidth() >= elementBits;
    if (hasInstruction && !(isSlow && mask.leadingLanes()))
      return failure();
    Access access{rewriter, op.getLoc(), op.getBase(), llvm::to_vector(op.getIndices())};
    expand(access, type, mask, op.getValueToStore());
    rewriter.eraseOp(op);
    return success();
  }

private:
  static void expand(Access &access, VectorType type, const Mask &mask, Value value) {
    if (std::optional<int64_t> count = mask.leadingLanes())
      return storePieces(access, type, *count, value);
    OpBuilder &builder = access.builder;
    Location loc = access.loc;
    OpBuilder::InsertionGuard guard(builder);
    if (mask.count) {
      auto branch = scf::IfOp::create(builder, loc, testAll(builder, loc, mask, type.getNumElements()),
                                      /*withElseRegion=*/true);
      builder.setInsertionPointToStart(branch.thenBlock());
      vector::StoreOp::create(builder, loc, value, access.base, access.indices);
      builder.setInsertionPointToStart(branch.elseBlock());
    }
    for (int64_t lane = 0; lane < type.getNumElements(); ++lane) {
      if (mask.lanes) {
        if ((*mask.lanes)[lane])
          access.storeElement(value, lane);
        continue;
      }
      auto branch = scf::IfOp::create(builder, loc, testLane(builder, loc, mask, lane));
      OpBuilder::InsertionGuard laneGuard(builder);
      builder.setInsertionPointToStart(branch.thenBlock());
      access.storeElement(value, lane);
    }
  }

  static void storePieces(Access &access, VectorType type, int64_t count, Value value) {
    OpBuilder &builder = access.builder;
    if (count == type.getNumElements()) {
      vector::StoreOp::create(builder, access.loc, value, access.base, access.indices);
      return;
    }
    forEachPiece(count, [&](int64_t offset, int64_t size) {
      if (size == 1)
        return access.storeElement(value, offset);
      Value piece = vector::ExtractStridedSliceOp::create(builder, access.loc, value, offset, size, 1);
      vector::StoreOp::create(builder, access.loc, piece, access.base, access.at(offset));
    });
  }

  unsigned elementBits;
  bool isSlow;
};

/// A mask of leading lanes as a comparison of narrow lane numbers: those of `index` would fill several
/// registers.
struct CompareLanes : OpRewritePattern<vector::CreateMaskOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(vector::CreateMaskOp op, PatternRewriter &rewriter) const override {
    VectorType type = op.getType();
    if (type.getRank() != 1 || type.isScalable())
      return failure();
    Location loc = op.getLoc();
    int64_t numLanes = type.getNumElements();
    // Counts beyond the lanes would not fit the narrow type, nor may those below zero.
    Value count = op.getOperands()[0];
    count =
        arith::MinSIOp::create(rewriter, loc, count, arith::ConstantIndexOp::create(rewriter, loc, numLanes));
    count = arith::MaxSIOp::create(rewriter, loc, count, arith::ConstantIndexOp::create(rewriter, loc, 0));
    constexpr int64_t lanesOf512Bits = 16;
    IntegerType element = rewriter.getIntegerType(numLanes <= lanesOf512Bits ? 32 : numLanes <= 64 ? 8 : 16);
    VectorType numberType = VectorType::get({numLanes}, element);
    SmallVector<APInt> numbers;
    for (int64_t lane = 0; lane < numLanes; ++lane)
      numbers.push_back(APInt(element.getWidth(), lane));
    Value lanes = arith::ConstantOp::create(rewriter, loc, DenseElementsAttr::get(numberType, numbers));
    Value narrow = arith::IndexCastOp::create(rewriter, loc, element, count);
    Value limit = vector::BroadcastOp::create(rewriter, loc, numberType, narrow);
    rewriter.replaceOpWithNewOp<arith::CmpIOp>(op, arith::CmpIPredicate::slt, lanes, limit);
    return success();
  }
};

/// math.fma, where it would be a call, as a product and a sum.
struct SplitMultiplyAdd : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op, PatternRewriter &rewriter) const override {
    Value product = arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB(), op.getFastmath());
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC(), op.getFastmath());
    return success();
  }
};

struct LegalizeVectorsPass : tenon::impl::LegalizeVectorsPassBase<LegalizeVectorsPass> {
  using LegalizeVectorsPassBase::LegalizeVectorsPassBase;

  void runOnOperation() override {
    Operation *root = getOperation();
    MLIRContext *context = &getContext();
    if (failed(legalizeNarrowFloats(root, {f16Conversion, bf16Conversion})))
      return signalPassFailure();

    RewritePatternSet patterns(context);
    unsigned bits = maskedElementBits == 0 ? ~0u : maskedElementBits;
    patterns.add<ExpandMaskedLoad>(context, bits);
    patterns.add<ExpandMaskedStore>(context, bits, slowMaskedStores);
    if (!fusedMultiplyAdd)
      patterns.add<SplitMultiplyAdd>(context);
    walkAndApplyPatterns(root, std::move(patterns));

    // After the accesses that look at how their masks are made.
    RewritePatternSet maskPatterns(context);
    maskPatterns.add<CompareLanes>(context);
    walkAndApplyPatterns(root, std::move(maskPatterns));
  }
};
} // namespace
