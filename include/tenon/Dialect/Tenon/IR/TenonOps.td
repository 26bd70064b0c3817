//===- TenonOps.td - All ops of the tenon dialect, a family a file -----------------------------===//

#ifndef TENON_DIALECT_TENON_IR_TENONOPS
#define TENON_DIALECT_TENON_IR_TENONOPS

include "tenon/Dialect/Tenon/IR/Program.td"
include "tenon/Dialect/Tenon/IR/Schedule.td"
include "tenon/Dialect/Tenon/IR/Elementwise.td"
include "tenon/Dialect/Tenon/IR/Contraction.td"
include "tenon/Dialect/Tenon/IR/Winograd.td"
include "tenon/Dialect/Tenon/IR/Reduction.td"
include "tenon/Dialect/Tenon/IR/Normalization.td"
include "tenon/Dialect/Tenon/IR/Pooling.td"
include "tenon/Dialect/Tenon/IR/Shape.td"
include "tenon/Dialect/Tenon/IR/Resize.td"
include "tenon/Dialect/Tenon/IR/Indexing.td"
include "tenon/Dialect/Tenon/IR/Quant.td"
include "tenon/Dialect/Tenon/IR/Recurrent.td"
include "tenon/Dialect/Tenon/IR/Control.td"

#endif // TENON_DIALECT_TENON_IR_TENONOPS
