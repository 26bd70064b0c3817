//===- Reproducer.cpp - A module on which the compiler fails, as a file ----------------------------===//

#include "tenon/Pipeline/Reproducer.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Support/HostTensor.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tenon;

/// Constants of more bytes than this are weights, and not sizes or indices that decide what passes do.
static constexpr int64_t maxConstantBytes = 4096;

/// A constant of that type all of whose elements are 1: nothing is divided by it, and nothing vanishes.
static ElementsAttr makeOnes(RankedTensorType type) {
  Builder builder(type.getContext());
  return DenseElementsAttr::get(type, cast<Attribute>(builder.getOneAttr(type.getElementType())));
}

FailureOr<std::string> tenon::writeReproducer(ModuleOp module, StringRef pipeline, std::string &error) {
  module.walk([](ConstantOp constant) {
    auto type = cast<RankedTensorType>(constant.getType());
    FailureOr<int64_t> bytes = HostTensor::getSizeInBytes(type);
    if (succeeded(bytes) && *bytes > maxConstantBytes)
      constant.setValueAttr(makeOnes(RankedTensorType::get(type.getShape(), type.getElementType())));
  });
  int descriptor;
  SmallString<128> path;
  if (std::error_code code =
          llvm::sys::fs::createTemporaryFile("tenon-reproducer", "mlir", descriptor, path)) {
    error = code.message();
    return failure();
  }
  llvm::raw_fd_ostream out(descriptor, /*shouldClose=*/true);
  out << "// Repeat what failed with tenon " TENON_VERSION ":\n// RUN: tenon-opt '--" << pipeline
      << "' %s\n\n";
  module.print(out);
  out << '\n';
  out.close();
  if (std::error_code code = out.error()) {
    out.clear_error();
    llvm::sys::fs::remove(path);
    error = code.message();
    return failure();
  }
  return path.str().str();
}
