//===- OptionText.cpp - Options of a compilation as text --------------------------------------===//

#include "tenon/Pipeline/OptionText.h"

#include "tenon/Import/ONNX.h"

using namespace llvm;
using namespace tenon;

using Problem = std::optional<std::string>;

static Problem setFlag(bool &flag, StringRef value) {
  if (value != "true" && value != "false")
    return ("expected true or false, but got '" + value + "'").str();
  flag = value == "true";
  return std::nullopt;
}

static Problem setThreads(CompileOptions &options, StringRef value) {
  unsigned threads;
  if (value.getAsInteger(10, threads) || threads > 1024)
    return ("expected a number of threads from 0 to 1024, but got '" + value + "'").str();
  options.threads = threads;
  return std::nullopt;
}

static Problem setAccuracy(CompileOptions &options, StringRef value) {
  std::optional<Accuracy> accuracy = parseAccuracy(value);
  if (!accuracy)
    return ("expected an accuracy (full, high, moderate), but got '" + value + "'").str();
  options.accuracy = *accuracy;
  return std::nullopt;
}

static Problem setStopAfter(CompileOptions &options, StringRef value) {
  std::optional<Phase> phase = parsePhase(value);
  if (!phase) {
    std::string names;
    for (unsigned i = 0; i <= static_cast<unsigned>(Phase::Package); ++i)
      names += (i ? ", " : "") + stringify(static_cast<Phase>(i)).str();
    return ("expected a phase (" + Twine(names) + "), but got '" + value + "'").str();
  }
  options.stopAfter = *phase;
  return std::nullopt;
}

static Problem addShape(CompileOptions &options, StringRef value) {
  OnnxImportOptions parsed;
  if (Problem problem = parseShapeOption(value, parsed))
    return problem;
  for (const auto &[input, shape] : parsed.shapes)
    options.shapes.emplace_back(input, std::vector<int64_t>(shape.begin(), shape.end()));
  return std::nullopt;
}

static Problem addSymbol(CompileOptions &options, StringRef value) {
  OnnxImportOptions parsed;
  if (Problem problem = parseSymbolOption(value, parsed))
    return problem;
  options.symbols.insert(options.symbols.end(), parsed.symbols.begin(), parsed.symbols.end());
  return std::nullopt;
}

using Setter = Problem (*)(CompileOptions &, StringRef);

static constexpr std::pair<StringLiteral, Setter> setters[] = {
    {"target",
     [](CompileOptions &options, StringRef value) { return options.target = value.str(), Problem(); }},
    {"cpu", [](CompileOptions &options, StringRef value) { return options.cpu = value.str(), Problem(); }},
    {"features",
     [](CompileOptions &options, StringRef value) { return options.features = value.str(), Problem(); }},
    {"shape", addShape},
    {"symbol", addSymbol},
    {"threads", setThreads},
    {"accuracy", setAccuracy},
    {"embed-weights",
     [](CompileOptions &options, StringRef value) { return setFlag(options.embedWeights, value); }},
    {"profile", [](CompileOptions &options, StringRef value) { return setFlag(options.profile, value); }},
    {"cache", [](CompileOptions &options, StringRef value) { return setFlag(options.cache, value); }},
    {"stop-after", setStopAfter},
    {"verify-each",
     [](CompileOptions &options, StringRef value) { return setFlag(options.verifyEach, value); }},
};

static Setter findSetter(StringRef key) {
  for (const auto &[name, setter] : setters)
    if (name == key)
      return setter;
  return nullptr;
}

bool tenon::isOption(StringRef key) { return findSetter(key) != nullptr; }

std::optional<std::string> tenon::setOption(CompileOptions &options, StringRef key, StringRef value) {
  if (Setter setter = findSetter(key))
    return setter(options, value);
  std::string names;
  for (const auto &[name, setter] : setters)
    names += (names.empty() ? "" : ", ") + name.str();
  return ("expected an option (" + Twine(names) + "), but got '" + key + "'").str();
}
