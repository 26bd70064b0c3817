//===- Descriptor.h - The constant that describes a model, as LLVM IR --------------------------------===//

#ifndef TENON_LIB_PACKAGE_DESCRIPTOR_H
#define TENON_LIB_PACKAGE_DESCRIPTOR_H

#include "tenon/Package/Package.h"

#include <memory>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace tenon {

/// The names of the global symbols of a model.
struct SymbolNames {
  explicit SymbolNames(llvm::StringRef model)
      : descriptor((model + "_model").str()), run((model + "_run").str()),
        weights((model + "_weights").str()) {}
  std::string descriptor, run, weights;
};

/// A module with the exported constant `<name>_model`, laid out as tenon_model of tenon-rt/model.h, and the
/// functions it points to for sizes. `<name>_run` and, if embedded, `<name>_weights` are declared.
std::unique_ptr<llvm::Module> makeDescriptor(const Package &package, llvm::LLVMContext &context);

/// The instruction sets of `cpu` and `features` that tenon-rt/features.def lists, separated by commas.
std::string getRequiredFeatures(llvm::StringRef triple, llvm::StringRef cpu, llvm::StringRef features);

} // namespace tenon

#endif // TENON_LIB_PACKAGE_DESCRIPTOR_H
