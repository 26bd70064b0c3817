//===- TileCost.cpp - What a tile of a loop nest costs, in cycles ------------------------------------===//

#include "tenon/Schedule/Cost/TileCost.h"

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

/// Whether a tile reduces all at once.
static bool reducesWhole(const LoopNest &nest, const RegisterTile &tile) {
  return llvm::all_of(llvm::seq<unsigned>(0, nest.size()), [&](unsigned loop) {
    return !nest.reduction[loop] || tile.extents[loop] >= nest.extents[loop];
  });
}

/// Whether what a tile reads over its whole reduction takes more than half of the first-level cache, and
/// comes from behind it while the tile is computed.
static bool streams(const LoopNest &nest, const RegisterTile &tile, const Machine &machine) {
  SmallVector<int64_t, 8> extents(tile.extents);
  for (unsigned loop = 0; loop < nest.size(); ++loop)
    if (nest.reduction[loop])
      extents[loop] = nest.extents[loop];
  double bytes = 0;
  for (const LoopNest::Operand &input : nest.inputs)
    bytes += input.footprint(extents, machine.cacheLineBytes);
  return 2 * bytes > machine.l1Bytes;
}

/// Whether a tile is computed in a loop that the processor settles in: long enough, and its vectors come out
/// of panels.
static bool isSteady(const LoopNest &nest, const RegisterTile &tile) {
  for (const LoopNest::Operand &input : nest.inputs)
    if (input.movesWith(tile.vectorLoop) && !input.packable)
      return false;
  for (unsigned loop = nest.size(); loop-- > 0;)
    if (nest.reduction[loop]) // the innermost one
      return loop != tile.vectorLoop && nest.extents[loop] >= 8 * tile.extents[loop];
  return false;
}

/// Tiles that reduce all at once wait for none before, and as many overlap as the processor looks ahead: the
/// share of that which one takes.
static double shareAhead(const TileFeatures &features) {
  constexpr double instructionsAhead = 200;
  return std::min(1.0, (features.multiplyAdds + features.loads) / instructionsAhead);
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
      // A strided vector is picked out of two, put together from single loads and inserts, or comes out of a
      // square transposed in registers.
      double cost = along == 0 || along == 1 ? 1 : along == 2 && !machine.vscaleBits ? 4 : 2.0 * lanes;
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

  // An odd one has its cycle to itself (measured: nine take as long as ten).
  double issue = std::ceil(features.multiplyAdds / machine.fmaPerCycle);
  double memory = features.loads / machine.loadsPerCycle +
                  features.evictedLines * machine.cacheLineBytes / machine.l2BytesPerCycle;
  double latency = reduces ? features.multiplyAdds * machine.fmaLatency / features.accumulators : 0;
  if (reducesWhole(nest, tile))
    latency *= shareAhead(features);
  // What the front end must bring in: the work, loads, and about three instructions of loop.
  double frontEnd = (features.multiplyAdds + features.loads + 3) / 5.0;
  // The tightest of them binds, but the closer the others come the more often they collide. In a steady loop,
  // waiting for results collides only with waiting for operands that do not stay in the first level.
  double throughput = std::max({issue, memory, frontEnd});
  double others = issue + memory + latency + frontEnd - std::max(throughput, latency);
  if (latency <= throughput && isSteady(nest, tile) && !streams(nest, tile, machine))
    others -= latency;
  features.cycles = std::max(throughput, latency) + 0.1 * others;
  // Without a register to spare loads wait for one (measured: 4x3 against 6x2 vectors in 16 registers).
  if (features.registers >= machine.numVectorRegisters && isSteady(nest, tile))
    features.cycles *= 1.01;
  return features;
}

/// Starting the accumulators of a tile, storing them and starting its loops. The processor begins the next
/// tile meanwhile, unless results take most of the registers (measured: 12 cycles for 8 results of 16
/// registers, 15 for 9, 32 for 10, 40 for 12, whatever the length of the reduction).
static double resultCycles(unsigned accumulators, const Machine &machine) {
  bool isCrowded = 16 * accumulators > 9 * machine.numVectorRegisters;
  return 4 + accumulators * (isCrowded ? 3.0 : 1.0);
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
    bool acrossLanes = nest.reduction[tile.vectorLoop];
    double perResult = isSteady(nest, part) ? resultCycles(features.accumulators, machine)
                                            : 2.0 * features.accumulators + 15;
    // Half of it is hidden where the next tile is on its way meanwhile.
    if (reducesWhole(nest, part))
      perResult *= 0.5 + 0.5 * shareAhead(features);
    if (acrossLanes) {
      double vectors = double(llvm::divideCeil(part.extents[tile.vectorLoop], lanes));
      perResult += features.accumulators + features.accumulators / vectors * 4 * llvm::Log2_64_Ceil(lanes);
    }
    total += count * (features.cycles + perResult / std::max(1.0, reductionTrips));
  };
  descend(0, 1);
  return total;
}
