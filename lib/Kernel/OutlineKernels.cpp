//===- OutlineKernels.cpp - Make each kernel region a function; equal ones become one ------------------===//

#include "tenon/Dialect/Tenon/IR/Placement.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Kernel/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OperationSupport.h"

namespace tenon {
#define GEN_PASS_DEF_OUTLINEKERNELS
#include "tenon/Kernel/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

/// Whether `value` is a constant, or a view of one.
static bool isConstant(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value.getDefiningOp<ConstantOp>() != nullptr;
}

/// The strides `result` has inside the concat it is placed in, or null if it is contiguous.
static DenseI64ArrayAttr placementStrides(Value result) {
  std::optional<SmallVector<int64_t>> strides = stridesInPlace(result);
  if (!strides || *strides == rowMajorStrides(cast<RankedTensorType>(result.getType()).getShape()))
    return {};
  return DenseI64ArrayAttr::get(result.getContext(), *strides);
}

namespace {
/// A kernel that has been outlined, with what its equals must share.
struct Outlined {
  func::FuncOp function;
  KernelOp example; ///< stays in place until all kernels were compared
};

struct OutlineKernels : tenon::impl::OutlineKernelsBase<OutlineKernels> {
  using OutlineKernelsBase::OutlineKernelsBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    SmallVector<KernelOp> kernels;
    module.walk([&](KernelOp kernel) { kernels.push_back(kernel); });
    llvm::DenseMap<llvm::hash_code, SmallVector<Outlined>> known;
    OpBuilder builder(module.getContext());
    unsigned next = 0;
    SmallVector<std::pair<KernelOp, func::FuncOp>> calls;
    for (KernelOp kernel : kernels) {
      ++numKernels;
      SmallVector<NamedAttribute> interface = describeInterface(kernel);
      kernel->setAttr("tenon.interface", DictionaryAttr::get(&getContext(), interface));
      llvm::hash_code hash = OperationEquivalence::computeHash(kernel, OperationEquivalence::ignoreHashValue,
                                                               OperationEquivalence::ignoreHashValue,
                                                               OperationEquivalence::IgnoreLocations);
      for (Operation &op : kernel.getBody().front())
        hash = llvm::hash_combine(hash, op.getName());
      func::FuncOp function;
      for (Outlined &candidate : known[hash])
        if (areEqual(candidate.example, kernel))
          function = candidate.function;
      if (!function) {
        ++numFunctions;
        builder.setInsertionPoint(kernel->getParentOfType<func::FuncOp>());
        function = outline(builder, kernel, next++);
        known[hash].push_back({function, kernel});
      }
      calls.push_back({kernel, function});
    }
    for (auto [kernel, function] : calls) {
      builder.setInsertionPoint(kernel);
      auto call = func::CallOp::create(builder, kernel.getLoc(), function, kernel.getInputs());
      kernel->replaceAllUsesWith(call.getResults());
    }
    for (auto [kernel, function] : calls)
      kernel.erase();
  }

  /// What a kernel's function must know of its surroundings.
  static SmallVector<NamedAttribute> describeInterface(KernelOp kernel) {
    Builder builder(kernel.getContext());
    SmallVector<NamedAttribute> interface;
    for (auto [i, input] : llvm::enumerate(kernel.getInputs()))
      if (isConstant(input))
        interface.push_back({builder.getStringAttr("constant_" + Twine(i)), builder.getUnitAttr()});
    for (auto [i, result] : llvm::enumerate(kernel.getResults()))
      if (DenseI64ArrayAttr strides = placementStrides(result))
        interface.push_back({builder.getStringAttr("strides_" + Twine(i)), strides});
    return interface;
  }

  static bool areEqual(KernelOp lhs, KernelOp rhs) {
    return OperationEquivalence::isEquivalentTo(lhs, rhs, OperationEquivalence::ignoreValueEquivalence,
                                                nullptr, OperationEquivalence::IgnoreLocations);
  }

  func::FuncOp outline(OpBuilder &builder, KernelOp kernel, unsigned number) {
    auto function =
        func::FuncOp::create(builder, kernel.getLoc(), ("kernel_" + Twine(number)).str(),
                             builder.getFunctionType(kernel.getInputs().getTypes(), kernel.getResultTypes()));
    function.setPrivate();
    function->setAttr("tenon.structured", builder.getUnitAttr());
    IRMapping mapping;
    kernel.getBody().cloneInto(&function.getBody(), mapping);
    Operation *yield = function.getBody().front().getTerminator();
    OpBuilder atEnd(yield);
    func::ReturnOp::create(atEnd, yield->getLoc(), yield->getOperands());
    yield->erase();
    auto interface = kernel->getAttrOfType<DictionaryAttr>("tenon.interface");
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (interface.contains(("constant_" + Twine(i)).str()))
        function.setArgAttr(i, "tenon.constant", builder.getUnitAttr());
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      if (Attribute strides = interface.get(("strides_" + Twine(i)).str()))
        function.setResultAttr(i, "tenon.strides", strides);
    return function;
  }
};
} // namespace
