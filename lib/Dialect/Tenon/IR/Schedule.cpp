//===- Schedule.cpp - The text form and storage of #tenon.schedule ------------------------------===//

#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/IR/DialectImplementation.h"

using namespace mlir;
using namespace tenon;

llvm::hash_code tenon::hash_value(const StageSchedule &stage) {
  return llvm::hash_combine(stage.op, llvm::hash_combine_range(stage.loops.begin(), stage.loops.end()),
                            llvm::hash_combine_range(stage.inner.begin(), stage.inner.end()),
                            stage.vectorDim.value_or(~0u), stage.parallelLoops, stage.parent.value_or(~0u),
                            stage.depth, stage.stored, stage.with.value_or(~0u));
}

//===----------------------------------------------------------------------------------------===//
// Parsing
//===----------------------------------------------------------------------------------------===//

/// Parses `d3`.
static ParseResult parseDim(AsmParser &parser, unsigned &dim) {
  StringRef keyword;
  SMLoc at = parser.getCurrentLocation();
  if (parser.parseKeyword(&keyword))
    return failure();
  if (!keyword.consume_front("d") || keyword.getAsInteger(10, dim))
    return parser.emitError(at, "expected a dimension such as 'd0'");
  return success();
}

/// Parses `[d0 by 8, d1 by 2v]`.
static ParseResult parseLoops(AsmParser &parser, SmallVectorImpl<LoopStep> &loops) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
    LoopStep loop{};
    SMLoc at;
    if (parseDim(parser, loop.dim) || parser.parseKeyword("by") || parser.getCurrentLocation(&at) ||
        parser.parseInteger(loop.step))
      return failure();
    (void)parser.parseOptionalKeyword("v");
    if (loop.step <= 0)
      return parser.emitError(at, "expected a positive step, but got ") << loop.step;
    loops.push_back(loop);
    return success();
  });
}

/// Parses `op 3 {property (`,` property)*}`.
static ParseResult parseStage(AsmParser &parser, StageSchedule &stage) {
  if (parser.parseKeyword("op") || parser.parseInteger(stage.op))
    return failure();
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Braces, [&]() -> ParseResult {
    StringRef property;
    SMLoc at = parser.getCurrentLocation();
    if (parser.parseKeyword(&property))
      return failure();
    if (property == "loops")
      return parseLoops(parser, stage.loops);
    if (property == "inner")
      return parseLoops(parser, stage.inner);
    if (property == "vector")
      return parseDim(parser, stage.vectorDim.emplace());
    if (property == "parallel")
      return parser.parseInteger(stage.parallelLoops);
    if (property == "with")
      return parser.parseInteger(stage.with.emplace());
    if (property == "store") {
      stage.stored = true;
      if (parser.parseKeyword("in"))
        return failure();
      property = "in";
    }
    if (property == "in")
      return failure(parser.parseInteger(stage.parent.emplace()) || parser.parseKeyword("at") ||
                     parser.parseInteger(stage.depth));
    return parser.emitError(
               at, "expected 'loops', 'inner', 'vector', 'parallel', 'with', 'store in' or 'in', but got '")
           << property << "'";
  });
}

Attribute ScheduleAttr::parse(AsmParser &parser, Type) {
  Schedule schedule;
  auto parseOne = [&] { return parseStage(parser, schedule.stages.emplace_back()); };
  if (parser.parseLess() || parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseOne) ||
      parser.parseGreater())
    return {};
  return ScheduleAttr::get(parser.getContext(), schedule);
}

//===----------------------------------------------------------------------------------------===//
// Printing
//===----------------------------------------------------------------------------------------===//

static void printLoops(AsmPrinter &printer, StringRef name, const StageSchedule &stage,
                       ArrayRef<LoopStep> loops) {
  printer << name << " [";
  llvm::interleaveComma(loops, printer, [&](const LoopStep &loop) {
    printer << 'd' << loop.dim << " by " << loop.step;
    if (stage.vectorDim == loop.dim)
      printer << 'v';
  });
  printer << ']';
}

void ScheduleAttr::print(AsmPrinter &printer) const {
  printer << "<[";
  llvm::interleaveComma(getSchedule().stages, printer, [&](const StageSchedule &stage) {
    printer << "op " << stage.op << " {";
    bool first = true;
    auto next = [&]() -> AsmPrinter & {
      if (!first)
        printer << ", ";
      first = false;
      return printer;
    };
    if (stage.parent)
      next() << (stage.stored ? "store in " : "in ") << *stage.parent << " at " << stage.depth;
    if (stage.with)
      next() << "with " << *stage.with;
    if (!stage.loops.empty())
      printLoops(next(), "loops", stage, stage.loops);
    if (!stage.inner.empty())
      printLoops(next(), "inner", stage, stage.inner);
    if (stage.vectorDim)
      next() << "vector d" << *stage.vectorDim;
    if (stage.parallelLoops)
      next() << "parallel " << stage.parallelLoops;
    printer << '}';
  });
  printer << "]>";
}

LogicalResult InterleaveAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t group,
                                     int64_t step, int64_t bands, int64_t shares, int64_t ahead,
                                     int64_t before, int64_t behind) {
  if (group < 0 || step < 1 || bands < 1 || shares < 1 || shares > bands)
    return emitError()
           << "expects a group from 0 on, steps and bands from 1 on, and at most as many shares as bands";
  if (ahead < 0 || before < 0 || behind < 0)
    return emitError() << "expects 'ahead', 'before' and 'behind' from 0 on";
  return success();
}

LogicalResult RollingAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t window, int64_t low,
                                  int64_t high, int64_t every) {
  if (low < 0 || high < 0 || every < 1 || window < low + high || window % 64 != 0)
    return emitError()
           << "expects a window of whole lines of 64 bytes that holds 'low' and 'high', which are from 0 "
              "on, and bands from 1 on";
  return success();
}
