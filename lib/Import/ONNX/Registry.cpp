//===- Registry.cpp - Which ONNX ops Tenon reads, in which versions -----------------------------===//

#include "Registry.h"

#include "llvm/ADT/STLExtras.h"

using namespace llvm;
using namespace tenon::importer;

Registry::Registry() {
  registerActivations(*this);
  registerAttention(*this);
  registerContraction(*this);
  registerControl(*this);
  registerElementwise(*this);
  registerFunctions(*this);
  registerGridSample(*this);
  registerIndexing(*this);
  registerNormalization(*this);
  registerPooling(*this);
  registerQuant(*this);
  registerRecurrent(*this);
  registerReduction(*this);
  registerResize(*this);
  registerSequences(*this);
  registerShape(*this);
  registerSignal(*this);
}

static std::string key(StringRef domain, StringRef op) { return (domain + ":" + op).str(); }

void Registry::insert(StringRef domain, StringRef op, OpEntry entry) {
  auto &versions = entries[key(domain, op)];
  versions.insert(llvm::upper_bound(versions, entry, [](auto &a, auto &b) { return a.since < b.since; }),
                  std::move(entry));
}

void Registry::add(StringRef op, int64_t since, unsigned minInputs, unsigned maxInputs, Handler handler,
                   StringRef domain) {
  insert(domain, op, {since, minInputs, maxInputs, handler, ""});
}

void Registry::addForSequences(StringRef op, int64_t since, unsigned minInputs, unsigned maxInputs,
                               Handler handler) {
  insert("", op, {since, minInputs, maxInputs, handler, "", /*takesSequences=*/true});
}

void Registry::refuse(StringRef op, StringRef reason, int64_t since, StringRef domain) {
  insert(domain, op, {since, 0, kAnyNumber, nullptr, reason.str()});
}

const OpEntry *Registry::find(StringRef domain, StringRef op, int64_t opset) const {
  auto it = entries.find(key(domain, op));
  if (it == entries.end())
    return nullptr;
  const OpEntry *newest = nullptr;
  for (const OpEntry &entry : it->second)
    if (entry.since <= opset)
      newest = &entry;
  return newest;
}
