//===- GraphInterface.cpp - Inputs, outputs and named sizes of a model --------------------------===//

#include "GraphImporter.h"
#include "Tensors.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;
using ::onnx::ValueInfoProto;

std::optional<std::string> tenon::parseShapeOption(StringRef text, OnnxImportOptions &options) {
  // Names of inputs may hold '=': sizes do not.
  auto [name, list] = text.rsplit('=');
  SmallVector<StringRef> parts;
  if (!list.empty())
    list.split(parts, 'x');
  if (name.empty() || !text.contains('='))
    return "expects NAME=SIZExSIZE..., but got '" + text.str() + "'";
  SmallVector<int64_t> shape;
  for (StringRef part : parts) {
    int64_t size = -1;
    if (part != "?" && (part.getAsInteger(10, size) || size < 0))
      return "expects a size or '?', but got '" + part.str() + "' in '" + text.str() + "'";
    shape.push_back(size);
  }
  options.shapes[name.str()] = shape;
  return std::nullopt;
}

std::optional<std::string> tenon::parseSymbolOption(StringRef text, OnnxImportOptions &options) {
  auto [name, number] = text.rsplit('=');
  int64_t size;
  if (name.empty() || number.getAsInteger(10, size) || size < 0)
    return "expects NAME=SIZE, but got '" + text.str() + "'";
  options.symbols[name.str()] = size;
  return std::nullopt;
}

/// The declared dimensions of a value; null if it has no known rank.
static const ::onnx::TensorShapeProto *shapeOf(const ValueInfoProto &value) {
  return value.type().has_tensor_type() && value.type().tensor_type().has_shape()
             ? &value.type().tensor_type().shape()
             : nullptr;
}

/// Takes the values of symbols from the options: those given, and those that follow from shapes of inputs.
LogicalResult GraphImporter::bindSymbols() {
  llvm::StringSet<> inputs, parameters;
  for (const ValueInfoProto &input : file.getModel().graph().input()) {
    inputs.insert(input.name());
    if (const ::onnx::TensorShapeProto *shape = shapeOf(input))
      for (const auto &dim : shape->dim())
        parameters.insert(dim.dim_param());
  }
  for (auto &[name, value] : options.symbols) {
    symbolValues[name] = value;
    if (!parameters.contains(name))
      report(file.getLoc(), "no dimension of an input is named \"" + name + "\"");
  }
  for (auto &[name, shape] : options.shapes)
    if (!inputs.contains(name))
      report(file.getLoc(), "the model has no input \"" + name + "\"");
  for (const ValueInfoProto &input : file.getModel().graph().input()) {
    auto chosen = options.shapes.find(input.name());
    const ::onnx::TensorShapeProto *shape = shapeOf(input);
    if (chosen == options.shapes.end() || !shape)
      continue;
    if (shape->dim_size() != static_cast<int>(chosen->second.size())) {
      report(file.getLoc(), "input \"" + input.name() + "\" has rank " + Twine(shape->dim_size()) +
                                ", but the shape given has " + Twine(chosen->second.size()));
      continue;
    }
    for (auto [dim, size] : llvm::zip_equal(shape->dim(), chosen->second)) {
      if (size < 0 || dim.dim_param().empty())
        continue;
      auto [it, isNew] = symbolValues.emplace(dim.dim_param(), size);
      if (!isNew && it->second != size)
        report(file.getLoc(), "dimension \"" + dim.dim_param() + "\" is given two sizes, " +
                                  Twine(it->second) + " and " + Twine(size));
    }
  }
  return success(errors.empty());
}

/// The size a `dim_param` stands for: a number if it is bound, else a symbol. Symbols are identifiers, and
/// different parameters have different ones.
AffineExpr GraphImporter::namedSize(StringRef parameter) {
  auto bound = symbolValues.find(parameter.str());
  if (bound != symbolValues.end())
    return sizes.constant(bound->second);
  std::string &name = symbolNames[parameter];
  if (name.empty()) {
    std::string base;
    for (char c : parameter)
      base += llvm::isAlnum(c) || c == '_' ? c : '_';
    if (base.empty() || llvm::isDigit(base[0]))
      base = "d" + base;
    // Words of the notation for sizes.
    if (base == "mod" || base == "floordiv" || base == "ceildiv")
      base += "_";
    name = base;
    for (unsigned i = 1; !usedSymbols.insert(name).second; ++i)
      name = base + "_" + std::to_string(i);
  }
  return sizes.symbol(name);
}

FailureOr<RankedTensorType> GraphImporter::readInputType(const ValueInfoProto &input) {
  auto refuse = [&](const Twine &why) -> FailureOr<RankedTensorType> {
    report(file.getLoc(), "input \"" + input.name() + "\": " + why);
    return failure();
  };
  if (!input.type().has_tensor_type())
    return refuse("only tensors are supported, not sequences, maps, optional or sparse values");
  std::string why;
  Type element = elementType(context, input.type().tensor_type().elem_type(), why);
  if (!element)
    return refuse(why);
  auto chosen = options.shapes.find(input.name());
  const ::onnx::TensorShapeProto *shape = shapeOf(input);
  SymbolicSizes::Sizes dims;
  if (!shape) {
    if (chosen == options.shapes.end())
      return refuse("its rank is not known; give its shape");
    for (auto [i, size] : llvm::enumerate(chosen->second))
      dims.push_back(size < 0 ? namedSize(input.name() + "_dim" + std::to_string(i)) : sizes.constant(size));
    return sizes.tensor(dims, element);
  }
  for (auto [i, dim] : llvm::enumerate(shape->dim())) {
    int64_t given = chosen == options.shapes.end() ? -1 : chosen->second[i];
    if (dim.has_dim_value()) {
      if (dim.dim_value() < 0 || dim.dim_value() > INT32_MAX)
        return refuse("expects a size in [0, 2^31), but got " + Twine(dim.dim_value()));
      if (given >= 0 && given != dim.dim_value())
        return refuse("dimension " + Twine(i) + " is " + Twine(dim.dim_value()) + " and cannot be " +
                      Twine(given));
      dims.push_back(sizes.constant(dim.dim_value()));
    } else if (!dim.dim_param().empty()) {
      dims.push_back(namedSize(dim.dim_param()));
    } else {
      dims.push_back(given >= 0 ? sizes.constant(given)
                                : namedSize(input.name() + "_dim" + std::to_string(i)));
    }
  }
  return sizes.tensor(dims, element);
}

/// The type an output is declared with, if it says enough to help: a rank and an element type we have.
RankedTensorType GraphImporter::readDeclaredType(const ValueInfoProto &value) {
  const ::onnx::TensorShapeProto *shape = shapeOf(value);
  std::string why;
  Type element = shape ? elementType(context, value.type().tensor_type().elem_type(), why) : Type();
  if (!element)
    return {};
  SmallVector<int64_t> dims;
  for (const auto &dim : shape->dim())
    dims.push_back(dim.has_dim_value() && dim.dim_value() >= 0 ? dim.dim_value() : ShapedType::kDynamic);
  return RankedTensorType::get(dims, element);
}

LogicalResult GraphImporter::checkOutput(const ValueInfoProto &output, Value value) {
  auto refuse = [&](const Twine &why) {
    report(file.getLoc(), "output \"" + output.name() + "\": " + why);
    return failure();
  };
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (type && !output.has_type())
    return success();
  if (!type || !output.type().has_tensor_type())
    return refuse("only tensors are supported, not sequences, maps, optional or sparse values");
  if (int32_t dataType = output.type().tensor_type().elem_type(); narrowElement(context, dataType))
    return refuse("element type " +
                  ::onnx::TensorProto::DataType_Name(static_cast<::onnx::TensorProto::DataType>(dataType)) +
                  " is supported for constants only");
  RankedTensorType declared = readDeclaredType(output);
  if (!declared)
    return success();
  // With sizes given by the caller the declared ones may be those of before.
  bool sameSizes = options.shapes.empty() && options.symbols.empty();
  if (declared.getElementType() != type.getElementType() || declared.getRank() != type.getRank() ||
      (sameSizes && failed(verifyCompatibleShape(declared.getShape(), type.getShape()))))
    return refuse(llvm::formatv("declared as {0}, but the graph gives {1}",
                                llvm::formatv("{0}", declared).str(), llvm::formatv("{0}", type).str()));
  return success();
}
