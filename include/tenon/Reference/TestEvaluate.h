//===- TestEvaluate.h - The pass that tests of the evaluator are written with ----------------------===//

#ifndef TENON_REFERENCE_TESTEVALUATE_H
#define TENON_REFERENCE_TESTEVALUATE_H

namespace tenon::reference {

/// Registers `--tenon-test-evaluate`, which replaces the body of each function without arguments by the
/// constants that the reference evaluator says it returns.
void registerTestEvaluatePass();

} // namespace tenon::reference

#endif // TENON_REFERENCE_TESTEVALUATE_H
