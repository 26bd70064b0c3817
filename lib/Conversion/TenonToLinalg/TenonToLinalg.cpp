//===- TenonToLinalg.cpp - The tenon ops inside kernels become structured ops ------------------===//
//
// In: a module of kernels of tenon ops. Out: the same kernels of linalg.generic, linalg.fill, tensor.empty
// and tensor.pad, and element types without signedness or bool everywhere. It stands at the start of the
// kernel phase: everything after it schedules and emits structured ops without knowing an op's name.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Conversion/Passes.h"

#include "Patterns.h"
#include "Scalar.h"
#include "SplitDimensions.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/DialectConversion.h"

namespace tenon {
#define GEN_PASS_DEF_CONVERTTENONTOLINALG
#include "tenon/Conversion/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Types and constants in storage form
//===----------------------------------------------------------------------------------------===//

/// The elements under their storage type; bytes are shared, except that bools kept as bits become bytes.
static ElementsAttr convertElements(ElementsAttr elements) {
  auto type = cast<RankedTensorType>(elements.getShapedType());
  Type stored = getStorageType(type.getElementType());
  if (stored == type.getElementType())
    return elements;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements))
    return DenseResourceElementsAttr::get(type.clone(stored), resource.getRawHandle());
  auto dense = cast<DenseElementsAttr>(elements);
  if (!type.getElementType().isInteger(1))
    return dense.bitcast(stored);
  return cast<DenseIntElementsAttr>(dense).mapValues(stored, [](const APInt &bit) { return bit.zext(8); });
}

namespace {

/// Maps element types to their storage; everything else stays.
struct StorageConverter : TypeConverter {
  StorageConverter() {
    addConversion([](Type type) { return type; });
    addConversion([](RankedTensorType type) { return type.clone(getStorageType(type.getElementType())); });
    // Only around ops that keep their types: a cast there means the same bytes.
    auto cast = [](OpBuilder &builder, Type type, ValueRange values, Location loc) -> Value {
      return UnrealizedConversionCastOp::create(builder, loc, type, values).getResult(0);
    };
    addSourceMaterialization(cast);
    addTargetMaterialization(cast);
  }
};

//===----------------------------------------------------------------------------------------===//
// The frame around the ops: functions, kernels, constants
//===----------------------------------------------------------------------------------------===//

/// Rebuilds an op whose meaning doesn't depend on signedness with converted types. It comes before the
/// patterns of single ops: those make structured ops, and outside of kernels there are none.
struct RetypeLowering : ConversionPattern {
  RetypeLowering(const TypeConverter &converter, MLIRContext *context)
      : ConversionPattern(converter, MatchAnyOpTypeTag(), /*benefit=*/2, context) {}

  LogicalResult matchAndRewrite(Operation *op, ArrayRef<Value> operands,
                                ConversionPatternRewriter &rewriter) const override {
    bool inKernel = op->getParentOfType<KernelOp>();
    if (inKernel && isa<TenonDialect>(op->getDialect()) && !isa<YieldOp>(op))
      return rewriter.notifyMatchFailure(op, "has a structured form, or none");
    if (isa<func::FuncOp, ConstantOp>(op))
      return rewriter.notifyMatchFailure(op, "has a pattern of its own");
    SmallVector<Type> types;
    if (failed(typeConverter->convertTypes(op->getResultTypes(), types)))
      return failure();
    OperationState state(op->getLoc(), op->getName(), operands, types, op->getAttrs(), op->getSuccessors());
    for (Region &region : op->getRegions()) {
      Region *converted = state.addRegion();
      rewriter.inlineRegionBefore(region, *converted, converted->end());
      if (failed(rewriter.convertRegionTypes(converted, *typeConverter)))
        return failure();
    }
    rewriter.replaceOp(op, rewriter.create(state)->getResults());
    return success();
  }
};

/// Converts the signature, and remembers the element types that changed: callers bind their data by them.
struct FunctionLowering : OpConversionPattern<func::FuncOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(func::FuncOp func, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    SmallVector<Type> inputs, results;
    if (failed(typeConverter->convertTypes(func.getArgumentTypes(), inputs)) ||
        failed(typeConverter->convertTypes(func.getResultTypes(), results)))
      return failure();
    auto changed = [](Type from, Type to) {
      return from == to ? TypeAttr() : TypeAttr::get(cast<RankedTensorType>(from).getElementType());
    };
    rewriter.modifyOpInPlace(func, [&] {
      for (auto [i, type] : llvm::enumerate(inputs))
        if (TypeAttr element = changed(func.getArgumentTypes()[i], type))
          func.setArgAttr(i, "tenon.element_type", element);
      for (auto [i, type] : llvm::enumerate(results))
        if (TypeAttr element = changed(func.getResultTypes()[i], type))
          func.setResultAttr(i, "tenon.element_type", element);
      func.setFunctionType(FunctionType::get(getContext(), inputs, results));
    });
    if (func.isExternal())
      return success();
    return rewriter.convertRegionTypes(&func.getBody(), *typeConverter);
  }
};

/// Outside of kernels a constant keeps its form; inside it is a filled tensor, or a constant of small size.
struct ConstantLowering : OpConversionPattern<ConstantOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(ConstantOp op, OpAdaptor,
                                ConversionPatternRewriter &rewriter) const override {
    ElementsAttr elements = convertElements(op.getValue());
    if (!op->getParentOfType<KernelOp>()) {
      rewriter.replaceOpWithNewOp<ConstantOp>(op, elements.getType(), elements);
      return success();
    }
    auto type = cast<RankedTensorType>(elements.getType());
    if (!elements.isSplat()) {
      rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, elements);
      return success();
    }
    Value scalar = arith::ConstantOp::create(rewriter, op.getLoc(), elements.getSplatValue<TypedAttr>());
    Value empty = tensor::EmptyOp::create(rewriter, op.getLoc(), type, ValueRange());
    rewriter.replaceOpWithNewOp<linalg::FillOp>(op, scalar, empty);
    return success();
  }
};

//===----------------------------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------------------------===//

class ConvertTenonToLinalg : public tenon::impl::ConvertTenonToLinalgBase<ConvertTenonToLinalg> {
public:
  void runOnOperation() override;

private:
  void setLegality(ConversionTarget &target, const TypeConverter &converter);
};

} // namespace

void ConvertTenonToLinalg::setLegality(ConversionTarget &target, const TypeConverter &converter) {
  target.addLegalDialect<affine::AffineDialect, arith::ArithDialect, linalg::LinalgDialect, math::MathDialect,
                         tensor::TensorDialect>();
  target.addLegalOp<ModuleOp, UnrealizedConversionCastOp>();
  auto hasStorageTypes = [&](Operation *op) {
    return converter.isLegal(op) &&
           llvm::all_of(op->getRegions(), [&](Region &region) { return converter.isLegal(&region); });
  };
  target.addDynamicallyLegalOp<func::FuncOp>([&](func::FuncOp func) {
    return converter.isSignatureLegal(func.getFunctionType()) && converter.isLegal(&func.getBody());
  });
  target.addDynamicallyLegalDialect<TenonDialect>([&](Operation *op) {
    if (op->hasTrait<trait::Unstructured>())
      return true;
    if (auto yield = dyn_cast<YieldOp>(op); yield && yield->getParentOp()->hasTrait<trait::Unstructured>())
      return true;
    bool inKernel = op->getParentOfType<KernelOp>();
    return (!inKernel || isa<YieldOp>(op)) && hasStorageTypes(op);
  });
  // A branch or loop inside a kernel is lowered together with its regions.
  auto insideKernel = [](Operation *op) { return op->getParentOfType<KernelOp>() != nullptr; };
  target.addLegalOp<IfOp, LoopOp, ScanOp>();
  target.markOpRecursivelyLegal<IfOp, LoopOp, ScanOp>(insideKernel);
  target.markUnknownOpDynamicallyLegal(hasStorageTypes);
}

/// Removes what no one uses any more, such as constants that moved into bodies.
static void eraseDeadOps(Block &block) {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block))) {
    if (isOpTriviallyDead(&op)) {
      op.erase();
      continue;
    }
    for (Region &region : op.getRegions())
      for (Block &nested : region)
        eraseDeadOps(nested);
  }
}

void ConvertTenonToLinalg::runOnOperation() {
  StorageConverter converter;
  ConversionTarget target(getContext());
  setLegality(target, converter);
  RewritePatternSet patterns(&getContext());
  patterns.add<RetypeLowering>(converter, &getContext());
  patterns.add<ConstantLowering, FunctionLowering>(converter, &getContext());
  populateAttentionPatterns(converter, patterns);
  populateContractionPatterns(converter, patterns);
  populateElementwisePatterns(converter, patterns);
  populateIndexingPatterns(converter, patterns);
  populateNormalizationPatterns(converter, patterns);
  populatePoolingPatterns(converter, patterns);
  populateQuantPatterns(converter, patterns);
  populateReductionPatterns(converter, patterns);
  populateResizePatterns(converter, patterns);
  populateShapePatterns(converter, patterns);
  populateWinogradPatterns(converter, patterns);
  if (failed(applyPartialConversion(getOperation(), target, std::move(patterns))))
    return signalPassFailure();
  WalkResult sunk = getOperation().walk([](KernelOp kernel) {
    eraseDeadOps(kernel.getBody().front());
    if (failed(sinkCollapses(kernel)))
      return WalkResult::interrupt();
    eraseDeadOps(kernel.getBody().front());
    return WalkResult::advance();
  });
  if (sunk.wasInterrupted())
    signalPassFailure();
}
