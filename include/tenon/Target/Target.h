//===- Target.h - The one door from a codegen module to machine code ---------------------------===//
//
// In goes a module as codegen leaves it: kernels (func.func with the attribute tenon.kernel) of loops and 1-D
// vectors on memrefs, and programs (tenon.program) that launch them. Out come LLVM dialect, LLVM IR, and
// object bytes. A kernel becomes `void kernel(void *frame, int64_t begin, int64_t end)`: the frame is an
// array of 8-byte slots, one for each argument in order, that holds the address of a memref or a symbol's
// int64_t. A program becomes `int32_t <model>_run(const tenon_call *)` of tenon-rt/model.h.
//
// A Target holds no state that changes: all its functions may be called from several threads at once, on
// different modules.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_TARGET_TARGET_H
#define TENON_TARGET_TARGET_H

#include "tenon/Machine/Machine.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/SmallVector.h"

#include <memory>
#include <string>

namespace llvm {
class LLVMContext;
class Module;
class raw_pwrite_stream;
} // namespace llvm

namespace mlir {
class DialectRegistry;
class OpPassManager;
} // namespace mlir

namespace tenon {

class CacheFolder;

/// What emitting an LLVM module leaves behind.
enum class OutputKind { Object, Assembly, LLVMIR, Bitcode };

/// The bytes of a relocatable object file, of the container format of the machine's triple.
using ObjectBytes = llvm::SmallVector<char, 0>;

/// Compiles modules for one machine.
class Target {
public:
  virtual ~Target();

  const Machine &getMachine() const { return machine; }

  /// The container of emitted objects, which decides how they are linked.
  enum class ObjectFormat { ELF, MachO, Wasm };
  virtual ObjectFormat getObjectFormat() const = 0;

  /// Appends the passes that turn a codegen module into the LLVM dialect.
  virtual void buildPipeline(mlir::OpPassManager &passes) const = 0;

  /// Runs those passes over `module`, in place. Needs prepareContext.
  virtual llvm::LogicalResult legalize(mlir::ModuleOp module) const = 0;

  /// Translates a legalized module to LLVM IR for this machine: triple, data layout and function attributes
  /// set, the short mid-end pipeline run. Null after a diagnostic at `module`.
  virtual std::unique_ptr<llvm::Module> translate(mlir::ModuleOp module,
                                                  llvm::LLVMContext &context) const = 0;

  /// Gives an LLVM module made elsewhere (a descriptor, a table of weights) this machine's triple and data
  /// layout.
  virtual void configure(llvm::Module &module) const = 0;

  /// Writes `module`, which translate or configure prepared and which code generation changes. On failure
  /// `error` says why.
  virtual llvm::LogicalResult emit(llvm::Module &module, OutputKind kind, llvm::raw_pwrite_stream &out,
                                   std::string &error) const = 0;

  /// legalize, translate and emit in an LLVM context of its own; `module` is left in the LLVM dialect.
  /// Failures are diagnostics at `module`.
  llvm::FailureOr<ObjectBytes> compileToObject(mlir::ModuleOp module) const;

  /// compileToObject of every module, on the threads of the modules' common MLIR context; objects in the same
  /// order. An object that `cache` has is taken from there, others are added to it; their bytes are the same
  /// with and without.
  llvm::FailureOr<std::vector<ObjectBytes>> compileToObjects(llvm::ArrayRef<mlir::ModuleOp> modules,
                                                             const CacheFolder *cache = nullptr) const;

protected:
  explicit Target(Machine machine) : machine(std::move(machine)) {}

private:
  Machine machine;
};

/// The target that compiles for `machine`. On failure `error` (if given) says what LLVM cannot do.
llvm::FailureOr<std::unique_ptr<Target>> createTarget(const Machine &machine, std::string *error = nullptr);

/// Registers the dialects that targets produce, with their translations to LLVM IR.
void registerTargetDialects(mlir::DialectRegistry &registry);

/// Registers and loads those dialects in `context`. Must have been called before modules are compiled in
/// several threads, since loading a dialect is not thread-safe.
void prepareContext(mlir::MLIRContext &context);

/// Takes a codegen module apart, so that its kernels compile in parallel and are cached one by one: one
/// module for each kernel function, in order, then one with everything else, in which the kernels are
/// declarations. `module` is left unchanged; all have its attributes, but kernels don't know its name.
llvm::SmallVector<mlir::OwningOpRef<mlir::ModuleOp>> splitModule(mlir::ModuleOp module);

} // namespace tenon

#endif // TENON_TARGET_TARGET_H
