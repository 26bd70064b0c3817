//===- InterleaveKernels.cpp - Kernels that follow one another take turns, band by band --------------===//
//
// A tensor that is larger than the second-level cache is written to memory further away by one kernel, and
// comes back from there for the next. Where both walk through it in order, they can take turns instead: a few
// rows of the first, then those rows of the second that need no others.
//
//     kernel 0, all rows        band 0: kernel 0, kernel 1, kernel 2
//     kernel 1, all rows   =>   band 1: kernel 0, kernel 1, kernel 2
//     kernel 2, all rows        ...
//
// A window reads rows beyond its own, so the kernels in front of it run ahead by as many. What only the group
// reads needs no memory but for the rows in use, which then stay in the cache: the rest of the tensor is
// never fetched or written back. Several threads each have their share of the bands and memory of their own
// for such rows; next to another share, rows that both need are computed by both. See
// docs/Rationale/Interleaving.md.
//
//===----------------------------------------------------------------------------------------===//

#include "KernelProgress.h"

#include "tenon/Dialect/Tenon/IR/Tenon.h"
#include "tenon/Schedule/Passes.h"

#include "llvm/ADT/MapVector.h"

namespace tenon {
#define GEN_PASS_DEF_INTERLEAVEKERNELS
#include "tenon/Schedule/Passes.h.inc"
} // namespace tenon

using namespace mlir;
using namespace tenon;

namespace {

/// Where a call reads what another one of its group writes.
struct Edge {
  unsigned producer, result, consumer, operand;
};

/// A call of a kernel in a group, and what becomes of it.
struct Member {
  func::CallOp call;
  const KernelProgress *progress = nullptr;
  double cycles = 0;
  int64_t ahead = 0, before = 0, behind = 0;

  int64_t steps() const { return progress->steps; }
  /// Where share `share` of `shares` begins if nothing is computed twice.
  int64_t cut(int64_t share, int64_t shares) const { return share * steps() / shares; }
  int64_t begin(int64_t share, int64_t shares) const {
    return std::max<int64_t>(0, cut(share, shares) - before);
  }
  int64_t end(int64_t share, int64_t shares) const {
    return std::min(steps(), cut(share + 1, shares) + behind);
  }
  int64_t even(int64_t band, int64_t bands) const { return band * steps() / bands; }
};

/// A tensor that the calls of a group alone read, a window of which is in memory.
struct Rolled {
  unsigned producer, result;
  int64_t bytes; ///< of the tensor
  int64_t low = 0, high = 0, every = 1, window = 0;
};

/// Consecutive calls that may take turns.
class Group {
public:
  Group(ArrayRef<Member> members, const Machine &machine)
      : members(members), machine(&machine), shares(machine.hasThreads ? machine.cores : 1) {}

  /// Finds the edges and how the calls proceed; false if they can't take turns.
  bool plan();
  /// The cycles that taking turns saves each thread.
  double estimateGain() const { return savedCycles() - addedCycles(); }
  void annotate(int64_t number) const;

private:
  bool findEdges();
  bool isRolled(unsigned producer, unsigned result) const;
  int64_t stepsBefore(const Edge &edge, int64_t steps) const;
  int64_t firstStepFor(const Edge &edge, int64_t step) const;
  int64_t doneBefore(unsigned member, int64_t band, int64_t share) const;
  bool chooseBands();
  bool runAhead();
  bool divide();
  bool roll(int64_t parts);
  double bytesInUse() const;
  double savedCycles() const;
  double addedCycles() const;

  SmallVector<Member> members;
  const Machine *machine;
  SmallVector<Edge> edges;
  SmallVector<Rolled> rolled;
  int64_t bands = 0, shares = 1;
};

/// The groups of one program.
class ProgramInterleaving {
public:
  ProgramInterleaving(func::FuncOp program, const Machine &machine, bool regardless)
      : program(program), machine(machine), regardless(regardless) {}

  void run();

private:
  Member memberOf(func::CallOp call);

  func::FuncOp program;
  const Machine &machine;
  /// Whether the more calls take turns the better.
  bool regardless;
  SymbolTableCollection symbols;
  llvm::DenseMap<Operation *, std::optional<KernelProgress>> progress;
};

} // namespace

/// What `value` is a view of, whole: the program reshapes without moving anything.
static Value viewed(Value value) {
  while (auto reshape = value.getDefiningOp<ReshapeOp>())
    value = reshape.getInput();
  return value;
}

/// Whether `value` is made of what `calls` return by more than reshapes.
static bool isAssembled(Value value, const llvm::DenseMap<Operation *, unsigned> &calls,
                        bool byViews = true) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return false;
  if (isa<func::CallOp>(op))
    return !byViews && calls.contains(op);
  return llvm::any_of(op->getOperands(), [&](Value operand) {
    return isAssembled(operand, calls, byViews && isa<ReshapeOp>(op));
  });
}

static double bytesOf(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  return static_cast<double>(type.getNumElements()) * llvm::divideCeil(type.getElementTypeBitWidth(), 8);
}

//===----------------------------------------------------------------------------------------===//
// Groups
//===----------------------------------------------------------------------------------------===//

/// Whether `value`, and all that views it, is read by `calls` alone.
static bool isReadByAlone(Value value, const llvm::DenseMap<Operation *, unsigned> &calls) {
  return llvm::all_of(value.getUsers(), [&](Operation *user) {
    return isa<ReshapeOp>(user) ? isReadByAlone(user->getResult(0), calls) : calls.contains(user);
  });
}

bool Group::findEdges() {
  llvm::DenseMap<Operation *, unsigned> numbers;
  for (auto [number, member] : llvm::enumerate(members)) {
    for (OpOperand &operand : member.call->getOpOperands()) {
      if (isAssembled(operand.get(), numbers))
        return false;
      Value origin = viewed(operand.get());
      if (auto producer = numbers.find(origin.getDefiningOp()); producer != numbers.end())
        edges.push_back({producer->second, cast<OpResult>(origin).getResultNumber(),
                         static_cast<unsigned>(number), operand.getOperandNumber()});
    }
    numbers[member.call] = number;
  }
  for (auto [number, member] : llvm::enumerate(members))
    for (OpResult result : member.call->getResults())
      if (!result.use_empty() && isReadByAlone(result, numbers))
        rolled.push_back(
            {static_cast<unsigned>(number), result.getResultNumber(), static_cast<int64_t>(bytesOf(result))});
  return !edges.empty();
}

bool Group::isRolled(unsigned producer, unsigned result) const {
  return llvm::any_of(
      rolled, [&](const Rolled &other) { return other.producer == producer && other.result == result; });
}

/// The steps of the producer that the first `steps` of the consumer need.
int64_t Group::stepsBefore(const Edge &edge, int64_t steps) const {
  if (steps == 0)
    return 0;
  int64_t read = members[edge.consumer].progress->reads[edge.operand].end[steps - 1];
  ArrayRef<int64_t> written = members[edge.producer].progress->writes[edge.result].written;
  return llvm::lower_bound(written, read) - written.begin();
}

/// The first step of the producer that the consumer's steps from `step` on need.
int64_t Group::firstStepFor(const Edge &edge, int64_t step) const {
  const KernelProgress &consumer = *members[edge.consumer].progress,
                       &producer = *members[edge.producer].progress;
  if (step == consumer.steps)
    return producer.steps;
  ArrayRef<int64_t> begun = producer.writes[edge.result].begun;
  return llvm::upper_bound(begun, consumer.reads[edge.operand].first[step]) - begun.begin() - 1;
}

/// How far each call must be ahead of even progress for those behind it to find what they read; false if one
/// has to be through with half of its work first.
bool Group::runAhead() {
  for (unsigned number = members.size(); number-- > 0;) {
    Member &member = members[number];
    member.ahead = 0;
    for (const Edge &edge : edges)
      for (int64_t band = 1; edge.producer == number && band <= bands; ++band) {
        const Member &consumer = members[edge.consumer];
        int64_t done = std::min(consumer.steps(), consumer.even(band, bands) + consumer.ahead);
        member.ahead = std::max(member.ahead, stepsBefore(edge, done) - member.even(band, bands));
      }
    if (member.ahead * 2 > member.steps())
      return false;
  }
  return true;
}

/// Gives each share what its windows read beyond it; false if that would be written by two shares to the same
/// memory.
bool Group::divide() {
  for (unsigned number = members.size(); number-- > 0;) {
    Member &member = members[number];
    member.before = member.behind = 0;
    for (const Edge &edge : edges) {
      const Member &consumer = members[edge.consumer];
      for (int64_t share = 0; edge.producer == number && share < shares; ++share) {
        int64_t first = firstStepFor(edge, consumer.begin(share, shares));
        int64_t end = stepsBefore(edge, consumer.end(share, shares));
        member.before = std::max(member.before, member.cut(share, shares) - first);
        member.behind = std::max(member.behind, end - member.cut(share + 1, shares));
      }
    }
    bool isWrittenTwice = shares > 1 && member.before + member.behind > 0;
    for (unsigned result = 0; result < member.call->getNumResults(); ++result)
      if (isWrittenTwice && !isRolled(number, result))
        return false;
  }
  return true;
}

/// The steps of `member` that are done when `band` of `share` begins.
int64_t Group::doneBefore(unsigned number, int64_t band, int64_t share) const {
  const Member &member = members[number];
  int64_t begin = member.begin(share, shares), end = member.end(share, shares);
  if (band == share * bands / shares)
    return begin;
  if (band == (share + 1) * bands / shares)
    return end;
  return std::clamp(member.even(band, bands) + member.ahead, begin, end);
}

/// Finds the window of each tensor that rolls, which moves along one part in `parts` of what is written
/// meanwhile; false if it is most of the tensor.
bool Group::roll(int64_t parts) {
  constexpr int64_t line = 64;
  for (Rolled &tensor : rolled) {
    const KernelProgress::Write &writes = members[tensor.producer].progress->writes[tensor.result];
    int64_t elementBytes = tensor.bytes / writes.written.back();
    tensor.low = tensor.high = 0;
    for (int64_t share = 0; share < shares; ++share)
      for (int64_t band = share * bands / shares; band < (share + 1) * bands / shares; ++band) {
        int64_t from = doneBefore(tensor.producer, band, share),
                to = doneBefore(tensor.producer, band + 1, share);
        int64_t least = writes.written[from];
        for (const Edge &edge : edges)
          if (edge.producer == tensor.producer && edge.result == tensor.result)
            if (int64_t step = doneBefore(edge.consumer, band, share); step < members[edge.consumer].steps())
              least = std::min(least, members[edge.consumer].progress->reads[edge.operand].first[step]);
        tensor.low = std::max(tensor.low, band * tensor.bytes / bands - least * elementBytes);
        tensor.high =
            std::max(tensor.high, writes.begun[to] * elementBytes - (band + 1) * tensor.bytes / bands);
      }
    int64_t inBand = tensor.bytes / bands;
    tensor.every = std::clamp<int64_t>(
        llvm::divideCeil(parts * (tensor.low + tensor.high), std::max<int64_t>(1, inBand)), 1,
        bands / shares);
    tensor.window = llvm::alignTo(tensor.every * (inBand + 1) + tensor.low + tensor.high + 2 * line, line);
    if (tensor.window * shares * 2 > tensor.bytes)
      return false;
  }
  return true;
}

/// What is touched again and again from band to band: windows, rows of other tensors, and the weights of all
/// kernels.
double Group::bytesInUse() const {
  double bytes = 0;
  llvm::SmallDenseSet<Value> seen;
  for (const Rolled &tensor : rolled) {
    bytes += tensor.window;
    seen.insert(members[tensor.producer].call->getResult(tensor.result));
  }
  for (const Member &member : members) {
    bytes += member.progress->weightBytes;
    for (Value operand : member.call->getOperands())
      if (Value origin = viewed(operand); !origin.getDefiningOp<ConstantOp>() && seen.insert(origin).second)
        bytes += bytesOf(origin) / bands;
    for (Value result : member.call->getResults())
      if (seen.insert(result).second)
        bytes += bytesOf(result) * (1.0 / bands + static_cast<double>(member.ahead) / member.steps());
  }
  return bytes;
}

/// The fewest bands with which all that is in use fits the second-level cache, with windows that move rarely
/// if possible.
bool Group::chooseBands() {
  int64_t most = std::numeric_limits<int64_t>::max();
  for (const Member &member : members)
    most = std::min(most, member.steps());
  for (int64_t parts : {8, 4, 2})
    for (int64_t next = std::min(4 * shares, most); next >= shares && next <= most;) {
      bands = next;
      if (runAhead() && divide() && roll(parts) && bytesInUse() <= machine->l2Bytes)
        return true;
      next = bands == most ? most + 1 : std::min(most, bands + 1 + bands / 8);
    }
  return false;
}

/// What comes from the second-level cache rather than from behind it, of each thread. What rolls is not
/// fetched to be written either.
double Group::savedCycles() const {
  // The rest is hidden behind arithmetic.
  constexpr double exposed = 0.25;
  llvm::MapVector<Value, unsigned> reads;
  for (const Member &member : members)
    for (Value operand : member.call->getOperands())
      if (Value origin = viewed(operand); !origin.getDefiningOp<ConstantOp>())
        ++reads[origin];
  double cycles = 0;
  for (const auto &entry : reads) {
    Value value = entry.first;
    auto *producer =
        llvm::find_if(members, [&](const Member &member) { return value.getDefiningOp() == member.call; });
    double bytes = bytesOf(value), share = bytes / shares, times = entry.second;
    if (share <= machine->l2Bytes / 2)
      continue;
    if (producer == members.end())
      times -= 1;
    else if (isRolled(producer - members.begin(), cast<OpResult>(value).getResultNumber()))
      times += 1;
    double rate = bytes <= machine->l3Bytes / 2 ? machine->l3BytesPerCycle : machine->dramBytesPerCycle;
    cycles += exposed * times * share * (1 / rate - 1 / machine->l2BytesPerCycle);
  }
  return cycles;
}

/// What it costs each thread to start kernels more often, to move windows, to compute what its neighbours
/// compute too, and to wait for one that is slower: shares are not dealt out again as chunks of a launch are.
double Group::addedCycles() const {
  constexpr double cyclesPerStart = 300, imbalance = 0.1;
  double cycles = cyclesPerStart * members.size() * bands / shares;
  for (const Rolled &tensor : rolled)
    cycles += 2.0 * (tensor.low + tensor.high) * bands / shares / tensor.every / machine->l2BytesPerCycle;
  for (const Member &member : members)
    if (shares > 1)
      cycles += member.cycles * (imbalance / shares + 1.0 * (member.before + member.behind) / member.steps());
  return cycles;
}

bool Group::plan() { return findEdges() && chooseBands(); }

void Group::annotate(int64_t number) const {
  for (auto [i, member] : llvm::enumerate(members)) {
    func::CallOp call = member.call;
    MLIRContext *context = call.getContext();
    call->setAttr("tenon.interleave",
                  InterleaveAttr::get(context, number, member.progress->iterations, bands, shares,
                                      member.ahead, member.before, member.behind));
    SmallVector<Attribute> results(call.getNumResults(), UnitAttr::get(context));
    for (const Rolled &tensor : rolled)
      if (tensor.producer == i)
        results[tensor.result] =
            RollingAttr::get(context, tensor.window, tensor.low, tensor.high, tensor.every);
    if (llvm::any_of(results, llvm::IsaPred<RollingAttr>))
      call->setAttr("tenon.rolling", ArrayAttr::get(context, results));
  }
}

//===----------------------------------------------------------------------------------------===//
// Programs
//===----------------------------------------------------------------------------------------===//

Member ProgramInterleaving::memberOf(func::CallOp call) {
  auto kernel = symbols.lookupNearestSymbolFrom<func::FuncOp>(call, call.getCalleeAttr());
  Member member{call};
  if (!kernel)
    return member;
  auto [known, isNew] = progress.try_emplace(kernel);
  if (isNew)
    known->second = KernelProgress::of(kernel, machine);
  if (known->second)
    member.progress = &*known->second;
  if (auto cycles = kernel->getAttrOfType<FloatAttr>("tenon.cycles"))
    member.cycles = cycles.getValueAsDouble();
  return member;
}

/// Cuts the calls into groups so that most is gained.
void ProgramInterleaving::run() {
  constexpr size_t mostMembers = 8;
  SmallVector<func::CallOp> calls(program.getOps<func::CallOp>());
  for (func::CallOp call : calls) // before pointers into the map are taken
    memberOf(call);
  SmallVector<Member> members;
  for (func::CallOp call : calls)
    members.push_back(memberOf(call));

  struct Best {
    double gain = 0;
    size_t first = 0;
    std::optional<Group> group;
  };
  std::vector<Best> best(members.size() + 1);
  for (size_t end = 1; end <= members.size(); ++end) {
    best[end] = Best{best[end - 1].gain, end - 1, std::nullopt};
    for (size_t first = end; first-- > 0 && end - first <= mostMembers && members[first].progress;) {
      if (end - first < 2)
        continue;
      Group group(ArrayRef(members).slice(first, end - first), machine);
      if (!group.plan())
        continue;
      double gain = best[first].gain + (regardless ? end - first : group.estimateGain());
      if (gain > best[end].gain)
        best[end] = Best{gain, first, std::move(group)};
    }
  }
  int64_t number = 0;
  for (size_t end = members.size(); end > 0; end = best[end].first)
    if (best[end].group)
      best[end].group->annotate(number++);
}

namespace {
struct InterleaveKernels : tenon::impl::InterleaveKernelsBase<InterleaveKernels> {
  using InterleaveKernelsBase::InterleaveKernelsBase;

  void runOnOperation() override {
    std::string error;
    llvm::FailureOr<Machine> described = lookupMachine(machine, cpu, features, &error);
    if (failed(described)) {
      getOperation().emitError(error);
      return signalPassFailure();
    }
    if (cores != 0)
      described->cores = cores;
    if (described->l2Bytes == 0 || described->pointerBits < 64)
      return; // addresses before a window's memory must not wrap around
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (!function->hasAttr("tenon.structured") && !function.isDeclaration())
        ProgramInterleaving(function, *described, regardless).run();
  }
};
} // namespace
