//===- DiagnosticText.cpp - Diagnostics as lines a user reads ---------------------------------===//

#include "tenon/Pipeline/DiagnosticText.h"

#include "mlir/IR/Location.h"

using namespace mlir;

llvm::StringRef tenon::stringify(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Remark:
    return "remark";
  }
  llvm_unreachable("unknown severity");
}

/// The file and the node a location leads to; of several nodes fused together, the first.
static std::string describePlace(Location location, bool withNode) {
  std::string file, node;
  location->walk([&](Location inner) {
    if (auto name = dyn_cast<NameLoc>(inner); name && node.empty())
      node = name.getName().str();
    if (auto place = dyn_cast<FileLineColLoc>(inner); place && file.empty()) {
      file = place.getFilename().str();
      // Line 0: in that file, which has no lines.
      if (place.getLine() > 0)
        file += ":" + std::to_string(place.getLine()) + ":" + std::to_string(place.getColumn());
    }
    return WalkResult::advance();
  });
  std::string text = file.empty() ? "" : file + ": ";
  return node.empty() || !withNode ? text : text + "node '" + node + "': ";
}

static void appendLine(std::string &text, Diagnostic &diagnostic) {
  std::string message = diagnostic.str();
  // The importer says more of a node than its name, and of a file what can't be opened.
  bool namesNode = llvm::StringRef(message).starts_with("node ");
  text += tenon::stringify(diagnostic.getSeverity()).str() + ": " +
          describePlace(diagnostic.getLocation(), !namesNode) + message + "\n";
}

std::string tenon::formatDiagnostic(Diagnostic &diagnostic) {
  std::string text;
  appendLine(text, diagnostic);
  for (Diagnostic &note : diagnostic.getNotes())
    appendLine(text, note);
  return text;
}
