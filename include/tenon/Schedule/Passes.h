//===- Passes.h - Passes of the schedule phase -------------------------------------------------------===//

#ifndef TENON_SCHEDULE_PASSES_H
#define TENON_SCHEDULE_PASSES_H

#include "mlir/Pass/Pass.h"

namespace tenon {
#define GEN_PASS_DECL
#include "tenon/Schedule/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "tenon/Schedule/Passes.h.inc"
} // namespace tenon

#endif // TENON_SCHEDULE_PASSES_H
