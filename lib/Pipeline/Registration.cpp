//===- Registration.cpp - All dialects and passes, for tools that take them by name -----------------===//

#include "tenon/Pipeline/Registration.h"

#include "tenon/Codegen/Passes.h"
#include "tenon/Conversion/Passes.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Graph/Passes.h"
#include "tenon/Kernel/Passes.h"
#include "tenon/Pipeline/Phases.h"
#include "tenon/Reference/Evaluator.h"
#include "tenon/Reference/TestEvaluate.h"
#include "tenon/Schedule/Passes.h"
#include "tenon/Target/Passes.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Index/IR/IndexDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/UB/IR/UBOps.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

void tenon::registerDialects(mlir::DialectRegistry &registry) {
  registry.insert<tenon::TenonDialect, mlir::affine::AffineDialect, mlir::arith::ArithDialect,
                  mlir::cf::ControlFlowDialect, mlir::func::FuncDialect, mlir::index::IndexDialect,
                  mlir::LLVM::LLVMDialect, mlir::linalg::LinalgDialect, mlir::math::MathDialect,
                  mlir::memref::MemRefDialect, mlir::scf::SCFDialect, mlir::tensor::TensorDialect,
                  mlir::ub::UBDialect, mlir::vector::VectorDialect>();
}

void tenon::registerPasses() {
  // Instead of the generated registration of these: they need an evaluator.
  mlir::registerPass([] { return createFoldConstantsPass(reference::makeOpEvaluator()); });
  mlir::registerPass([] { return createUnrollControlFlowPass(reference::makeOpEvaluator()); });
  reference::registerTestEvaluatePass();
  registerTenonGraphPasses();
  registerTenonConversionPasses();
  registerTenonKernelPasses();
  registerTenonSchedulePasses();
  registerTenonCodegenPasses();
  registerTenonTargetPasses();
  registerTargetPipeline();
  registerPhasePipelines();
}
