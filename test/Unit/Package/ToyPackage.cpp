//===- ToyPackage.cpp - A package around a small model written in LLVM IR -------------------------------===//

#include "ToyPackage.h"

#include "tenon-rt/tensor.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

using namespace llvm;

// NAME stands for the model's name.
static constexpr const char *code = R"(
declare float @expf(float)

define hidden void @kernel0(ptr %frame, i64 %begin, i64 %end) {
entry:
  %x = load ptr, ptr %frame
  %y.slot = getelementptr i64, ptr %frame, i64 1
  %y = load ptr, ptr %y.slot
  %w.slot = getelementptr i64, ptr %frame, i64 2
  %w = load ptr, ptr %w.slot
  %first = mul i64 %begin, 4
  %last = mul i64 %end, 4
  br label %loop
loop:
  %i = phi i64 [ %first, %entry ], [ %next, %loop ]
  %j = and i64 %i, 3
  %x.i = getelementptr float, ptr %x, i64 %i
  %w.j = getelementptr float, ptr %w, i64 %j
  %y.i = getelementptr float, ptr %y, i64 %i
  %a = load float, ptr %x.i
  %b = load float, ptr %w.j
  %product = fmul float %a, %b
  %result = call float @expf(float %product)
  store float %result, ptr %y.i
  %next = add i64 %i, 1
  %done = icmp sge i64 %next, %last
  br i1 %done, label %exit, label %loop
exit:
  ret void
}

define hidden void @fill(ptr %halves, ptr %workspace, i64 %batch) {
entry:
  store i64 %batch, ptr %workspace
  %half = sdiv i64 %batch, 2
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %body ]
  %more = icmp slt i64 %i, %half
  br i1 %more, label %body, label %exit
body:
  %value = load i64, ptr %workspace
  %place = getelementptr i64, ptr %halves, i64 %i
  store i64 %value, ptr %place
  %next = add i64 %i, 1
  br label %head
exit:
  ret void
}

define i32 @NAME_run(ptr %call) {
entry:
  %frame = alloca [3 x i64]
  %inputs = load ptr, ptr %call
  %outputs.slot = getelementptr ptr, ptr %call, i64 1
  %outputs = load ptr, ptr %outputs.slot
  %symbols.slot = getelementptr ptr, ptr %call, i64 2
  %symbols = load ptr, ptr %symbols.slot
  %weights.slot = getelementptr ptr, ptr %call, i64 3
  %weights = load ptr, ptr %weights.slot
  %workspace.slot = getelementptr ptr, ptr %call, i64 4
  %workspace = load ptr, ptr %workspace.slot
  %parallel.slot = getelementptr ptr, ptr %call, i64 5
  %parallel = load ptr, ptr %parallel.slot
  %batch = load i64, ptr %symbols
  %x = load ptr, ptr %inputs
  %y = load ptr, ptr %outputs
  %halves.slot = getelementptr ptr, ptr %outputs, i64 1
  %halves = load ptr, ptr %halves.slot
  %factors = getelementptr i8, ptr %weights, i64 192
  store ptr %x, ptr %frame
  %frame.1 = getelementptr i64, ptr %frame, i64 1
  store ptr %y, ptr %frame.1
  %frame.2 = getelementptr i64, ptr %frame, i64 2
  store ptr %factors, ptr %frame.2
  call void @fill(ptr %halves, ptr %workspace, i64 %batch)
  %isSerial = icmp eq ptr %parallel, null
  br i1 %isSerial, label %serial, label %threads
serial:
  call void @kernel0(ptr %frame, i64 0, i64 %batch)
  ret i32 0
threads:
  %context = load ptr, ptr %parallel
  %for.slot = getelementptr ptr, ptr %parallel, i64 1
  %for = load ptr, ptr %for.slot
  call void %for(ptr %context, ptr @kernel0, ptr %frame, i64 %batch)
  ret i32 0
}
)";

namespace tenon {

static LogicalResult emitObject(Module &module, SmallVectorImpl<char> &object, std::string &error,
                                const std::string &triple) {
  const llvm::Target *target = TargetRegistry::lookupTarget(Triple(triple), error);
  if (!target)
    return failure();
  TargetOptions options;
  StringRef abi = StringRef(triple).starts_with("riscv64") ? "lp64d" : "";
  options.MCOptions.ABIName = abi.str();
  std::unique_ptr<TargetMachine> machine(target->createTargetMachine(
      Triple(triple), "", abi.empty() ? "" : "+m,+a,+f,+d,+c", options, Reloc::PIC_));
  module.setTargetTriple(Triple(triple));
  module.setDataLayout(machine->createDataLayout());
  raw_svector_ostream out(object);
  legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, out, nullptr, CodeGenFileType::ObjectFile)) {
    error = "no object files for " + triple;
    return failure();
  }
  passes.run(module);
  return success();
}

static SmallVector<char, 0> compileCode(const std::string &name, const std::string &triple) {
  std::string text = code;
  text.replace(text.find("NAME"), 4, name);
  LLVMContext context;
  SMDiagnostic diagnostic;
  std::unique_ptr<Module> module = parseAssemblyString(text, diagnostic, context);
  if (!module)
    report_fatal_error(diagnostic.getMessage());
  std::string error;
  SmallVector<char, 0> object;
  if (failed(emitObject(*module, object, error, triple)))
    report_fatal_error(StringRef(error));
  return object;
}

ToyPackage::ToyPackage(std::string name, std::string triple) {
  InitializeAllTargetInfos();
  InitializeAllTargets();
  InitializeAllTargetMCs();
  InitializeAllAsmPrinters();
  InitializeAllAsmParsers();
  if (triple.empty())
    triple = sys::getProcessTriple();
  object = compileCode(name, triple);

  mlir::AffineExpr batch = mlir::getAffineSymbolExpr(0, &context);
  mlir::AffineExpr four = mlir::getAffineConstantExpr(4, &context);
  package.signature.name = name;
  package.signature.symbols = {"batch"};
  package.signature.inputs = {{"x", TENON_DTYPE_FLOAT32, {batch, four}}};
  package.signature.outputs = {{"y", TENON_DTYPE_FLOAT32, {batch, four}},
                               {"halves", TENON_DTYPE_INT64, {batch.floorDiv(2)}}};
  package.triple = triple;
  package.cpu = "generic";
  package.objects = {object};
  package.weights = {
      {"factors", ArrayRef(reinterpret_cast<const char *>(factors.data()), sizeof factors), factorsOffset}};
  package.weightsBytes = 256;
  package.workspaceBytes = mlir::AffineMap::get(0, 1, batch * 8 + 64);
  package.manifest = R"({"kernels": 1})";
  package.emit = [triple](Module &module, SmallVectorImpl<char> &object, std::string &error) {
    return emitObject(module, object, error, triple);
  };
}

} // namespace tenon
