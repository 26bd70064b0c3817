/* Compiles a model for one thread of this machine. argv: the model, the shared library to write. */

#include <tenon-c/compiler.h>

#include <stdio.h>

int main(int argc, char **argv) {
  if (argc != 3)
    return 2;
  tenon_session_t *session = tenonSessionCreate();
  tenon_source_t *source = tenonSourceCreateFromFile(session, argv[1]);
  tenon_invocation_t *invocation = tenonInvocationCreate(session);
  int failed = !source || tenonInvocationSetOption(invocation, "threads", "1") ||
               tenonInvocationRun(invocation, source) || tenonInvocationWrite(invocation, NULL, argv[2]);
  fputs(tenonSessionGetDiagnostics(session), stderr);
  tenonInvocationDestroy(invocation);
  tenonSourceDestroy(source);
  tenonSessionDestroy(session);
  return failed;
}
