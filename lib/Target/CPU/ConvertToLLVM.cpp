//===- ConvertToLLVM.cpp - Converts everything to the LLVM dialect in one step -----------------===//
//
// Last of the target phase: one dialect conversion with every pattern in it, since running the upstream
// passes one after the other costs three times as much and does not honour an index narrower than 64 bits.
// What has no direct counterpart (views computed from strides, vectors of more than one dimension that casts
// leave) is expanded first.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Target/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVM.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/LLVMCommon/ConversionTarget.h"
#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/Pattern.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVM.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlowOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/Transforms/Transforms.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"

namespace tenon {
#define GEN_PASS_DEF_CONVERTTOLLVMPASS
#include "tenon/Target/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

namespace {
/// An address that tenon-lower-launch casts to a memref: its descriptor is static.
struct AddressToMemRef : OpConversionPattern<UnrealizedConversionCastOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(UnrealizedConversionCastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto type = dyn_cast<MemRefType>(op.getResultTypes().front());
    if (!type || !isa<LLVM::LLVMPointerType>(adaptor.getInputs().front().getType()))
      return failure();
    rewriter.replaceOp(op, Value(MemRefDescriptor::fromStaticShape(rewriter, op.getLoc(),
                                                                   *getTypeConverter<LLVMTypeConverter>(),
                                                                   type, adaptor.getInputs().front())));
    return success();
  }
};

/// A memref that tenon-lower-launch casts to the address of its first element.
struct MemRefToAddress : OpConversionPattern<UnrealizedConversionCastOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(UnrealizedConversionCastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    auto type = dyn_cast<MemRefType>(op.getInputs().front().getType());
    if (!type || !isa<LLVM::LLVMPointerType>(op.getResultTypes().front()))
      return failure();
    MemRefDescriptor descriptor(adaptor.getInputs().front());
    rewriter.replaceOp(
        op, descriptor.bufferPtr(rewriter, op.getLoc(), *getTypeConverter<LLVMTypeConverter>(), type));
    return success();
  }
};

/// A kernel's name that tenon-lower-launch casts to its address.
struct FunctionToAddress : OpConversionPattern<UnrealizedConversionCastOp> {
  using OpConversionPattern::OpConversionPattern;

  LogicalResult matchAndRewrite(UnrealizedConversionCastOp op, OpAdaptor adaptor,
                                ConversionPatternRewriter &rewriter) const override {
    if (!isa<FunctionType>(op.getInputs().front().getType()) ||
        adaptor.getInputs().front().getType() != op.getResultTypes().front())
      return failure();
    rewriter.replaceOp(op, adaptor.getInputs());
    return success();
  }
};

struct ConvertToLLVMPass : tenon::impl::ConvertToLLVMPassBase<ConvertToLLVMPass> {
  using ConvertToLLVMPassBase::ConvertToLLVMPassBase;

  /// Expands what LLVM conversion has no pattern for; modules that hold none of it skip the rewriting.
  LogicalResult expand() {
    bool needsStrides = false, needsVectors = false;
    getOperation().walk([&](Operation *op) {
      needsStrides |=
          isa<memref::SubViewOp, memref::CollapseShapeOp, memref::ExpandShapeOp, affine::AffineApplyOp,
              affine::AffineMinOp, affine::AffineMaxOp, memref::ExtractStridedMetadataOp>(op);
      needsVectors |= isa<vector::BitCastOp, vector::BroadcastOp, vector::TransposeOp, vector::ShapeCastOp,
                          vector::InsertStridedSliceOp, vector::ExtractStridedSliceOp, vector::TransferReadOp,
                          vector::TransferWriteOp, vector::FromElementsOp, vector::ToElementsOp,
                          vector::GatherOp, vector::StepOp, vector::CreateMaskOp, vector::ConstantMaskOp,
                          vector::ShuffleOp, vector::ContractionOp, vector::InterleaveOp>(op);
    });
    RewritePatternSet patterns(&getContext());
    if (needsStrides) {
      memref::populateExpandStridedMetadataPatterns(patterns);
      populateAffineToStdConversionPatterns(patterns);
    }
    if (needsVectors) {
      vector::populateVectorBitCastLoweringPatterns(patterns);
      vector::populateVectorBroadcastLoweringPatterns(patterns);
      vector::populateVectorTransposeLoweringPatterns(patterns, vector::VectorTransposeLowering::Shuffle1D);
      vector::populateVectorShapeCastLoweringPatterns(patterns);
      vector::populateVectorInsertExtractStridedSliceTransforms(patterns);
      vector::populateVectorFromElementsUnrollPatterns(patterns);
      vector::populateVectorMaskOpLoweringPatterns(patterns);
      vector::populateVectorStepLoweringPatterns(patterns);
      vector::populateVectorTransferLoweringPatterns(patterns, /*maxTransferRank=*/1);
      vector::populateVectorInterleaveLoweringPatterns(patterns);
      vector::populateVectorInterleaveToShufflePatterns(patterns);
    }
    if (patterns.getNativePatterns().empty())
      return success();
    return applyPatternsGreedily(
        getOperation(), std::move(patterns),
        GreedyRewriteConfig().setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled));
  }

  LogicalResult convert() {
    MLIRContext *context = &getContext();
    LowerToLLVMOptions options(context);
    options.overrideIndexBitwidth(indexBits);
    LLVMTypeConverter converter(context, options);

    RewritePatternSet patterns(context);
    patterns.add<AddressToMemRef, MemRefToAddress, FunctionToAddress>(converter, context);
    populateSCFToControlFlowConversionPatterns(patterns);
    populateFuncToLLVMConversionPatterns(converter, patterns);
    cf::populateControlFlowToLLVMConversionPatterns(converter, patterns);
    cf::populateAssertToLLVMConversionPattern(converter, patterns);
    populateVectorToLLVMConversionPatterns(converter, patterns, /*reassociateFPReductions=*/true,
                                           /*force32BitVectorIndices=*/indexBits == 32);
    populateFinalizeMemRefToLLVMConversionPatterns(converter, patterns);
    arith::populateCeilFloorDivExpandOpsPatterns(patterns);
    arith::populateArithToLLVMConversionPatterns(converter, patterns);
    index::populateIndexToLLVMConversionPatterns(converter, patterns);
    populateMathToLLVMConversionPatterns(converter, patterns);
    ub::populateUBToLLVMConversionPatterns(converter, patterns);

    LLVMConversionTarget target(*context);
    target.addLegalOp<ModuleOp>();
    // What comes from and goes to LLVM types by itself stays: the conversion removes its own casts.
    target.addDynamicallyLegalOp<UnrealizedConversionCastOp>([](UnrealizedConversionCastOp op) {
      Type from = op.getInputs().front().getType(), to = op.getResultTypes().front();
      bool takesAddress = isa<LLVM::LLVMPointerType>(to) && isa<MemRefType, FunctionType>(from);
      return !takesAddress && !(isa<LLVM::LLVMPointerType>(from) && isa<MemRefType>(to));
    });
    return applyFullConversion(getOperation(), target, std::move(patterns));
  }

  void runOnOperation() override {
    if (indexBits != 32 && indexBits != 64) {
      getOperation().emitError("expects index-bits of 32 or 64, but got ") << indexBits.getValue();
      return signalPassFailure();
    }
    if (failed(expand()) || failed(convert()))
      return signalPassFailure();
    for (auto function : getOperation().getOps<LLVM::LLVMFuncOp>()) {
      if (!function->removeAttr("tenon.kernel"))
        continue;
      // Visible to the program's object, not beyond the artefact.
      function.setVisibility_(LLVM::Visibility::Hidden);
    }
  }
};
} // namespace
