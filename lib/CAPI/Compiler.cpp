//===- Compiler.cpp - The compiler as a C library ---------------------------------------------===//

#include "tenon-c/compiler.h"

#include "tenon/Machine/Machine.h"
#include "tenon/Pipeline/Compiler.h"
#include "tenon/Pipeline/DiagnosticText.h"
#include "tenon/Pipeline/OptionText.h"
#include "tenon/Pipeline/OutputFormat.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace llvm;
using namespace tenon;

struct tenon_session_t {
  tenon_session_t() : context(makeContext()) {
    context->getDiagEngine().registerHandler([this](mlir::Diagnostic &diagnostic) {
      report(diagnostic.getSeverity(), formatDiagnostic(diagnostic));
      return success();
    });
  }

  void report(mlir::DiagnosticSeverity severity, const std::string &text) {
    diagnostics += text;
    if (callback)
      callback(userData, convert(severity), text.c_str());
  }
  void reportError(const Twine &message) {
    report(mlir::DiagnosticSeverity::Error, ("error: " + message + "\n").str());
  }

  static tenon_severity_t convert(mlir::DiagnosticSeverity severity) {
    switch (severity) {
    case mlir::DiagnosticSeverity::Note:
      return TENON_SEVERITY_NOTE;
    case mlir::DiagnosticSeverity::Remark:
      return TENON_SEVERITY_REMARK;
    case mlir::DiagnosticSeverity::Warning:
      return TENON_SEVERITY_WARNING;
    case mlir::DiagnosticSeverity::Error:
      return TENON_SEVERITY_ERROR;
    }
    llvm_unreachable("unknown severity");
  }

  std::unique_ptr<mlir::MLIRContext> context;
  std::string diagnostics;
  tenon_diagnostic_callback_t callback = nullptr;
  void *userData = nullptr;
};

struct tenon_source_t {
  std::string path;
};

struct tenon_invocation_t {
  tenon_session_t &session;
  CompileOptions options;
  std::unique_ptr<Compilation> compilation;
};

struct tenon_output_t {
  std::unique_ptr<MemoryBuffer> bytes;
};

//===----------------------------------------------------------------------------------------===//
// Facts about the library
//===----------------------------------------------------------------------------------------===//

uint32_t tenonGetApiVersion() { return TENON_C_API_VERSION; }

const char *tenonGetVersion() { return TENON_VERSION; }

size_t tenonGetTargetCount() { return machineNames().size(); }

const char *tenonGetTargetName(size_t index) {
  SmallVector<StringRef> names = machineNames();
  return index < names.size() ? names[index].data() : nullptr;
}

//===----------------------------------------------------------------------------------------===//
// Session
//===----------------------------------------------------------------------------------------===//

tenon_session_t *tenonSessionCreate() { return new tenon_session_t; }

void tenonSessionDestroy(tenon_session_t *session) { delete session; }

void tenonSessionSetDiagnosticCallback(tenon_session_t *session, tenon_diagnostic_callback_t callback,
                                       void *userData) {
  session->callback = callback;
  session->userData = userData;
}

const char *tenonSessionGetDiagnostics(tenon_session_t *session) { return session->diagnostics.c_str(); }

void tenonSessionClearDiagnostics(tenon_session_t *session) { session->diagnostics.clear(); }

//===----------------------------------------------------------------------------------------===//
// Source
//===----------------------------------------------------------------------------------------===//

tenon_source_t *tenonSourceCreateFromFile(tenon_session_t *session, const char *path) {
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status)) {
    session->reportError(Twine(path) + ": " + code.message());
    return nullptr;
  }
  if (status.type() == sys::fs::file_type::directory_file) {
    session->reportError(Twine(path) + ": expected a model file, but got a directory");
    return nullptr;
  }
  return new tenon_source_t{path};
}

void tenonSourceDestroy(tenon_source_t *source) { delete source; }

//===----------------------------------------------------------------------------------------===//
// Invocation
//===----------------------------------------------------------------------------------------===//

tenon_invocation_t *tenonInvocationCreate(tenon_session_t *session) {
  return new tenon_invocation_t{*session, CompileOptions(), nullptr};
}

void tenonInvocationDestroy(tenon_invocation_t *invocation) { delete invocation; }

tenon_result_t tenonInvocationSetOption(tenon_invocation_t *invocation, const char *key, const char *value) {
  std::optional<std::string> problem = setOption(invocation->options, key, value);
  if (!problem)
    return TENON_SUCCESS;
  invocation->session.reportError("option '" + Twine(key) + "': " + *problem);
  return TENON_FAILURE;
}

tenon_result_t tenonInvocationRun(tenon_invocation_t *invocation, tenon_source_t *source) {
  invocation->compilation.reset();
  FailureOr<std::unique_ptr<Compilation>> compilation =
      Compilation::open(*invocation->session.context, source->path, invocation->options);
  if (failed(compilation) || failed((*compilation)->run()))
    return TENON_FAILURE;
  invocation->compilation = std::move(*compilation);
  return TENON_SUCCESS;
}

const char *tenonInvocationGetManifest(tenon_invocation_t *invocation) {
  return invocation->compilation ? invocation->compilation->getManifest().c_str() : "";
}

/// Whether the invocation can be written in that format; reports it if not.
static bool canWrite(tenon_invocation_t *invocation, std::optional<OutputFormat> format, StringRef asked) {
  tenon_session_t &session = invocation->session;
  if (!format) {
    std::string names = join(getOutputFormatNames(), ", ");
    session.reportError("expected a format of output (" + Twine(names) + "), but got '" + asked + "'");
    return false;
  }
  if (!invocation->compilation) {
    session.reportError("nothing to write: the invocation has not run, or failed");
    return false;
  }
  Phase needed = getNeededPhase(*format), last = invocation->options.stopAfter;
  if (last >= needed)
    return true;
  session.reportError("writing '" + asked + "' needs the phase " + tenon::stringify(needed) +
                      ", but stop-after is " + tenon::stringify(last));
  return false;
}

static bool writeTo(tenon_invocation_t *invocation, OutputFormat format, StringRef path) {
  std::string error;
  if (succeeded(writeOutput(*invocation->compilation, format, path, error)))
    return true;
  invocation->session.reportError(error);
  return false;
}

tenon_result_t tenonInvocationWrite(tenon_invocation_t *invocation, const char *formatName,
                                    const char *path) {
  std::optional<OutputFormat> format = formatName ? parseOutputFormat(formatName) : getOutputFormat(path);
  if (!canWrite(invocation, format, formatName ? formatName : path))
    return TENON_FAILURE;
  return writeTo(invocation, *format, path) ? TENON_SUCCESS : TENON_FAILURE;
}

tenon_output_t *tenonInvocationGetOutput(tenon_invocation_t *invocation, const char *formatName) {
  std::optional<OutputFormat> format = parseOutputFormat(formatName);
  if (!canWrite(invocation, format, formatName))
    return nullptr;
  // Linkers work on files, so the bytes take a way over one.
  SmallString<128> path;
  if (std::error_code code = sys::fs::createTemporaryFile("tenon", formatName, path)) {
    invocation->session.reportError("no temporary file: " + Twine(code.message()));
    return nullptr;
  }
  std::unique_ptr<tenon_output_t> output;
  if (writeTo(invocation, *format, path)) {
    ErrorOr<std::unique_ptr<MemoryBuffer>> bytes = MemoryBuffer::getFile(path, /*IsText=*/false,
                                                                         /*RequiresNullTerminator=*/false);
    if (bytes)
      output.reset(new tenon_output_t{std::move(*bytes)});
    else
      invocation->session.reportError(path + ": " + bytes.getError().message());
  }
  sys::fs::remove(path);
  return output.release();
}

//===----------------------------------------------------------------------------------------===//
// Output
//===----------------------------------------------------------------------------------------===//

const void *tenonOutputGetData(const tenon_output_t *output) { return output->bytes->getBufferStart(); }

size_t tenonOutputGetSize(const tenon_output_t *output) { return output->bytes->getBufferSize(); }

void tenonOutputDestroy(tenon_output_t *output) { delete output; }
