//===- Manifest.cpp - What a compiled model says of its kernels -------------------------------===//

#include "Manifest.h"

#include "Failure.h"

#include "llvm/Support/JSON.h"

#include <fmt/format.h>

using llvm::json::Object;

static std::string readText(const Object &object, llvm::StringRef key) {
  return object.getString(key).value_or("").str();
}

static std::vector<size_t> readNumbers(const Object &object, llvm::StringRef key) {
  std::vector<size_t> numbers;
  if (const llvm::json::Array *array = object.getArray(key))
    for (const llvm::json::Value &value : *array)
      numbers.push_back(value.getAsInteger().value_or(0));
  return numbers;
}

static ManifestKernel readKernel(const Object &object) {
  auto number = [&](llvm::StringRef key) { return object.getNumber(key).value_or(0); };
  ManifestKernel kernel;
  kernel.name = readText(object, "name");
  kernel.source = readText(object, "source");
  kernel.schedule = readText(object, "schedule");
  kernel.arithmetic = readText(object, "arithmetic");
  kernel.flops = number("flops");
  kernel.bytes = number("bytes");
  kernel.weightBytes = number("weight_bytes");
  kernel.cycles = number("cycles");
  return kernel;
}

static ManifestLaunch readLaunch(const Object &object) {
  ManifestLaunch launch;
  launch.kernel = object.getInteger("kernel").value_or(0);
  launch.source = readText(object, "source");
  launch.producers = readNumbers(object, "producers");
  launch.inputs = readNumbers(object, "inputs");
  launch.outputs = readNumbers(object, "outputs");
  launch.weights = readNumbers(object, "weights");
  launch.serial = object.getBoolean("serial").value_or(false);
  return launch;
}

Manifest readManifest(const tenon_model &model) {
  auto damaged = [&](const std::string &reason) {
    return Failure(fmt::format("{}: the manifest is damaged: {}", model.name, reason));
  };
  llvm::Expected<llvm::json::Value> parsed = llvm::json::parse(model.manifest);
  if (!parsed)
    throw damaged(llvm::toString(parsed.takeError()));
  const Object *root = parsed->getAsObject();
  if (!root)
    throw damaged("expected an object");
  Manifest manifest;
  manifest.target = readText(*root, "target");
  manifest.cpu = readText(*root, "cpu");
  if (const llvm::json::Array *kernels = root->getArray("kernels"))
    for (const llvm::json::Value &kernel : *kernels)
      if (const Object *object = kernel.getAsObject())
        manifest.kernels.push_back(readKernel(*object));
  if (const llvm::json::Array *launches = root->getArray("launches"))
    for (const llvm::json::Value &launch : *launches)
      if (const Object *object = launch.getAsObject())
        manifest.launches.push_back(readLaunch(*object));
  for (const ManifestLaunch &launch : manifest.launches)
    if (launch.kernel >= manifest.kernels.size())
      throw damaged(fmt::format("a launch names kernel {} of {}", launch.kernel, manifest.kernels.size()));
  return manifest;
}
