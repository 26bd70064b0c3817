//===- LoadedModel.cpp - A compiled model, loaded and ready to run ----------------------------===//

#include "LoadedModel.h"

#include "Failure.h"
#include "Quantity.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

#include <fmt/format.h>

#include <optional>

std::vector<int64_t> parseSymbols(const tenon_model &model, const std::vector<std::string> &texts) {
  std::vector<std::optional<int64_t>> values(model.symbol_count);
  for (const std::string &text : texts) {
    auto [name, number] = llvm::StringRef(text).split('=');
    int32_t found = -1;
    for (int32_t i = 0; i < model.symbol_count; ++i)
      if (name == model.symbols[i])
        found = i;
    int64_t value;
    if (number.getAsInteger(10, value) || value < 0)
      throw Failure(fmt::format("--symbol expects NAME=SIZE, but got '{}'", text));
    if (found < 0)
      throw Failure(fmt::format("the model has no symbol '{}'", name.str()));
    values[found] = value;
  }
  std::vector<int64_t> result;
  for (int32_t i = 0; i < model.symbol_count; ++i) {
    if (!values[i])
      throw Failure(fmt::format("the size '{0}' is open; set it with --symbol {0}=1", model.symbols[i]));
    result.push_back(*values[i]);
  }
  return result;
}

std::vector<std::string> describeTensor(const tenon_tensor &tensor) {
  std::vector<std::string> sizes;
  for (int32_t i = 0; i < tensor.rank; ++i)
    sizes.push_back(tensor.dims[i].text);
  return {tensor.name, tenon_rt_dtype_name(tensor.dtype), formatShape(sizes)};
}

Arguments::Arguments(const std::vector<HostArray> &given, const std::vector<HostArray> &written) {
  for (const HostArray &array : given)
    inputs.push_back(array.view());
  for (const HostArray &array : written)
    outputs.push_back(array.view());
}

void LoadedModel::check(int status) {
  if (status != TENON_OK)
    throw Failure(tenon_rt_last_error());
}

LoadedModel::LoadedModel(const std::string &path, int threads)
    : threadCount(threads == 0 ? tenon_rt_processor_count() : threads) {
  llvm::StringRef name(path);
  if (name.ends_with(".onnx") || name.ends_with(".mlir"))
    throw Failure(fmt::format("{}: expected a compiled model; compile it first: tenon compile {} -o {}.so",
                              path, path, name.drop_back(5).str()));
  tenon_rt_model *loaded = nullptr;
  check(tenon_rt_model_load(path.c_str(), &loaded));
  model.reset(loaded);
  const tenon_parallel *parallel = nullptr;
  if (threadCount != 1) {
    tenon_rt_pool *created = nullptr;
    if (tenon_rt_pool_create(threadCount, &created) != TENON_OK)
      throw Failure(fmt::format("cannot start {} threads", threadCount));
    pool.reset(created);
    parallel = tenon_rt_pool_parallel(created);
  }
  tenon_rt_context *made = nullptr;
  check(tenon_rt_context_create(loaded, parallel, &made));
  context.reset(made);
}

const tenon_tensor *LoadedModel::findInput(const std::string &name) const {
  for (int32_t i = 0; i < descriptor().input_count; ++i)
    if (name == descriptor().inputs[i].name)
      return &descriptor().inputs[i];
  return nullptr;
}

std::vector<int64_t> LoadedModel::shapeOf(const tenon_tensor &tensor,
                                          const std::vector<int64_t> &symbols) const {
  std::vector<int64_t> shape(tensor.rank);
  tenon_rt_shape(model.get(), &tensor, symbols.data(), shape.data());
  return shape;
}

std::vector<int64_t> LoadedModel::solveSymbols(const std::vector<HostArray> &inputs) const {
  Arguments arguments(inputs, {});
  std::vector<int64_t> symbols(descriptor().symbol_count);
  check(
      tenon_rt_solve_symbols(model.get(), arguments.inputs.data(), arguments.inputs.size(), symbols.data()));
  return symbols;
}

std::vector<HostArray> LoadedModel::makeOutputs(const std::vector<int64_t> &symbols) const {
  std::vector<HostArray> outputs;
  for (int32_t i = 0; i < descriptor().output_count; ++i) {
    const tenon_tensor &output = descriptor().outputs[i];
    outputs.emplace_back(output.dtype, shapeOf(output, symbols));
  }
  return outputs;
}
