//===- Verify.cpp - tenon verify: the compiled model against the reference evaluator ----------===//
//
// The model is imported once. The reference evaluator runs the imported graph, the compiled code runs the
// same inputs, and each output is compared. With --all, every op is compiled and run alone on the reference's
// operands, which finds the op that is wrong, not those that come after it.
//
//===----------------------------------------------------------------------------------------===//

#include "Commands.h"
#include "LoadedModel.h"
#include "Quantity.h"
#include "Session.h"
#include "TextOptions.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Package/ModelSignature.h"
#include "tenon/Reference/Evaluator.h"
#include "tenon/Support/HostTensor.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;
using tenon::Compilation;
using tenon::HostTensor;

namespace {
struct VerifyOptions {
  std::string model;
  TextOptions text;
  uint64_t seed = 1;
  double tolerance = 1e-4;
  bool all = false, json = false;
};

/// How far the elements of two tensors lie apart at most.
struct TensorError {
  double absolute = 0;
  /// max |got - expected| / (1e-3 + max |expected|): an element that is the small difference of large ones is
  /// not held to its own size.
  double relative = 0;
  /// In units of the last place of the tensor's type.
  double ulps = 0;
};

/// A line of the report.
struct Row {
  std::string name, kind;
  TensorError error;
  std::string problem;
};
} // namespace

//===----------------------------------------------------------------------------------------===//
// Comparing
//===----------------------------------------------------------------------------------------===//

/// The distance between a floating point number and the next, of a type with that many bits of mantissa.
static double unitInLastPlace(double value, int mantissaBits, int lowestExponent) {
  int exponent = value == 0 ? lowestExponent : std::max(std::ilogb(value), lowestExponent);
  return std::ldexp(1.0, exponent - mantissaBits);
}

static TensorError compare(const HostTensor &got, const HostTensor &expected) {
  TensorError error;
  auto type = dyn_cast<FloatType>(expected.getElementType());
  int mantissaBits = type ? static_cast<int>(type.getFPMantissaWidth()) - 1 : 0;
  int lowestExponent = type ? llvm::APFloat::semanticsMinExponent(type.getFloatSemantics()) : 0;
  SmallVector<double> left = got.toDoubles(), right = expected.toDoubles();
  double largest = 0;
  for (double value : right)
    if (std::isfinite(value))
      largest = std::max(largest, std::abs(value));
  for (auto [a, b] : llvm::zip_equal(left, right)) {
    if (a == b || (std::isnan(a) && std::isnan(b)))
      continue;
    double difference = std::abs(a - b);
    // Written so that a nan or an infinity on one side is an infinite error.
    if (!std::isfinite(difference))
      difference = std::numeric_limits<double>::infinity();
    error.absolute = std::max(error.absolute, difference);
    if (type && std::isfinite(b))
      error.ulps = std::max(error.ulps, difference / unitInLastPlace(b, mantissaBits, lowestExponent));
  }
  error.relative = error.absolute / (1e-3 + largest);
  return error;
}

//===----------------------------------------------------------------------------------------===//
// Running compiled code
//===----------------------------------------------------------------------------------------===//

static HostArray toArray(const HostTensor &tensor) {
  HostArray array(tenon::getDType(tensor.getElementType()), tensor.getShape().vec());
  std::memcpy(array.data.get(), tensor.getBytes().data(), tensor.getBytes().size());
  return array;
}

static HostTensor toTensor(const HostArray &array, RankedTensorType type) {
  HostTensor tensor = HostTensor::zeros(RankedTensorType::get(array.shape, type.getElementType()));
  std::memcpy(tensor.getMutableBytes().data(), array.data.get(), tensor.getBytes().size());
  return tensor;
}

/// Runs an opened compilation to its end, loads the result and calls it.
static std::vector<HostTensor> compileAndRun(Compilation &compilation, ArrayRef<HostTensor> inputs,
                                             TypeRange types) {
  Session::run(compilation);
  SmallString<128> path;
  if (std::error_code code = llvm::sys::fs::createTemporaryFile("tenon-verify", "so", path))
    throw Failure("no temporary file: " + code.message());
  llvm::FileRemover remover(path);
  std::string error;
  if (failed(compilation.write(tenon::ArtefactKind::SharedLibrary, path, error)))
    throw Failure(error);

  LoadedModel model(path.str().str(), /*threads=*/0);
  std::vector<HostArray> arrays;
  for (const HostTensor &input : inputs)
    arrays.push_back(toArray(input));
  std::vector<HostArray> outputs = model.makeOutputs(model.solveSymbols(arrays));
  model.run(Arguments(arrays, outputs));
  std::vector<HostTensor> tensors;
  for (auto [output, type] : llvm::zip_equal(outputs, types))
    tensors.push_back(toTensor(output, cast<RankedTensorType>(type)));
  return tensors;
}

//===----------------------------------------------------------------------------------------===//
// The whole model
//===----------------------------------------------------------------------------------------===//

static std::string nameOf(func::FuncOp main, unsigned result) {
  auto name = main.getResultAttrOfType<StringAttr>(result, "tenon.name");
  return name ? name.str() : "output " + std::to_string(result);
}

static SmallVector<HostTensor> makeInputs(func::FuncOp main, uint64_t seed) {
  SmallVector<HostTensor> inputs;
  for (BlockArgument argument : main.getArguments()) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || !type.hasStaticShape()) {
      auto name = main.getArgAttrOfType<StringAttr>(argument.getArgNumber(), "tenon.name");
      throw Failure(fmt::format("input '{}' has open sizes; set them with --symbol or --shape",
                                name ? name.str() : "?"));
    }
    inputs.push_back(HostTensor::random(type, seed + argument.getArgNumber()));
  }
  return inputs;
}

static std::vector<Row> verifyOutputs(func::FuncOp main, Compilation &compilation,
                                      ArrayRef<HostTensor> inputs, ArrayRef<HostTensor> expected) {
  SmallVector<Type> types(main.getResultTypes());
  std::vector<std::string> names;
  for (unsigned i = 0; i < types.size(); ++i)
    names.push_back(nameOf(main, i));
  // From here on `main` is being compiled and may be gone.
  std::vector<HostTensor> got = compileAndRun(compilation, inputs, types);
  std::vector<Row> rows;
  for (unsigned i = 0; i < types.size(); ++i)
    rows.push_back({names[i], "output", compare(got[i], expected[i]), ""});
  return rows;
}

//===----------------------------------------------------------------------------------------===//
// Each op
//===----------------------------------------------------------------------------------------===//

/// A module with nothing but a copy of `op`; constants go with it, other operands become arguments, which are
/// appended to `arguments`.
static OwningOpRef<ModuleOp> isolate(Operation *op, SetVector<Value> &arguments) {
  llvm::SetVector<Value> used(op->operand_begin(), op->operand_end());
  getUsedValuesDefinedAbove(op->getRegions(), used);
  OwningOpRef<ModuleOp> module = ModuleOp::create(op->getLoc());
  auto parent = op->getParentOfType<ModuleOp>();
  (*module)->setAttrs(parent->getAttrs());

  OpBuilder builder(module->getBodyRegion());
  SmallVector<Operation *> constants;
  for (Value value : used) {
    Operation *definition = value.getDefiningOp();
    if (definition && definition->hasTrait<OpTrait::ConstantLike>())
      constants.push_back(definition);
    else
      arguments.insert(value);
  }
  auto type = builder.getFunctionType(ValueRange(arguments.getArrayRef()).getTypes(), op->getResultTypes());
  auto main = func::FuncOp::create(builder, op->getLoc(), "main", type);
  Block *body = main.addEntryBlock();
  IRMapping mapping;
  for (auto [i, value] : llvm::enumerate(arguments)) {
    mapping.map(value, body->getArgument(i));
    main.setArgAttr(i, "tenon.name", builder.getStringAttr("in" + std::to_string(i)));
  }
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    main.setResultAttr(i, "tenon.name", builder.getStringAttr("out" + std::to_string(i)));
  builder.setInsertionPointToStart(body);
  for (Operation *constant : constants)
    builder.clone(*constant, mapping);
  Operation *copy = builder.clone(*op, mapping);
  func::ReturnOp::create(builder, op->getLoc(), copy->getResults());
  return module;
}

static std::string nodeName(Operation *op) {
  if (auto name = op->getLoc()->findInstanceOf<NameLoc>())
    return name.getName().str();
  return "-";
}

static Row verifyOp(Operation *op, const llvm::DenseMap<Value, HostTensor> &values,
                    const tenon::CompileOptions &options) {
  Row row{nodeName(op), op->getName().getStringRef().str(), {}, ""};
  SetVector<Value> arguments;
  OwningOpRef<ModuleOp> module = isolate(op, arguments);
  SmallVector<HostTensor> operands;
  for (Value argument : arguments)
    operands.push_back(values.lookup(argument));
  try {
    auto compilation = Session::require(Compilation::open(std::move(module), options));
    std::vector<HostTensor> got = compileAndRun(*compilation, operands, op->getResultTypes());
    for (auto [tensor, result] : llvm::zip_equal(got, op->getResults())) {
      TensorError error = compare(tensor, values.lookup(result));
      row.error.absolute = std::max(row.error.absolute, error.absolute);
      row.error.relative = std::max(row.error.relative, error.relative);
      row.error.ulps = std::max(row.error.ulps, error.ulps);
    }
  } catch (const Failure &failure) {
    row.problem = *failure.what() ? failure.what() : "does not compile alone";
  }
  return row;
}

static bool hasStaticTensors(TypeRange types) {
  return llvm::all_of(types, [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  });
}

static std::vector<Row> verifyOps(func::FuncOp main, const llvm::DenseMap<Value, HostTensor> &values,
                                  const tenon::CompileOptions &options) {
  std::vector<Row> rows;
  for (Operation &op : main.getBody().front().without_terminator()) {
    if (op.hasTrait<OpTrait::ConstantLike>() || op.getNumResults() == 0)
      continue;
    if (hasStaticTensors(op.getResultTypes()) && hasStaticTensors(op.getOperandTypes()))
      rows.push_back(verifyOp(&op, values, options));
    else
      rows.push_back({nodeName(&op), op.getName().getStringRef().str(), {}, "its sizes are open"});
  }
  return rows;
}

//===----------------------------------------------------------------------------------------===//
// Report
//===----------------------------------------------------------------------------------------===//

static bool isBad(const Row &row, double tolerance) { return !(row.error.relative <= tolerance); }

static void printRows(const std::vector<Row> &rows, const VerifyOptions &options) {
  std::vector<std::vector<std::string>> table = {{"name", "what", "max abs", "max rel", "max ulp", ""}};
  llvm::json::Array array;
  for (const Row &row : rows) {
    std::string verdict = !row.problem.empty() ? row.problem : isBad(row, options.tolerance) ? "wrong" : "";
    table.push_back({row.name, row.kind, fmt::format("{:.1e}", row.error.absolute),
                     fmt::format("{:.1e}", row.error.relative), fmt::format("{:.1f}", row.error.ulps),
                     verdict});
    array.push_back(llvm::json::Object{{"name", row.name},
                                       {"what", row.kind},
                                       {"max_abs", row.error.absolute},
                                       {"max_rel", row.error.relative},
                                       {"max_ulp", row.error.ulps},
                                       {"problem", verdict}});
  }
  if (!options.json) {
    fmt::print("{}", formatTable(table));
    return;
  }
  std::string text;
  llvm::raw_string_ostream(text) << llvm::formatv("{0:2}", llvm::json::Value(std::move(array)));
  fmt::print("{}\n", text);
}

static ExitCode verify(const VerifyOptions &options) {
  Session session;
  tenon::CompileOptions compileOptions = options.text.parse();
  std::unique_ptr<Compilation> compilation =
      Session::require(Compilation::open(session.context(), options.model, compileOptions));
  auto main = compilation->getModule().lookupSymbol<func::FuncOp>("main");
  SmallVector<HostTensor> inputs = makeInputs(main, options.seed);

  llvm::DenseMap<Value, HostTensor> values;
  for (auto [argument, input] : llvm::zip_equal(main.getArguments(), inputs))
    values[argument] = input;
  auto observe = [&](Operation *op, ArrayRef<HostTensor> results) {
    for (auto [value, tensor] : llvm::zip_equal(op->getResults(), results))
      values[value] = tensor;
  };
  FailureOr<SmallVector<HostTensor>> evaluated = options.all
                                                     ? tenon::reference::evaluate(main, inputs, observe)
                                                     : tenon::reference::evaluate(main, inputs);
  SmallVector<HostTensor> expected = Session::require(std::move(evaluated));
  std::vector<Row> rows;
  if (options.all)
    rows = verifyOps(main, values, compileOptions);
  std::vector<Row> outputs = verifyOutputs(main, *compilation, inputs, expected);
  rows.insert(rows.end(), outputs.begin(), outputs.end());
  printRows(rows, options);
  // A wrong result is never the user's fault.
  return llvm::any_of(rows, [&](const Row &row) { return isBad(row, options.tolerance); }) ? Defect : Success;
}

void addVerifyCommand(CLI::App &driver, ExitCode &exitCode) {
  auto options = std::make_shared<VerifyOptions>();
  CLI::App *command = driver.add_subcommand("verify", "Compare a compiled model to the reference evaluator");
  command->add_option("MODEL", options->model, "a model: .onnx, its text form .onnxtxt, or .mlir")
      ->required();
  options->text.addTo(*command);
  command->add_option("--seed", options->seed, "seed of the random inputs");
  command->add_option("--tolerance", options->tolerance,
                      "the largest relative error that is right: max |a - b| / (1e-3 + max |b|)");
  command->add_flag("--all", options->all, "also check each op alone, on the reference's operands");
  command->add_flag("--json", options->json, "print JSON");
  command->callback([options, &exitCode] { exitCode = verify(*options); });
}
