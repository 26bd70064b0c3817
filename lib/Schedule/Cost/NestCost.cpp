//===- NestCost.cpp - What the loops around a tile cost, in cycles --------------------------------------===//
//
// Computing every tile, and waiting for what the tiles read and write: from the second level, from beyond it,
// and for pages whose place is forgotten. Why each term is there: docs/Rationale/CostModel.md.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Schedule/Cost/TileCost.h"

#include <cmath>

using namespace mlir;
using namespace tenon;

namespace {

using Operand = LoopNest::Operand;

/// What the loops of a nest move, and what of it is waited for.
class NestCost {
public:
  NestCost(const LoopNest &nest, ArrayRef<LoopStep> loops, const Machine &machine);

  double cycles(double computeCycles) const;

private:
  /// What an operand brings into a cache: bytes, and how often each is used once it is there.
  struct Traffic {
    double bytes, uses;
  };

  double footprint(const Operand *operand, ArrayRef<int64_t> extents) const {
    return operand->footprint(extents, machine.cacheLineBytes);
  }
  /// Whether the operand is a result that waits in registers inside loop `i`.
  bool isInRegisters(const Operand *operand, size_t i) const {
    return operand == &nest.output && i >= inRegisters;
  }
  static double missedShare(double workingSet, double capacity) {
    return std::clamp(2 * workingSet / capacity - 1.5, 0.0, 1.0);
  }
  bool isAhead(const Operand *operand) const;
  bool isAskedFor(const Operand *operand) const;
  double jumps(const Operand *operand) const;
  SmallVector<Traffic> traffic(double capacity, int64_t wayBytes) const;
  SmallVector<double> cyclesBeyondL2(ArrayRef<Traffic> far) const;
  double pageWalks() const;

  const LoopNest &nest;
  ArrayRef<LoopStep> loops;
  const Machine &machine;
  SmallVector<const Operand *> operands;
  /// Extents inside each loop, the first outside of all, and how often each loop runs.
  SmallVector<SmallVector<int64_t, 8>> inside;
  SmallVector<double> trips;
  /// The first of the reduction loops inside all parallel ones, which accumulate in registers.
  size_t inRegisters;
  /// Whether what a tile reads of packed weights lies in one piece.
  bool inOnePiece = true;
  double reductionTrips = 1;
};

} // namespace

NestCost::NestCost(const LoopNest &nest, ArrayRef<LoopStep> loops, const Machine &machine)
    : nest(nest), loops(loops), machine(machine), inside{nest.extents}, inRegisters(loops.size()) {
  for (LoopStep loop : loops) {
    SmallVector<int64_t, 8> extents = inside.back();
    trips.push_back(std::ceil(double(extents[loop.dim]) / loop.step));
    extents[loop.dim] = std::min(extents[loop.dim], loop.step);
    inside.push_back(extents);
  }
  for (const Operand &input : nest.inputs)
    operands.push_back(&input);
  operands.push_back(&nest.output);
  while (inRegisters > 0 && nest.reduction[loops[inRegisters - 1].dim])
    --inRegisters;
  // Of the reduction loops, those inside one that is cut into blocks must run whole.
  bool whole = true;
  for (unsigned loop = nest.size(); loop-- > 0;) {
    if (!nest.reduction[loop])
      continue;
    int64_t extent = inside[inRegisters][loop];
    inOnePiece &= whole || extent == 1;
    whole &= extent == nest.extents[loop];
    reductionTrips *= nest.extents[loop];
  }
}

/// Whether the emitter prefetches the operand: packed panels that several tiles in a row use.
bool NestCost::isAhead(const Operand *operand) const {
  return operand->packable && inOnePiece && inRegisters > 0 &&
         !operand->movesWith(loops[inRegisters - 1].dim);
}

/// Whether the emitter asks for it before it is needed: those, and the result ahead of long reductions.
bool NestCost::isAskedFor(const Operand *operand) const {
  return isAhead(operand) || (operand == &nest.output && reductionTrips >= 32);
}

/// The processor foresees what is walked through in one piece. Of the rest, this much: 1 for single lines.
double NestCost::jumps(const Operand *operand) const {
  if (operand->packable)
    return 0;
  int64_t run = operand->runBytes(inside.back());
  for (size_t i = loops.size(); i-- > 0;) {
    if (trips[i] == 1 || !operand->movesWith(loops[i].dim))
      continue;
    int64_t step = std::abs(operand->strides[loops[i].dim]) * loops[i].step * operand->elementBytes;
    if (step > run + machine.cacheLineBytes)
      break;
    run = operand->runBytes(inside[i]);
  }
  return std::min(1.0, 256.0 / run);
}

/// An operand that a loop does not move is read again by each of its trips, as far as what one trip touches
/// does not stay cached: all of it does up to three quarters of the cache, nothing at a quarter more than it.
SmallVector<NestCost::Traffic> NestCost::traffic(double capacity, int64_t wayBytes) const {
  SmallVector<double> workingSet;
  for (const auto &[level, extents] : llvm::enumerate(inside)) {
    double bytes = 0;
    for (const Operand *operand : operands)
      if (operand != &nest.output || level <= inRegisters)
        bytes += footprint(operand, extents) /
                 operand->setsReached(extents, machine.cacheLineBytes, wayBytes) *
                 (isAhead(operand) ? 2 : 1); // the panel in use and the next one
    workingSet.push_back(bytes);
  }
  SmallVector<Traffic> moved;
  for (const Operand *operand : operands) {
    Traffic traffic{footprint(operand, nest.extents), 1};
    for (size_t i = 0; i < loops.size(); ++i) {
      if (isInRegisters(operand, i))
        continue;
      // A loop that does move it comes back for halos of windows and for the rest of cut lines.
      double again = trips[i];
      if (operand->movesWith(loops[i].dim))
        again = std::max(1.0, trips[i] * footprint(operand, inside[i + 1]) / footprint(operand, inside[i]));
      double reads = 1 + (again - 1) * missedShare(workingSet[i + 1], capacity);
      traffic.bytes *= reads;
      // The rest of a line is used at once by what goes on along it.
      if (!operand->movesWith(loops[i].dim) || i < inRegisters)
        traffic.uses *= again / reads;
    }
    moved.push_back(traffic);
  }
  return moved;
}

/// Cycles in which each operand comes from beyond the second level.
SmallVector<double> NestCost::cyclesBeyondL2(ArrayRef<Traffic> far) const {
  // Other cores and the rest of the program use the third level too.
  double l3Capacity = std::max(machine.l3Bytes / 4, machine.l2Bytes);
  SmallVector<double> cycles;
  for (auto [operand, moved, memory] :
       llvm::zip_equal(operands, far, traffic(l3Capacity, machine.cacheLineBytes))) {
    // Weights come from memory the first time, since the rest of the program has used the caches since the
    // last run; what was computed just before is still there if it fits.
    double whole = footprint(operand, nest.extents);
    double first = !operand->packable && whole < l3Capacity ? whole : 0;
    cycles.push_back(moved.bytes / machine.l3BytesPerCycle +
                     (memory.bytes - first) * (1 / machine.dramBytesPerCycle - 1 / machine.l3BytesPerCycle));
  }
  return cycles;
}

/// How often the place of a page is looked up in memory: the processor remembers about as many as the second
/// level of its table holds.
double NestCost::pageWalks() const {
  constexpr double pagesKnown = 1536;
  SmallVector<double> pagesInside;
  for (const auto &extents : inside) {
    double pages = 0;
    for (const Operand *operand : operands)
      pages += operand->pages(extents, machine.pageBytes);
    pagesInside.push_back(pages);
  }
  double walks = 0;
  for (const Operand *operand : operands) {
    double pages = operand->pages(nest.extents, machine.pageBytes);
    for (size_t i = 0; i < loops.size(); ++i)
      if (!operand->movesWith(loops[i].dim) && !isInRegisters(operand, i))
        pages *= 1 + (trips[i] - 1) * missedShare(pagesInside[i + 1], pagesKnown);
    walks += pages;
  }
  return walks;
}

double NestCost::cycles(double computeCycles) const {
  constexpr double walkCycles = 60;
  // The ways of a first-level cache hold a page; second-level caches have about eight.
  SmallVector<Traffic> near = traffic(machine.l1Bytes, machine.pageBytes);
  SmallVector<Traffic> far = traffic(machine.l2Bytes, llvm::PowerOf2Ceil(machine.l2Bytes / 8));
  SmallVector<double> farCycles = cyclesBeyondL2(far);
  double fromL2 = 0, fromFar = 0;
  for (Traffic moved : near)
    fromL2 += moved.bytes / machine.l2BytesPerCycle;
  for (double cycles : farCycles)
    fromFar += cycles;

  // The tightest bound holds, and more than it where others come close.
  double bound = 0;
  for (double cycles : {computeCycles, fromL2, fromFar})
    bound += std::pow(cycles, 4);
  bound = std::pow(bound, 0.25);

  // The processor's own prefetching hides most of what comes from the second level under the computation; of
  // what is further away three quarters where it lies in runs, as long as the first use has computation to
  // hide it under; the emitter's nearly all.
  double waits = pageWalks() * walkCycles, farWaits = 0;
  for (auto [operand, moved] : llvm::zip_equal(operands, near))
    waits += moved.bytes / machine.l2BytesPerCycle * (operand->packable ? 0.05 : 0.15 + 0.5 * jumps(operand));
  double busy = std::min(1.0, fromFar / computeCycles);
  for (auto [operand, moved, cycles] : llvm::zip_equal(operands, far, farCycles))
    farWaits += isAskedFor(operand) ? cycles * (0.15 + 0.85 * busy * busy)
                                    : std::max(cycles * (0.25 + 0.75 * jumps(operand)),
                                               cycles - computeCycles / moved.uses / 3);
  return bound + waits + farWaits * std::min(1.0, computeCycles / std::max(1.0, fromFar));
}

double tenon::nestCycles(const LoopNest &nest, double computeCycles, ArrayRef<LoopStep> loops,
                         const Machine &machine) {
  return NestCost(nest, loops, machine).cycles(computeCycles);
}
