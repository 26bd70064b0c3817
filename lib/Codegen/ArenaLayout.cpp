//===- ArenaLayout.cpp - Buffers with lives, laid out in one arena ----------------------------===//

#include "ArenaLayout.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <numeric>
#include <optional>

using namespace mlir;
using namespace tenon;

//===----------------------------------------------------------------------------------------===//
// Sizes as polynomials
//===----------------------------------------------------------------------------------------===//

namespace {
/// A sum of products of symbols and of expressions that can't be taken apart (quotients).
struct Polynomial {
  struct Term {
    SmallVector<AffineExpr> factors;
    int64_t coefficient;
  };
  SmallVector<Term> terms;

  /// The coefficient of a product, which becomes a term if it is none yet.
  int64_t &coefficientOf(ArrayRef<AffineExpr> factors) {
    for (Term &known : terms)
      if (known.factors.size() == factors.size() &&
          std::is_permutation(factors.begin(), factors.end(), known.factors.begin()))
        return known.coefficient;
    terms.push_back({SmallVector<AffineExpr>(factors), 0});
    return terms.back().coefficient;
  }
  void add(const Term &term) { coefficientOf(term.factors) += term.coefficient; }
};

/// More expressions than this are replaced by one that is at least as much as each of them.
constexpr size_t mostExpressions = 8;
} // namespace

static Polynomial expand(AffineExpr expr) {
  Polynomial result;
  auto binary = dyn_cast<AffineBinaryOpExpr>(expr);
  if (auto constant = dyn_cast<AffineConstantExpr>(expr)) {
    result.add({{}, constant.getValue()});
  } else if (binary && expr.getKind() == AffineExprKind::Add) {
    result = expand(binary.getLHS());
    for (const Polynomial::Term &term : expand(binary.getRHS()).terms)
      result.add(term);
  } else if (binary && expr.getKind() == AffineExprKind::Mul) {
    Polynomial rhs = expand(binary.getRHS());
    for (const Polynomial::Term &a : expand(binary.getLHS()).terms)
      for (const Polynomial::Term &b : rhs.terms) {
        Polynomial::Term product{a.factors, a.coefficient * b.coefficient};
        llvm::append_range(product.factors, b.factors);
        result.add(product);
      }
  } else {
    result.add({{expr}, 1});
  }
  return result;
}

/// Whether `expr` is known to be 0 or more for all symbols of 0 or more.
static bool isNeverNegative(AffineExpr expr) {
  return llvm::all_of(expand(expr).terms, [](const Polynomial::Term &term) {
    return term.coefficient >= 0 && llvm::all_of(term.factors, [](AffineExpr factor) {
             auto quotient = dyn_cast<AffineBinaryOpExpr>(factor);
             return !quotient || isNeverNegative(quotient.getLHS());
           });
  });
}

static int64_t valueAt(AffineExpr expr, ArrayRef<int64_t> symbols) {
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return constant.getValue();
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(expr);
  int64_t lhs = valueAt(binary.getLHS(), symbols), rhs = valueAt(binary.getRHS(), symbols);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return lhs + rhs;
  case AffineExprKind::Mul:
    return lhs * rhs;
  case AffineExprKind::FloorDiv:
    return llvm::divideFloorSigned(lhs, rhs);
  case AffineExprKind::CeilDiv:
    return llvm::divideCeilSigned(lhs, rhs);
  default:
    assert(expr.getKind() == AffineExprKind::Mod && "sizes have no dimensions");
    return llvm::mod(lhs, rhs);
  }
}

/// Adds `expr` to what `greatest` is the greatest of, unless it can't be.
static void include(Greatest &greatest, AffineExpr expr) {
  if (llvm::any_of(greatest, [&](AffineExpr known) { return isNeverNegative(known - expr); }))
    return;
  llvm::erase_if(greatest, [&](AffineExpr known) { return isNeverNegative(expr - known); });
  greatest.push_back(expr);
}

/// Bounds the number of expressions: of each product the greatest coefficient of them.
static void limit(Greatest &greatest, unsigned symbols) {
  if (greatest.size() <= mostExpressions)
    return;
  Polynomial cover;
  for (AffineExpr expr : greatest)
    for (const Polynomial::Term &term : expand(expr).terms) {
      int64_t &most = cover.coefficientOf(term.factors);
      most = std::max(most, term.coefficient);
    }
  AffineExpr sum = getAffineConstantExpr(0, greatest.front().getContext());
  for (const Polynomial::Term &term : cover.terms) {
    AffineExpr product = getAffineConstantExpr(term.coefficient, sum.getContext());
    for (AffineExpr factor : term.factors)
      product = product * factor;
    sum = sum + product;
  }
  greatest.assign(1, simplifyAffineExpr(sum, 0, symbols));
}

//===----------------------------------------------------------------------------------------===//
// Layout
//===----------------------------------------------------------------------------------------===//

namespace {
class Layouter {
public:
  Layouter(ArrayRef<ArenaBuffer> buffers, unsigned symbols, MLIRContext *context);

  ArenaLayout run();

private:
  using Order = SmallVector<unsigned>;

  bool conflict(unsigned a, unsigned b) const {
    return buffers[a].first <= buffers[b].last && buffers[b].first <= buffers[a].last;
  }
  /// The buffers by `key`, which is the same for some; those by number.
  template <typename Key>
  Order orderBy(Key key) const {
    Order order(buffers.size());
    std::iota(order.begin(), order.end(), 0);
    llvm::sort(order,
               [&](unsigned a, unsigned b) { return std::make_pair(key(a), a) < std::make_pair(key(b), b); });
    return order;
  }
  SmallVector<int64_t> sizesAt(ArrayRef<int64_t> point) const;
  SmallVector<Order> greedyOrders(ArrayRef<int64_t> bytes) const;
  Order placeLowest(ArrayRef<unsigned> order, ArrayRef<int64_t> bytes) const;
  SmallVector<int64_t> stack(ArrayRef<unsigned> order, ArrayRef<int64_t> bytes) const;
  double worstRatio(ArrayRef<unsigned> order) const;
  int64_t mostLive(ArrayRef<int64_t> bytes) const;
  void improve(Order greedy, ArrayRef<int64_t> bytes, Order &best, double &ratio) const;
  void findLowerBound(ArenaLayout &layout) const;
  void findOffsets(ArrayRef<unsigned> order, ArenaLayout &layout) const;

  ArrayRef<ArenaBuffer> buffers;
  MLIRContext *context;
  unsigned symbols;
  /// The buffers that are in use when another one is.
  SmallVector<SmallVector<unsigned>> conflicts;
  /// The sets of buffers in use at once that no other such set contains.
  SmallVector<SmallVector<unsigned>> crowds;
  /// The sizes at each of the values of symbols that are tried, and the most bytes in use there.
  SmallVector<SmallVector<int64_t>> sizes;
  SmallVector<int64_t> bounds;
};
} // namespace

/// Values of the symbols to lay out for: all alike, small and large, and each of them apart from the others.
static SmallVector<SmallVector<int64_t>> samplePoints(unsigned symbols) {
  SmallVector<SmallVector<int64_t>> points{SmallVector<int64_t>(symbols, 128)};
  if (symbols == 0)
    return points;
  for (int64_t value : {1, 16, 512})
    points.push_back(SmallVector<int64_t>(symbols, value));
  for (unsigned i = 0; symbols > 1 && i < symbols; ++i)
    for (int64_t value : {32, 128, 384}) {
      points.push_back(SmallVector<int64_t>(symbols, 1));
      points.back()[i] = value;
    }
  return points;
}

Layouter::Layouter(ArrayRef<ArenaBuffer> buffers, unsigned symbols, MLIRContext *context)
    : buffers(buffers), context(context), symbols(symbols), conflicts(buffers.size()) {
  for (unsigned a = 0; a < buffers.size(); ++a)
    for (unsigned b = 0; b < buffers.size(); ++b)
      if (a != b && conflict(a, b))
        conflicts[a].push_back(b);
  // What is in use grows until a buffer goes: only then is it more than what follows.
  Order byFirst = orderBy([&](unsigned i) { return buffers[i].first; });
  for (auto [i, latest] : llvm::enumerate(byFirst)) {
    unsigned now = buffers[latest].first;
    if (i + 1 < byFirst.size() && buffers[byFirst[i + 1]].first == now)
      continue;
    SmallVector<unsigned> crowd{latest};
    bool ends = i + 1 == byFirst.size();
    for (unsigned other : conflicts[latest])
      if (buffers[other].first <= now)
        crowd.push_back(other);
    for (unsigned member : crowd)
      ends = ends || buffers[member].last < buffers[byFirst[i + 1]].first;
    if (ends)
      crowds.push_back(crowd);
  }
  for (const SmallVector<int64_t> &point : samplePoints(symbols)) {
    sizes.push_back(sizesAt(point));
    bounds.push_back(mostLive(sizes.back()));
  }
}

SmallVector<int64_t> Layouter::sizesAt(ArrayRef<int64_t> point) const {
  SmallVector<int64_t> bytes;
  for (const ArenaBuffer &buffer : buffers)
    bytes.push_back(std::max<int64_t>(0, valueAt(buffer.bytes, point)));
  return bytes;
}

int64_t Layouter::mostLive(ArrayRef<int64_t> bytes) const {
  int64_t most = 0;
  for (const SmallVector<unsigned> &crowd : crowds) {
    int64_t live = 0;
    for (unsigned member : crowd)
      live += bytes[member];
    most = std::max(most, live);
  }
  return most;
}

/// Orders to place buffers in: large ones first; those that take much for long; those of crowded times first;
/// by time.
SmallVector<Layouter::Order> Layouter::greedyOrders(ArrayRef<int64_t> bytes) const {
  SmallVector<int64_t> crowding(buffers.size(), 0);
  for (const SmallVector<unsigned> &crowd : crowds) {
    int64_t live = 0;
    for (unsigned member : crowd)
      live += bytes[member];
    for (unsigned member : crowd)
      crowding[member] = std::max(crowding[member], live);
  }
  auto life = [&](unsigned i) -> int64_t { return buffers[i].last - buffers[i].first + 1; };
  return {orderBy([&](unsigned i) { return -bytes[i]; }),
          orderBy([&](unsigned i) { return std::make_pair(-bytes[i], -life(i)); }),
          orderBy([&](unsigned i) { return -bytes[i] * life(i); }),
          orderBy([&](unsigned i) { return std::make_pair(-crowding[i], -bytes[i]); }),
          orderBy([&](unsigned i) { return std::make_pair(-crowding[i], -life(i)); }),
          orderBy([&](unsigned i) { return std::make_pair(-life(i), -bytes[i]); }),
          orderBy([&](unsigned i) { return int64_t(buffers[i].first); })};
}

/// Places each buffer at the lowest offset free during its life; returns the buffers by offset.
Layouter::Order Layouter::placeLowest(ArrayRef<unsigned> order, ArrayRef<int64_t> bytes) const {
  SmallVector<std::optional<int64_t>> offsets(buffers.size());
  for (unsigned i : order) {
    SmallVector<std::pair<int64_t, int64_t>> taken;
    for (unsigned other : conflicts[i])
      if (offsets[other])
        taken.push_back({*offsets[other], *offsets[other] + bytes[other]});
    llvm::sort(taken);
    int64_t offset = 0;
    for (auto [begin, end] : taken) {
      if (begin >= offset + bytes[i])
        break;
      offset = std::max(offset, end);
    }
    offsets[i] = offset;
  }
  return orderBy([&](unsigned i) { return *offsets[i]; });
}

/// The offsets if each buffer starts where the highest one before it in `order` ends.
SmallVector<int64_t> Layouter::stack(ArrayRef<unsigned> order, ArrayRef<int64_t> bytes) const {
  SmallVector<int64_t> offsets(buffers.size(), -1);
  for (unsigned i : order) {
    int64_t offset = 0;
    for (unsigned other : conflicts[i])
      if (offsets[other] >= 0)
        offset = std::max(offset, offsets[other] + bytes[other]);
    offsets[i] = offset;
  }
  return offsets;
}

double Layouter::worstRatio(ArrayRef<unsigned> order) const {
  double worst = 1;
  for (auto [bytes, bound] : llvm::zip(sizes, bounds)) {
    int64_t top = 0;
    for (auto [offset, size] : llvm::zip(stack(order, bytes), bytes))
      top = std::max(top, offset + size);
    if (bound > 0)
      worst = std::max(worst, double(top) / bound);
  }
  return worst;
}

/// Places buffers in the order `greedy`, and again and again with what came out on top placed first, as long
/// as that is not the best there can be. Keeps the layout in `best` if its ratio is less than `ratio`.
void Layouter::improve(Order greedy, ArrayRef<int64_t> bytes, Order &best, double &ratio) const {
  constexpr unsigned rounds = 32;
  for (unsigned round = 0; round < rounds && ratio > 1; ++round) {
    Order order = placeLowest(greedy, bytes);
    if (double reached = worstRatio(order); reached < ratio) {
      best = order;
      ratio = reached;
    }
    SmallVector<int64_t> offsets = stack(order, bytes);
    unsigned *top = llvm::max_element(
        greedy, [&](unsigned a, unsigned b) { return offsets[a] + bytes[a] < offsets[b] + bytes[b]; });
    std::rotate(greedy.begin(), top, top + 1);
  }
}

void Layouter::findLowerBound(ArenaLayout &layout) const {
  for (const SmallVector<unsigned> &crowd : crowds) {
    AffineExpr live = getAffineConstantExpr(0, context);
    for (unsigned member : crowd)
      live = live + buffers[member].bytes;
    include(layout.lowerBound, simplifyAffineExpr(live, 0, symbols));
  }
}

void Layouter::findOffsets(ArrayRef<unsigned> order, ArenaLayout &layout) const {
  AffineExpr zero = getAffineConstantExpr(0, context);
  layout.offsets.assign(buffers.size(), {});
  SmallVector<unsigned> rank(buffers.size());
  for (auto [place, i] : llvm::enumerate(order))
    rank[i] = place;
  for (unsigned i : order) {
    Greatest &offset = layout.offsets[i];
    for (unsigned below : conflicts[i]) {
      if (rank[below] > rank[i])
        continue;
      // One that lies below another one that is below this one doesn't count.
      if (llvm::any_of(conflicts[below], [&](unsigned between) {
            return rank[below] < rank[between] && rank[between] < rank[i] && conflict(between, i);
          }))
        continue;
      for (AffineExpr start : layout.offsets[below])
        include(offset, simplifyAffineExpr(start + buffers[below].bytes, 0, symbols));
    }
    if (offset.empty())
      offset.push_back(zero);
    limit(offset, symbols);
    for (AffineExpr start : offset)
      include(layout.bytes, simplifyAffineExpr(start + buffers[i].bytes, 0, symbols));
  }
  limit(layout.bytes, symbols);
}

ArenaLayout Layouter::run() {
  ArenaLayout layout;
  if (buffers.empty()) {
    layout.bytes.push_back(getAffineConstantExpr(0, context));
    layout.lowerBound = layout.bytes;
    return layout;
  }
  Order best;
  layout.ratio = std::numeric_limits<double>::infinity();
  for (const SmallVector<int64_t> &bytes : sizes)
    for (const Order &greedy : greedyOrders(bytes))
      if (layout.ratio > 1)
        improve(greedy, bytes, best, layout.ratio);
  findOffsets(best, layout);
  findLowerBound(layout);
  return layout;
}

ArenaLayout tenon::layOutArena(ArrayRef<ArenaBuffer> buffers, unsigned symbols, MLIRContext *context) {
  return Layouter(buffers, symbols, context).run();
}
