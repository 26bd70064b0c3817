//===- tenon-c/compiler.h - The compiler as a C library ---------------------------------------===//
//
//   session ──→ source (a model file) ─┐
//          └──→ invocation (options) ──┴─ run ─→ file | bytes in memory | manifest
//
//   tenon_session_t *session = tenonSessionCreate();
//   tenon_source_t *source = tenonSourceCreateFromFile(session, "model.onnx");
//   tenon_invocation_t *invocation = tenonInvocationCreate(session);
//   tenonInvocationSetOption(invocation, "target", "x86-64-v3");
//   if (tenonInvocationRun(invocation, source) || tenonInvocationWrite(invocation, NULL, "model.so"))
//     fputs(tenonSessionGetDiagnostics(session), stderr);
//
// Handles are opaque and belong to the caller, who destroys sources, invocations and outputs before their
// session. A session and what was made from it serve one thread at a time; different sessions, any threads at
// once. No function ends the process or prints. What it was compiled for runs without this library: see
// tenon-rt/.
//
// C11 and C++. Part of the shared library tenon_c, which exports nothing else. Functions and values may be
// added; those that are here keep their meaning as long as tenonGetApiVersion() returns the same number.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_C_COMPILER_H
#define TENON_C_COMPILER_H

#include <stddef.h>
#include <stdint.h>

/// Marks what the library tenon_c exports.
#if defined(__GNUC__)
#define TENON_C_API __attribute__((visibility("default")))
#else
#define TENON_C_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// The version of this header; compare it to tenonGetApiVersion() after loading the library by hand.
#define TENON_C_API_VERSION 1

/// What a function that can fail returns. The reason is then in tenonSessionGetDiagnostics.
typedef enum tenon_result_t { TENON_SUCCESS = 0, TENON_FAILURE = 1 } tenon_result_t;

/// How serious a diagnostic is.
typedef enum tenon_severity_t {
  TENON_SEVERITY_NOTE = 0,
  TENON_SEVERITY_REMARK = 1,
  TENON_SEVERITY_WARNING = 2,
  TENON_SEVERITY_ERROR = 3
} tenon_severity_t;

/// The compiler's memory and its diagnostics.
typedef struct tenon_session_t tenon_session_t;
/// A model file.
typedef struct tenon_source_t tenon_source_t;
/// Options, and the model compiled with them.
typedef struct tenon_invocation_t tenon_invocation_t;
/// The bytes of an artefact.
typedef struct tenon_output_t tenon_output_t;

/// Called with each diagnostic as it comes up. `text` is one or more lines, `error: model.onnx: node 'a':
/// ...`, each ended by a line feed, and valid during the call only.
typedef void (*tenon_diagnostic_callback_t)(void *user_data, tenon_severity_t severity, const char *text);

/// TENON_C_API_VERSION of the library.
TENON_C_API uint32_t tenonGetApiVersion(void);
/// The compiler's version, "0.1.0"; static.
TENON_C_API const char *tenonGetVersion(void);
/// The number of machines that the option `target` knows by name.
TENON_C_API size_t tenonGetTargetCount(void);
/// The name of one of them, "host" first; static. Null from tenonGetTargetCount() on.
TENON_C_API const char *tenonGetTargetName(size_t index);

/// Makes a session; never null.
TENON_C_API tenon_session_t *tenonSessionCreate(void);
/// Frees the session. Null is allowed.
TENON_C_API void tenonSessionDestroy(tenon_session_t *session);
/// Has diagnostics passed to `callback` besides being collected; null stops that.
TENON_C_API void tenonSessionSetDiagnosticCallback(tenon_session_t *session,
                                                   tenon_diagnostic_callback_t callback, void *user_data);
/// All diagnostics since the session was made or cleared: lines of text, empty if there are none. Valid until
/// the next call with this session.
TENON_C_API const char *tenonSessionGetDiagnostics(tenon_session_t *session);
/// Forgets the diagnostics collected so far.
TENON_C_API void tenonSessionClearDiagnostics(tenon_session_t *session);

/// Names the model in the file `path`: .onnx, its text forms, or .mlir of the tenon dialect. Null with a
/// diagnostic if there is no such file. The file is read by tenonInvocationRun and must not change before the
/// session ends: weights stay mapped.
TENON_C_API tenon_source_t *tenonSourceCreateFromFile(tenon_session_t *session, const char *path);
/// Frees the source. Null is allowed.
TENON_C_API void tenonSourceDestroy(tenon_source_t *source);

/// Makes an invocation with default options: this machine, weights embedded; never null.
TENON_C_API tenon_invocation_t *tenonInvocationCreate(tenon_session_t *session);
/// Frees the invocation and the compiled model in it. Null is allowed.
TENON_C_API void tenonInvocationDestroy(tenon_invocation_t *invocation);
/// Sets an option from text: target, cpu, features, shape (`input=1x3x224x224`), symbol (`batch=1`), threads,
/// accuracy, embed-weights, profile, cache, stop-after, verify-each. `shape` and `symbol` may be set several
/// times. Fails if there is no such option or the value doesn't fit it.
TENON_C_API tenon_result_t tenonInvocationSetOption(tenon_invocation_t *invocation, const char *key,
                                                    const char *value);
/// Compiles the model; a model compiled before is dropped.
TENON_C_API tenon_result_t tenonInvocationRun(tenon_invocation_t *invocation, tenon_source_t *source);
/// What was compiled, as JSON: inputs, outputs, kernels, sizes of weights and arena. Belongs to the
/// invocation; empty before a run and if `stop-after` left out code generation.
TENON_C_API const char *tenonInvocationGetManifest(tenon_invocation_t *invocation);
/// Writes the compiled model to a file, complete or not at all. `format` is so, wasm, o, a, h, s, ll or mlir;
/// null goes by the ending of `path`.
TENON_C_API tenon_result_t tenonInvocationWrite(tenon_invocation_t *invocation, const char *format,
                                                const char *path);
/// The same file in memory. Null with a diagnostic on failure.
TENON_C_API tenon_output_t *tenonInvocationGetOutput(tenon_invocation_t *invocation, const char *format);

/// The bytes; they live as long as the output. Never null.
TENON_C_API const void *tenonOutputGetData(const tenon_output_t *output);
/// The number of bytes.
TENON_C_API size_t tenonOutputGetSize(const tenon_output_t *output);
/// Frees the bytes. Null is allowed.
TENON_C_API void tenonOutputDestroy(tenon_output_t *output);

#ifdef __cplusplus
}
#endif

#endif // TENON_C_COMPILER_H
