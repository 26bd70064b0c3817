//===- ProgramReport.h - What reports say of a compiled program -------------------------------===//

#ifndef TENON_LIB_PIPELINE_PROGRAMREPORT_H
#define TENON_LIB_PIPELINE_PROGRAMREPORT_H

#include "tenon/Pipeline/Compiler.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace tenon {

/// The kernels of a scheduled module, in order, with the calls of each counted.
std::vector<KernelReport> describeKernels(mlir::ModuleOp module);

/// The calls of those kernels in the program of a scheduled module, in order.
std::vector<LaunchReport> describeLaunches(mlir::ModuleOp module, llvm::ArrayRef<KernelReport> kernels);

/// Fills in what the memory plan decided: which launches of `program` are serial.
void noteSerialLaunches(mlir::func::FuncOp program, llvm::MutableArrayRef<LaunchReport> launches);

/// The manifest as JSON.
std::string writeManifest(const ModelSignature &signature, llvm::ArrayRef<KernelReport> kernels,
                          llvm::ArrayRef<LaunchReport> launches, const Machine &machine,
                          mlir::func::FuncOp program, int64_t weightsBytes);

} // namespace tenon

#endif // TENON_LIB_PIPELINE_PROGRAMREPORT_H
