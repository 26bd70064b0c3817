//===- Invocation.h - One op about to be evaluated, and the table of all ops' functions ----------===//
//
// A family's file defines one function an op, `Results evaluate(Op op, Invocation &call)`, and enters them
// into the table. The evaluator has checked the operands against the op's types and has applied the op's
// shape rule to their actual shapes before it calls: a function reads sizes from them without checking again.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_LIB_REFERENCE_INVOCATION_H
#define TENON_LIB_REFERENCE_INVOCATION_H

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Support/HostTensor.h"

#include "llvm/ADT/DenseMap.h"

#include <functional>

namespace tenon::reference {

using Tensors = llvm::SmallVector<HostTensor>;
using Results = mlir::FailureOr<Tensors>;

/// What an op's function may ask of the evaluator that calls it.
class Interpreter {
public:
  virtual ~Interpreter() = default;
  /// Starts a diagnostic at `op`, which reaches nobody if the evaluation is a silent trial.
  virtual mlir::InFlightDiagnostic emitError(mlir::Operation *op) = 0;
  /// Runs the block of `region` with these arguments and returns the operands of its terminator. The ops in
  /// it see the values above the region.
  virtual Results run(mlir::Region &region, llvm::ArrayRef<HostTensor> arguments) = 0;
  /// `type` with the sizes static that the symbols' values determine.
  virtual mlir::RankedTensorType resolve(mlir::RankedTensorType type) const = 0;
  /// Whether results of so many bytes are within the limit.
  virtual bool mayAllocate(int64_t bytes) const = 0;
};

/// One op, its operands' values, and the types of its results as far as they follow from these.
struct Invocation {
  mlir::Operation *op;
  llvm::ArrayRef<HostTensor> operands;
  /// Static, unless the op is entered as one whose result sizes depend on values.
  llvm::SmallVector<mlir::RankedTensorType> resultTypes;
  Interpreter &interpreter;

  /// A tensor of zeros of the i-th result type.
  HostTensor makeResult(unsigned i = 0) const { return HostTensor::zeros(resultTypes[i]); }
  /// A tensor of zeros for a result whose shape depends on values, or failure if it is too large.
  mlir::FailureOr<HostTensor> makeResult(unsigned i, llvm::ArrayRef<int64_t> shape) const;

  /// The operand at the place `value` has among the op's operands; null for an optional operand that is
  /// absent.
  HostTensor operator[](mlir::Value value) const;

  /// Starts a diagnostic at the op.
  mlir::InFlightDiagnostic emitError() const { return interpreter.emitError(op); }
};

/// The functions of all ops, by op.
class OpTable {
public:
  using Function = std::function<Results(mlir::Operation *, Invocation &)>;
  struct Entry {
    Function function;
    bool valueDependentShape = false;
  };

  /// Enters `function`, called as `Results function(Op op, Invocation &call)`.
  template <typename Op, typename F>
  void add(F function) {
    insert(mlir::TypeID::get<Op>(), {wrap<Op>(std::move(function)), /*valueDependentShape=*/false});
  }
  /// Enters `function` for an op whose result sizes depend on the values of its operands.
  template <typename Op, typename F>
  void addValueDependent(F function) {
    insert(mlir::TypeID::get<Op>(), {wrap<Op>(std::move(function)), /*valueDependentShape=*/true});
  }

  /// The entry of an op, or null.
  const Entry *find(mlir::Operation *op) const;

private:
  template <typename Op, typename F>
  static Function wrap(F function) {
    return [function = std::move(function)](mlir::Operation *op, Invocation &call) -> Results {
      return function(mlir::cast<Op>(op), call);
    };
  }
  void insert(mlir::TypeID op, Entry entry) { entries.try_emplace(op, std::move(entry)); }

  llvm::DenseMap<mlir::TypeID, Entry> entries;
};

// The families, each in the file of its name; ordering is a part of indexing.
void addContraction(OpTable &table);
void addControl(OpTable &table);
void addElementwise(OpTable &table);
void addIndexing(OpTable &table);
void addNormalization(OpTable &table);
void addOrdering(OpTable &table);
void addPooling(OpTable &table);
void addProgram(OpTable &table);
void addQuant(OpTable &table);
void addRecurrent(OpTable &table);
void addReduction(OpTable &table);
void addResize(OpTable &table);
void addShape(OpTable &table);
void addWinograd(OpTable &table);

} // namespace tenon::reference

#endif // TENON_LIB_REFERENCE_INVOCATION_H
