//===- TileCost.cpp - What a tile of a loop nest costs, in cycles ------------------------------------===//

#include "tenon/Schedule/Cost/TileCost.h"

#include <cmath>
#include <set>

using namespace mlir;
using namespace tenon;

int64_t RegisterTile::multiplyAdds(int64_t lanes) const {
  int64_t count = 1;
  for (auto [loop, extent] : llvm::enumerate(extents))
    count *= loop == vectorLoop ? llvm::divideCeil(extent, lanes) : extent;
  return count;
}

/// Calls `visit` with the loop indices of each point of the tile in the order the emitter unrolls it:
/// reduction points outside, then parallel ones, vectors innermost.
static void forEachPoint(const LoopNest &nest, const RegisterTile &tile, int64_t lanes,
                         function_ref<void(ArrayRef<int64_t>)> visit) {
  SmallVector<unsigned> order;
  for (bool reduction : {true, false})
    for (unsigned loop = 0; loop < nest.size(); ++loop)
      if (nest.reduction[loop] == reduction && loop != tile.vectorLoop && tile.extents[loop] > 1)
        order.push_back(loop);
  order.push_back(tile.vectorLoop);
  SmallVector<int64_t> point(nest.size(), 0);
  std::function<void(unsigned)> descend = [&](unsigned depth) {
    if (depth == order.size())
      return visit(point);
    unsigned loop = order[depth];
    for (int64_t at = 0; at < tile.extents[loop]; at += loop == tile.vectorLoop ? lanes : 1) {
      point[loop] = at;
      descend(depth + 1);
    }
    point[loop] = 0;
  };
  descend(0);
}

/// Cache lines of a tile, at one step of the reduction loops around it, that share a set of the first-level
/// cache with more than fit: none of them is there any more when the next step comes back to it. A way holds
/// a page, as in caches looked up by the address within one; two ways of a set are left to what streams past.
static double countEvictedLines(const LoopNest &nest, const RegisterTile &tile, const Machine &machine) {
  int64_t ways = std::max<int64_t>(4, machine.l1Bytes / machine.pageBytes);
  int64_t sets = machine.pageBytes / machine.cacheLineBytes;
  double evicted = 0;
  for (const LoopNest::Operand &input : nest.inputs) {
    if (input.packable)
      continue;
    std::set<int64_t> lines{0};
    for (unsigned loop = 0; loop < nest.size(); ++loop) {
      if (loop == tile.vectorLoop || input.strides[loop] == 0)
        continue;
      std::set<int64_t> moved;
      for (int64_t address : lines)
        for (int64_t at = 0; at < tile.extents[loop]; ++at)
          moved.insert(address + at * input.strides[loop]);
      lines = std::move(moved);
    }
    std::map<int64_t, std::set<int64_t>> bySet;
    for (int64_t address : lines) {
      int64_t line = address * input.elementBytes / machine.cacheLineBytes;
      bySet[line % sets].insert(line);
    }
    for (const auto &[set, inSet] : bySet)
      if (int64_t(inSet.size()) > ways - 2)
        evicted += inSet.size();
  }
  return evicted;
}

TileFeatures tenon::analyzeTile(const LoopNest &nest, const RegisterTile &tile, const Machine &machine,
                                int64_t lanes) {
  TileFeatures features;
  features.accumulators = 1;
  for (unsigned loop = 0; loop < nest.size(); ++loop)
    if (!nest.reduction[loop] || loop == tile.vectorLoop)
      features.accumulators *=
          loop == tile.vectorLoop ? llvm::divideCeil(tile.extents[loop], lanes) : tile.extents[loop];

  // Each distinct value is loaded once and lives from its first to its last use.
  struct Life {
    unsigned first, last;
    double cost;
  };
  std::map<std::pair<unsigned, int64_t>, Life> lives;
  unsigned time = 0;
  forEachPoint(nest, tile, lanes, [&](ArrayRef<int64_t> point) {
    for (auto [number, input] : llvm::enumerate(nest.inputs)) {
      int64_t address = 0;
      for (unsigned loop = 0; loop < nest.size(); ++loop)
        address += point[loop] * input.strides[loop];
      bool packed = input.packable && input.movesWith(tile.vectorLoop) && !nest.reduction[tile.vectorLoop];
      int64_t along = packed ? 1 : input.strides[tile.vectorLoop];
      // A strided vector is put together from single loads and inserts, or comes out of a square transposed
      // in registers.
      double cost = along == 0 || along == 1 ? 1 : 2.0 * lanes;
      for (unsigned loop = 0; loop < nest.size() && cost > 1; ++loop)
        if (loop != tile.vectorLoop && input.strides[loop] == 1 && tile.extents[loop] >= lanes)
          cost = 1 + llvm::Log2_64_Ceil(lanes);
      auto [life, isNew] = lives.try_emplace({number, address}, Life{time, time, cost});
      life->second.last = time;
    }
    ++time;
  });
  features.multiplyAdds = time;
  SmallVector<int> change(time + 2, 0);
  bool passing = false; // a value loaded for one use needs a register for a moment
  for (auto &[key, life] : lives) {
    features.loads += life.cost;
    passing |= life.last == life.first;
    if (life.last > life.first) {
      ++change[life.first];
      --change[life.last + 1];
    }
  }
  int alive = 0, most = 0;
  for (int step : change) {
    alive += step;
    most = std::max(most, alive);
  }
  bool reduces = llvm::is_contained(nest.reduction, true);
  if (reduces)
    features.evictedLines = countEvictedLines(nest, tile, machine);
  features.registers = (reduces ? features.accumulators : 0) + most + passing;

  double issue = features.multiplyAdds / machine.fmaPerCycle;
  double memory = features.loads / machine.loadsPerCycle +
                  features.evictedLines * machine.cacheLineBytes / machine.l2BytesPerCycle;
  double latency = reduces ? features.multiplyAdds * machine.fmaLatency / features.accumulators : 0;
  // Tiles that reduce all at once wait for none before: as many overlap as the processor looks ahead.
  constexpr double instructionsAhead = 200;
  bool reducesWhole = true;
  for (unsigned loop = 0; loop < nest.size(); ++loop)
    reducesWhole &= !nest.reduction[loop] || tile.extents[loop] >= nest.extents[loop];
  if (reducesWhole)
    latency /= std::max(1.0, instructionsAhead / (features.multiplyAdds + features.loads));
  // What the front end must bring in: the work, loads, and about three instructions of loop.
  double frontEnd = (features.multiplyAdds + features.loads + 3) / 5.0;
  // The tightest of them binds, but the closer the others come the more often they collide.
  double bound = std::max({issue, memory, latency, frontEnd});
  features.cycles = bound + 0.1 * (issue + memory + latency + frontEnd - bound);
  return features;
}

double tenon::computeCycles(const LoopNest &nest, const RegisterTile &tile, const Machine &machine,
                            int64_t lanes) {
  // Every combination of full and remaining extents along the loops the tile spans.
  double total = 0;
  RegisterTile part = tile;
  std::function<void(unsigned, double)> descend = [&](unsigned loop, double count) {
    if (loop < nest.size()) {
      int64_t extent = nest.extents[loop], step = tile.extents[loop];
      bool even = loop != tile.vectorLoop && !nest.reduction[loop];
      EvenSplit split = even ? splitEvenly(extent, step)
                             : EvenSplit{step, extent / step, extent % step, extent % step != 0};
      if (split.largeCount) {
        part.extents[loop] = split.large;
        descend(loop + 1, count * split.largeCount);
      }
      if (split.smallCount) {
        part.extents[loop] = split.small;
        descend(loop + 1, count * split.smallCount);
      }
      return;
    }
    TileFeatures features = analyzeTile(nest, part, machine, lanes);
    double reductionTrips = 1;
    for (unsigned i = 0; i < nest.size(); ++i)
      if (nest.reduction[i])
        reductionTrips *= double(nest.extents[i]) / tile.extents[i];
    // Starting the accumulators, storing them and starting the loops, once a tile of the result.
    double perResult = 2.0 * features.accumulators + 15;
    bool acrossLanes = nest.reduction[tile.vectorLoop];
    if (acrossLanes) {
      double vectors = double(llvm::divideCeil(part.extents[tile.vectorLoop], lanes));
      perResult += features.accumulators + features.accumulators / vectors * 4 * llvm::Log2_64_Ceil(lanes);
    }
    total += count * (features.cycles + perResult / std::max(1.0, reductionTrips));
  };
  descend(0, 1);
  return total;
}

double tenon::nestCycles(const LoopNest &nest, double computeCycles, ArrayRef<LoopStep> loops,
                         const Machine &machine) {
  // Extents inside each loop, and how often each loop runs.
  SmallVector<SmallVector<int64_t, 8>> inside{nest.extents};
  SmallVector<double> trips;
  for (LoopStep loop : loops) {
    SmallVector<int64_t, 8> extents = inside.back();
    trips.push_back(std::ceil(double(extents[loop.dim]) / loop.step));
    extents[loop.dim] = std::min(extents[loop.dim], loop.step);
    inside.push_back(extents);
  }
  SmallVector<const LoopNest::Operand *> operands;
  for (const LoopNest::Operand &input : nest.inputs)
    operands.push_back(&input);
  operands.push_back(&nest.output);

  // The reduction loops inside all parallel ones accumulate in registers.
  size_t inRegisters = loops.size();
  while (inRegisters > 0 && nest.reduction[loops[inRegisters - 1].dim])
    --inRegisters;
  // The emitter prefetches packed panels that several tiles in a row use, if what a tile reads of one lies in
  // one piece: of the reduction loops, those inside one that is cut into blocks run whole.
  bool inOnePiece = true, whole = true;
  for (unsigned loop = nest.size(); loop-- > 0;) {
    if (!nest.reduction[loop])
      continue;
    int64_t extent = inside[inRegisters][loop];
    inOnePiece &= whole || extent == 1;
    whole &= extent == nest.extents[loop];
  }
  auto isAhead = [&](const LoopNest::Operand *operand) {
    return operand->packable && inOnePiece && inRegisters > 0 &&
           !operand->movesWith(loops[inRegisters - 1].dim);
  };
  // An operand that a loop does not move is read again by each of its trips, as far as what one trip touches
  // does not stay cached: all of it does up to three quarters of the cache, nothing at a quarter more than
  // it.
  struct Traffic {
    double bytes;
    double uses; ///< of each byte, once it is cached
  };
  auto traffic = [&](double capacity, int64_t wayBytes) {
    SmallVector<double> workingSet;
    for (const auto &[level, extents] : llvm::enumerate(inside)) {
      double bytes = 0;
      for (const LoopNest::Operand *operand : operands)
        if (operand != &nest.output || level <= inRegisters)
          bytes += operand->footprint(extents, machine.cacheLineBytes) /
                   operand->setsReached(extents, machine.cacheLineBytes, wayBytes) *
                   (isAhead(operand) ? 2 : 1); // the panel in use and the next one
      workingSet.push_back(bytes);
    }
    SmallVector<Traffic> moved;
    for (const LoopNest::Operand *operand : operands) {
      Traffic traffic{operand->footprint(nest.extents, machine.cacheLineBytes), 1};
      for (size_t i = 0; i < loops.size(); ++i) {
        bool accumulates = operand == &nest.output && i >= inRegisters;
        if (accumulates)
          continue;
        // A loop that does move it comes back for halos of windows and for the rest of cut lines.
        double again = trips[i];
        if (operand->movesWith(loops[i].dim))
          again = std::max(1.0, trips[i] * operand->footprint(inside[i + 1], machine.cacheLineBytes) /
                                    operand->footprint(inside[i], machine.cacheLineBytes));
        double missed = std::clamp(2 * workingSet[i + 1] / capacity - 1.5, 0.0, 1.0);
        double reads = 1 + (again - 1) * missed;
        traffic.bytes *= reads;
        traffic.uses *= again / reads;
      }
      moved.push_back(traffic);
    }
    return moved;
  };
  // The ways of a first-level cache hold a page; second-level caches have about eight.
  double fromL2 = 0, fromFar = 0, exposed = 0;
  SmallVector<Traffic> near = traffic(machine.l1Bytes, machine.pageBytes);
  for (Traffic moved : near)
    fromL2 += moved.bytes / machine.l2BytesPerCycle;
  SmallVector<Traffic> far = traffic(machine.l2Bytes, llvm::PowerOf2Ceil(machine.l2Bytes / 8));
  // Other cores and the rest of the program use the third level too.
  double l3Capacity = std::max(machine.l3Bytes / 4, machine.l2Bytes);
  SmallVector<Traffic> fromMemory = traffic(l3Capacity, machine.cacheLineBytes);
  SmallVector<double> farCycles;
  for (auto [operand, moved, memory] : llvm::zip_equal(operands, far, fromMemory)) {
    double cycles = moved.bytes / machine.l3BytesPerCycle;
    // Weights come from memory the first time, since the rest of the program has used the caches since the
    // last run; what was computed just before is still there if it fits.
    double whole = operand->footprint(nest.extents, machine.cacheLineBytes);
    double first = !operand->packable && whole < l3Capacity ? whole : 0;
    cycles += (memory.bytes - first) * (1 / machine.dramBytesPerCycle - 1 / machine.l3BytesPerCycle);
    farCycles.push_back(cycles);
    fromFar += cycles;
  }
  // The processor foresees what is walked through in one piece. Of the rest, this much: 1 for single lines.
  auto jumps = [&](const LoopNest::Operand *operand) {
    if (operand->packable)
      return 0.0;
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
  };
  // The tightest bound holds, and more than it where others come close.
  double bound = 0;
  for (double cycles : {computeCycles, fromL2, fromFar})
    bound += std::pow(cycles, 4);
  bound = std::pow(bound, 0.25);
  // The processor's own prefetching hides most of what comes from the second level under the computation; of
  // what is further away half, as long as the first use has computation to hide it under; the emitter's
  // nearly all.
  double busy = std::min(1.0, fromFar / computeCycles);
  double reductionTrips = 1;
  for (unsigned loop = 0; loop < nest.size(); ++loop)
    reductionTrips *= nest.reduction[loop] ? nest.extents[loop] : 1;
  for (auto [operand, moved, cycles] : llvm::zip_equal(operands, far, farCycles)) {
    // The emitter asks for the result ahead of long reductions.
    bool isAsked = isAhead(operand) || (operand == &nest.output && reductionTrips >= 32);
    exposed += isAsked
                   ? cycles * (0.15 + 0.85 * busy * busy)
                   : std::max(cycles * (0.5 + 0.5 * jumps(operand)), cycles - computeCycles / moved.uses / 3);
  }
  // Pages whose place the processor has forgotten: it remembers about as many as a second level of its table
  // holds, and finds a place again by walking through memory.
  constexpr double pagesKnown = 1536, walkCycles = 60;
  double walks = 0;
  SmallVector<double> pagesInside;
  for (const auto &extents : inside) {
    double pages = 0;
    for (const LoopNest::Operand *operand : operands)
      pages += operand->pages(extents, machine.pageBytes);
    pagesInside.push_back(pages);
  }
  for (const LoopNest::Operand *operand : operands) {
    double pages = operand->pages(nest.extents, machine.pageBytes);
    for (size_t i = 0; i < loops.size(); ++i)
      if (!operand->movesWith(loops[i].dim) && !(operand == &nest.output && i >= inRegisters))
        pages *= 1 + (trips[i] - 1) * std::clamp(2 * pagesInside[i + 1] / pagesKnown - 1.5, 0.0, 1.0);
    walks += pages;
  }
  double exposedNear = walks * walkCycles;
  for (auto [operand, moved] : llvm::zip_equal(operands, near))
    exposedNear +=
        moved.bytes / machine.l2BytesPerCycle * (operand->packable ? 0.05 : 0.15 + 0.35 * jumps(operand));
  return bound + exposedNear + exposed * std::min(1.0, computeCycles / std::max(1.0, fromFar));
}
