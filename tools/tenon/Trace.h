//===- Trace.h - Kernels on their threads over time -------------------------------------------===//

#ifndef TENON_TOOLS_TENON_TRACE_H
#define TENON_TOOLS_TENON_TRACE_H

#include "ProfiledModel.h"

/// Runs `model`, which openProfiled gave, a few times and returns what happened as JSON trace events, which
/// Perfetto and Chrome's tracing page show: runs, the launches in them, and the ranges of launches that
/// threads share. Times are microseconds since the first run.
std::string traceRuns(LoadedModel &model, const Arguments &arguments);

#endif // TENON_TOOLS_TENON_TRACE_H
