//===- error.h - The message behind tenon_rt_last_error -----------------------------------------===//

#ifndef TENON_RUNTIME_HOST_ERROR_H
#define TENON_RUNTIME_HOST_ERROR_H

// Keeps the message for this thread, cut to its buffer, and returns `status`.
__attribute__((format(printf, 2, 3))) int fail(int status, const char *format, ...);

#endif // TENON_RUNTIME_HOST_ERROR_H
