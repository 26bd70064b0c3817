//===- TestKernels.h - Kernels for the tests of schedules -------------------------------------===//

#ifndef TENON_TEST_UNIT_SCHEDULE_TESTKERNELS_H
#define TENON_TEST_UNIT_SCHEDULE_TESTKERNELS_H

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Structure/StructuredKernel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

#include <string>

namespace tenon::test {

/// A context with the dialects of structured kernels.
struct KernelContext {
  KernelContext() {
    context.loadDialect<tenon::TenonDialect, mlir::func::FuncDialect, mlir::linalg::LinalgDialect,
                        mlir::arith::ArithDialect, mlir::tensor::TensorDialect>();
  }

  /// The first function of `text`.
  StructuredKernel parse(const std::string &text) {
    modules.push_back(mlir::parseSourceString<mlir::ModuleOp>(text, &context));
    return *StructuredKernel::create(*modules.back()->getOps<mlir::func::FuncOp>().begin());
  }

  mlir::MLIRContext context;
  std::vector<mlir::OwningOpRef<mlir::ModuleOp>> modules;
};

/// The product of an m x k and a constant k x n matrix.
inline std::string matmulKernel(int64_t m, int64_t n, int64_t k) {
  auto type = [](int64_t rows, int64_t columns) {
    return "tensor<" + std::to_string(rows) + "x" + std::to_string(columns) + "xf32>";
  };
  std::string a = type(m, k), b = type(k, n), c = type(m, n);
  return "func.func @k(%A: " + a + ", %B: " + b + " {tenon.constant}) -> " + c +
         " attributes {tenon.structured} {\n"
         "  %zero = arith.constant 0.0 : f32\n"
         "  %empty = tensor.empty() : " +
         c +
         "\n"
         "  %init = linalg.fill ins(%zero : f32) outs(%empty : " +
         c + ") -> " + c +
         "\n"
         "  %r = linalg.generic {indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> "
         "(k, n)>, "
         "affine_map<(m, n, k) -> (m, n)>], iterator_types = [\"parallel\", \"parallel\", \"reduction\"]}\n"
         "      ins(%A, %B : " +
         a + ", " + b + ") outs(%init : " + c +
         ") {\n"
         "  ^bb0(%x: f32, %y: f32, %sum: f32):\n"
         "    %p = arith.mulf %x, %y : f32\n"
         "    %s = arith.addf %sum, %p : f32\n"
         "    linalg.yield %s : f32\n"
         "  } -> " +
         c +
         "\n"
         "  return %r : " +
         c + "\n}\n";
}

} // namespace tenon::test

#endif // TENON_TEST_UNIT_SCHEDULE_TESTKERNELS_H
