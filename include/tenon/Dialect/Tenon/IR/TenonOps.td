//===- TenonOps.td - All ops of the tenon dialect, a family a file -----------------------------===//

#ifndef TENON_DIALECT_TENON_IR_TENONOPS
#define TENON_DIALECT_TENON_IR_TENONOPS

include "tenon/Dialect/Tenon/IR/Program.td"
include "tenon/Dialect/Tenon/IR/Schedule.td"
include "tenon/Dialect/Tenon/IR/Elementwise.td"
include "tenon/Dialect/Tenon/IR/Contraction.td"

#endif // TENON_DIALECT_TENON_IR_TENONOPS
