//===- error.c - The message behind tenon_rt_last_error -----------------------------------------===//

#include "error.h"

#include "tenon-rt/loader.h"

#include <stdarg.h>
#include <stdio.h>

// A thread's own, so that models shared by threads stay immutable.
static _Thread_local char message[512];

int fail(int status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof message, format, arguments);
  va_end(arguments);
  return status;
}

const char *tenon_rt_last_error(void) { return message; }
