//===- Registration.h - All dialects and passes, for tools that take them by name -------------------===//

#ifndef TENON_PIPELINE_REGISTRATION_H
#define TENON_PIPELINE_REGISTRATION_H

#include "mlir/IR/DialectRegistry.h"

namespace tenon {

/// Every dialect a program may hold in some phase: tenon and the upstream dialects below it.
void registerDialects(mlir::DialectRegistry &registry);

/// Every pass of Tenon and the named pipelines of the phases, for `tenon-opt` and textual pipelines.
void registerPasses();

} // namespace tenon

#endif // TENON_PIPELINE_REGISTRATION_H
