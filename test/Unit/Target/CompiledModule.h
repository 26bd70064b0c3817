//===- CompiledModule.h - Compiles the text of a module, and loads it into this process --------===//

#ifndef TENON_TEST_UNIT_TARGET_COMPILEDMODULE_H
#define TENON_TEST_UNIT_TARGET_COMPILEDMODULE_H

#include "tenon-rt/model.h"
#include "tenon/Target/Target.h"

#include <string>

namespace tenon {

/// The target for a machine that exists.
std::unique_ptr<Target> targetFor(llvm::StringRef machine);

/// The object that `target` makes of the text of a module; empty after a test failure.
ObjectBytes compileText(const Target &target, llvm::StringRef text);

/// What llvm-objdump prints of an object's code.
std::string disassemble(const ObjectBytes &object);

/// The machines whose code runs in this process: "host", and where they differ one without fused
/// multiply-add.
std::vector<std::string> runnableMachines();

/// Objects linked into a shared library and loaded, for as long as this lives.
class CompiledModule {
public:
  explicit CompiledModule(llvm::ArrayRef<ObjectBytes> objects);
  ~CompiledModule();

  /// The address of a symbol; null after a test failure.
  template <typename Function>
  Function *find(const char *name) const {
    return reinterpret_cast<Function *>(findAddress(name));
  }

private:
  void *findAddress(const char *name) const;

  void *library = nullptr;
};

/// The text of a kernel and a program `<name>_run` that apply `body` to vectors of 8 elements: ops that
/// compute %result, of `resultType`, from %x and %y, of `operandType`; the types are element types, "f32".
std::string elementwiseText(const std::string &name, const std::string &operandType,
                            const std::string &resultType, const std::string &body);

/// Runs such a program on `count` elements, a multiple of 8.
void runElementwise(const CompiledModule &module, const std::string &name, const void *x, const void *y,
                    void *result, int64_t count);

} // namespace tenon

#endif // TENON_TEST_UNIT_TARGET_COMPILEDMODULE_H
