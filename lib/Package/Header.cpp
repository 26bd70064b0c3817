//===- Header.cpp - The C header of one model ---------------------------------------------------------===//

#include "Header.h"

#include "Descriptor.h"

#include "tenon-rt/tensor.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace tenon {

/// tenon-rt/tensor.h and tenon-rt/model.h without comments; their guards let a program include both.
static constexpr const char *abiText =
#include "AbiText.inc"
    ;

namespace {

struct CType {
  const char *name;
  const char *storage;
};

/// A tensor under the name it has in the header.
struct Argument {
  const TensorSignature *tensor;
  std::string name;
};

class HeaderWriter {
public:
  HeaderWriter(const Package &package, llvm::raw_ostream &out);

  void write();

private:
  std::string makeUnique(llvm::StringRef name);
  void listArguments(llvm::StringRef kind, llvm::ArrayRef<Argument> arguments);
  void define(const llvm::Twine &name, AffineExpr value);
  void defineSizes(llvm::ArrayRef<Argument> arguments);
  void defineWorkspace();
  void writeInfer();
  void writeTable(llvm::StringRef type, llvm::StringRef name, llvm::ArrayRef<std::string> values);

  const Package &package;
  const ModelSignature &signature;
  llvm::raw_ostream &out;
  std::string prefix;
  llvm::StringSet<> taken;
  std::vector<std::string> symbols;
  std::vector<Argument> inputs, outputs;
};

} // namespace

static CType getCType(int32_t dtype) {
  switch (dtype) {
  case TENON_DTYPE_FLOAT32:
    return {"float32", "float"};
  case TENON_DTYPE_FLOAT64:
    return {"float64", "double"};
  case TENON_DTYPE_FLOAT16:
    return {"float16", "uint16_t"};
  case TENON_DTYPE_BFLOAT16:
    return {"bfloat16", "uint16_t"};
  case TENON_DTYPE_BOOL:
    return {"bool", "uint8_t"};
  case TENON_DTYPE_INT4:
    return {"int4", "int8_t"};
  case TENON_DTYPE_UINT4:
    return {"uint4", "uint8_t"};
  case TENON_DTYPE_INT8:
    return {"int8", "int8_t"};
  case TENON_DTYPE_UINT8:
    return {"uint8", "uint8_t"};
  case TENON_DTYPE_INT16:
    return {"int16", "int16_t"};
  case TENON_DTYPE_UINT16:
    return {"uint16", "uint16_t"};
  case TENON_DTYPE_INT32:
    return {"int32", "int32_t"};
  case TENON_DTYPE_UINT32:
    return {"uint32", "uint32_t"};
  case TENON_DTYPE_INT64:
    return {"int64", "int64_t"};
  case TENON_DTYPE_UINT64:
    return {"uint64", "uint64_t"};
  default:
    llvm_unreachable("readSignature lets no other type through");
  }
}

/// "1x64", or "[batch, 64]".
static std::string printShape(const TensorSignature &tensor, llvm::ArrayRef<std::string> symbols) {
  if (tensor.sizes.empty())
    return "scalar";
  llvm::SmallVector<std::string> sizes;
  for (AffineExpr size : tensor.sizes)
    sizes.push_back(printSize(size, symbols));
  bool isStatic = llvm::all_of(tensor.sizes, [](AffineExpr size) { return isa<AffineConstantExpr>(size); });
  return isStatic ? llvm::join(sizes, "x") : "[" + llvm::join(sizes, ", ") + "]";
}

HeaderWriter::HeaderWriter(const Package &package, llvm::raw_ostream &out)
    : package(package), signature(package.signature), out(out),
      prefix(llvm::StringRef(signature.name).upper()) {
  for (llvm::StringRef name : {"workspace", "weights", "parallel", "tenon_inputs", "tenon_outputs",
                               "tenon_symbols", "tenon_call", "tenon_model", "tenon_parallel", "call"})
    taken.insert(name);
  // Symbols first: they also name macro parameters.
  for (const std::string &symbol : signature.symbols)
    symbols.push_back(makeUnique(symbol));
  for (const TensorSignature &tensor : signature.inputs)
    inputs.push_back({&tensor, makeUnique(tensor.name)});
  for (const TensorSignature &tensor : signature.outputs)
    outputs.push_back({&tensor, makeUnique(tensor.name)});
}

/// An identifier no other name has, in upper case neither: macros are named after tensors.
std::string HeaderWriter::makeUnique(llvm::StringRef name) {
  std::string identifier = makeIdentifier(name), candidate = identifier;
  for (unsigned i = 2; !taken.insert(llvm::StringRef(candidate).lower()).second; ++i)
    candidate = identifier + "_" + llvm::utostr(i);
  return candidate;
}

void HeaderWriter::listArguments(llvm::StringRef kind, llvm::ArrayRef<Argument> arguments) {
  for (const Argument &argument : arguments) {
    out << "//   " << kind << " " << argument.name << ": " << getCType(argument.tensor->dtype).name << " "
        << printShape(*argument.tensor, symbols);
    if (argument.name != argument.tensor->name) {
      out << " ('";
      llvm::printEscapedString(argument.tensor->name, out);
      out << "' in the source)";
    }
    out << "\n";
  }
}

/// A macro for a size; one that depends on symbols takes them all as parameters.
void HeaderWriter::define(const llvm::Twine &name, AffineExpr value) {
  out << "#define " << prefix << "_" << name;
  if (isa<AffineConstantExpr>(value)) {
    out << " " << printSize(value, symbols) << "\n";
    return;
  }
  std::vector<std::string> parameters;
  for (const std::string &symbol : symbols)
    parameters.push_back("(" + symbol + ")");
  out << "(" << llvm::join(symbols, ", ") << ") (" << printSize(value, parameters) << ")\n";
}

void HeaderWriter::defineSizes(llvm::ArrayRef<Argument> arguments) {
  for (const Argument &argument : arguments) {
    std::string name = llvm::StringRef(argument.name).upper();
    MLIRContext *context =
        argument.tensor->sizes.empty() ? nullptr : argument.tensor->sizes.front().getContext();
    out << "#define " << prefix << "_" << name << "_RANK " << argument.tensor->sizes.size() << "\n";
    if (!context) {
      out << "#define " << prefix << "_" << name << "_ELEMENTS 1\n";
      continue;
    }
    AffineExpr elements = getAffineConstantExpr(1, context);
    for (auto [i, size] : llvm::enumerate(argument.tensor->sizes)) {
      define(name + "_DIM" + llvm::Twine(i), size);
      elements = elements * size;
    }
    define(name + "_ELEMENTS", elements);
  }
}

void HeaderWriter::defineWorkspace() {
  out << "/// Scratch memory of a run, in bytes, and what it must be aligned to.\n";
  if (package.workspaceBytes && package.workspaceBytes.getNumResults() == 1) {
    define("WORKSPACE_BYTES", package.workspaceBytes.getResult(0));
  } else {
    out << "static inline int64_t " << signature.name << "_workspace_bytes(";
    llvm::interleaveComma(symbols, out, [&](const std::string &symbol) { out << "int64_t " << symbol; });
    out << (symbols.empty() ? "void" : "") << ") {\n";
    writeTable("const int64_t", "tenon_symbols", symbols);
    out << "  return " << SymbolNames(signature.name).descriptor << ".workspace_bytes(tenon_symbols);\n}\n";
    std::string list = "(" + llvm::join(symbols, ", ") + ")";
    out << "#define " << prefix << "_WORKSPACE_BYTES" << (symbols.empty() ? "" : list) << " "
        << signature.name << "_workspace_bytes" << list << "\n";
  }
  out << "#define " << prefix << "_WORKSPACE_ALIGNMENT " << package.workspaceAlignment << "\n";
}

/// A local array; C has none without elements.
void HeaderWriter::writeTable(llvm::StringRef type, llvm::StringRef name,
                              llvm::ArrayRef<std::string> values) {
  out << "  " << type << (type.ends_with("*") ? "" : " ") << name << "[] = {" << llvm::join(values, ", ")
      << (values.empty() ? "0" : "") << "};\n";
}

void HeaderWriter::writeInfer() {
  const bool takesWeights = !package.embedWeights && package.weightsBytes > 0;
  std::vector<std::string> parameters, inputNames, outputNames;
  for (const std::string &symbol : symbols)
    parameters.push_back("int64_t " + symbol);
  for (const Argument &input : inputs) {
    parameters.push_back(std::string("const ") + getCType(input.tensor->dtype).storage + " *" + input.name +
                         " /* " + printShape(*input.tensor, symbols) + " */");
    inputNames.push_back(input.name);
  }
  for (const Argument &output : outputs) {
    parameters.push_back(std::string(getCType(output.tensor->dtype).storage) + " *" + output.name + " /* " +
                         printShape(*output.tensor, symbols) + " */");
    outputNames.push_back(output.name);
  }
  if (takesWeights)
    parameters.push_back("const void *weights");
  parameters.insert(parameters.end(), {"void *workspace", "const tenon_parallel *parallel"});

  SymbolNames names(signature.name);
  out << "/// Runs the model on tensors that the caller owns; `parallel` may be null. Returns a "
         "tenon_status.\n"
      << "static inline int " << signature.name << "_infer(" << llvm::join(parameters, ", ") << ") {\n";
  writeTable("const void *", "tenon_inputs", inputNames);
  writeTable("void *", "tenon_outputs", outputNames);
  writeTable("const int64_t", "tenon_symbols", symbols);
  out << "  tenon_call call;\n"
      << "  call.inputs = tenon_inputs;\n"
      << "  call.outputs = tenon_outputs;\n"
      << "  call.symbols = tenon_symbols;\n"
      << "  call.weights = " << (takesWeights ? "weights" : names.descriptor + ".weights") << ";\n"
      << "  call.workspace = workspace;\n"
      << "  call.parallel = parallel;\n"
      << "  call.profile = 0;\n"
      << "  return " << names.descriptor << ".run(&call);\n}\n";
}

void HeaderWriter::write() {
  out << "// The model '" << signature.name << "', compiled for " << package.cpu
      << ". Generated by Tenon; don't edit.\n"
      << "//\n";
  listArguments("input", inputs);
  listArguments("output", outputs);
  out << "//\n// Tensors are dense and row-major. Link with the object or library of the same "
         "compilation.\n\n"
      << "#ifndef TENON_MODEL_" << prefix << "_H\n#define TENON_MODEL_" << prefix << "_H\n\n"
      << "// The C ABI of compiled models, as in tenon-rt/model.h.\n"
      << abiText << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n"
      << "/// What the model is.\n"
      << "extern const tenon_model " << SymbolNames(signature.name).descriptor << ";\n\n"
      << "/// Sizes of the tensors.\n";
  defineSizes(inputs);
  defineSizes(outputs);
  out << "\n";
  defineWorkspace();
  out << "\n";
  writeInfer();
  out << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif // TENON_MODEL_" << prefix << "_H\n";
}

std::string makeHeader(const Package &package) {
  std::string text;
  llvm::raw_string_ostream out(text);
  HeaderWriter(package, out).write();
  return text;
}

} // namespace tenon
