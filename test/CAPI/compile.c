/* Compiles a model through the C ABI: session, source, invocation, outputs, diagnostics. argv: model, output
 * folder. */

#include "tenon-c/compiler.h"

#include <stdio.h>
#include <string.h>

static int failures = 0;

static void check(int condition, const char *what) {
  if (condition)
    return;
  fprintf(stderr, "failed: %s\n", what);
  ++failures;
}

static void count(void *userData, tenon_severity_t severity, const char *text) {
  if (severity == TENON_SEVERITY_ERROR && strncmp(text, "error: ", 7) == 0)
    ++*(int *)userData;
}

static void testFacts(void) {
  check(tenonGetApiVersion() == TENON_C_API_VERSION, "the library is of the header's version");
  check(strchr(tenonGetVersion(), '.') != NULL, "the version is a number");
  check(tenonGetTargetCount() > 1 && !strcmp(tenonGetTargetName(0), "host"), "host comes first");
  check(tenonGetTargetName(tenonGetTargetCount()) == NULL, "no target beyond the last");
}

static void testCompile(const char *model, const char *path) {
  tenon_session_t *session = tenonSessionCreate();
  tenon_source_t *source = tenonSourceCreateFromFile(session, model);
  tenon_invocation_t *invocation = tenonInvocationCreate(session);
  check(source != NULL, "the model opens");
  check(!*tenonInvocationGetManifest(invocation), "no manifest before a run");
  check(tenonInvocationSetOption(invocation, "threads", "1") == TENON_SUCCESS, "threads can be set");
  check(tenonInvocationRun(invocation, source) == TENON_SUCCESS, "the model compiles");
  check(strstr(tenonInvocationGetManifest(invocation), "\"kernels\"") != NULL, "the manifest lists kernels");
  check(tenonInvocationWrite(invocation, NULL, path) == TENON_SUCCESS, "the shared library is written");

  tenon_output_t *output = tenonInvocationGetOutput(invocation, "o");
  check(output && tenonOutputGetSize(output) > 64 && !memcmp(tenonOutputGetData(output), "\177ELF", 4),
        "the object is in memory");
  tenonOutputDestroy(output);
  output = tenonInvocationGetOutput(invocation, "h");
  check(output && tenonOutputGetSize(output) > 0, "the header is in memory");
  tenonOutputDestroy(output);
  check(!*tenonSessionGetDiagnostics(session), "no diagnostics");
  fputs(tenonSessionGetDiagnostics(session), stderr);

  tenonInvocationDestroy(invocation);
  tenonSourceDestroy(source);
  tenonSessionDestroy(session);
}

static void testErrors(const char *model) {
  int errors = 0;
  tenon_session_t *session = tenonSessionCreate();
  tenonSessionSetDiagnosticCallback(session, count, &errors);
  check(tenonSourceCreateFromFile(session, "missing.onnx") == NULL && errors == 1,
        "a missing file is reported");
  check(strstr(tenonSessionGetDiagnostics(session), "missing.onnx") != NULL, "the file is named");
  tenonSessionClearDiagnostics(session);
  check(!*tenonSessionGetDiagnostics(session), "diagnostics are forgotten");

  tenon_invocation_t *invocation = tenonInvocationCreate(session);
  check(tenonInvocationSetOption(invocation, "threads", "many") == TENON_FAILURE && errors == 2,
        "a bad value");
  check(tenonInvocationSetOption(invocation, "colour", "red") == TENON_FAILURE && errors == 3, "a bad key");
  check(tenonInvocationWrite(invocation, "so", "never.so") == TENON_FAILURE && errors == 4,
        "nothing to write yet");
  tenon_source_t *source = tenonSourceCreateFromFile(session, model);
  tenonInvocationSetOption(invocation, "stop-after", "graph");
  check(tenonInvocationRun(invocation, source) == TENON_SUCCESS, "a run may stop early");
  check(tenonInvocationGetOutput(invocation, "o") == NULL && errors == 5,
        "no object without code generation");
  tenon_output_t *text = tenonInvocationGetOutput(invocation, "mlir");
  check(text && tenonOutputGetSize(text) > 0, "the module as text");

  tenonOutputDestroy(text);
  tenonInvocationDestroy(invocation);
  tenonSourceDestroy(source);
  tenonSessionDestroy(session);
}

static void testNull(void) {
  tenonSessionDestroy(NULL);
  tenonSourceDestroy(NULL);
  tenonInvocationDestroy(NULL);
  tenonOutputDestroy(NULL);
}

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  testFacts();
  testCompile(argv[1], argv[2]);
  testErrors(argv[1]);
  testNull();
  printf("%d failures\n", failures);
  return failures != 0;
}
