//===- LoopTree.cpp - Stages as a tree, and the scratch regions they fill ----------------------------===//

#include "KernelEmitter.h"

#include "mlir/Dialect/Affine/Utils.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace tenon;

KernelEmitter::KernelEmitter(StructuredKernel &kernel, const Schedule &schedule,
                             const EmitterOptions &options)
    : context(kernel.getFunction().getContext()), builder(context), loc(kernel.getFunction().getLoc()),
      kernel(kernel), schedule(schedule), options(options) {
  scopes.emplace_back();
}

LogicalResult KernelEmitter::emit(func::FuncOp target) {
  func::FuncOp source = kernel.getFunction();
  leastLanes = std::max<int64_t>(1, options.vectorBits / kernel.widestElementBits());
  scalable = options.vscaleBits != 0 && hasScalableForm();
  // Not one: the conversion of a splat to LLVM takes vector<[1]> for a single element.
  lanes = scalable ? std::max<int64_t>(2, options.vscaleBits / kernel.widestElementBits()) : leastLanes;
  entry = target.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  if (scalable)
    vscale = vector::VectorScaleOp::create(builder, loc);

  auto identityBuffer = [&](unsigned argument) {
    Value memref = entry->getArgument(argument);
    return Buffer{memref, SmallVector<LinearForm>(cast<MemRefType>(memref.getType()).getRank())};
  };
  unsigned next = 0;
  for (BlockArgument argument : source.getArguments())
    buffers[argument] = identityBuffer(next++);
  auto results = source.getBody().front().getTerminator()->getOperands();
  SmallVector<std::pair<Value, Buffer>> destinations;
  for (Value result : results)
    destinations.push_back({result, identityBuffer(next++)});
  for (size_t i = 0; i < kernel.getSymbols().size(); ++i)
    symbolValues.push_back(entry->getArgument(next++));
  begin = entry->getArgument(next++);
  end = entry->getArgument(next++);

  const StructuredOp &rootOp = kernel.getOp(kernel.getRoot());
  Node root;
  root.op = kernel.getRoot();
  root.schedule = schedule.find(root.op);
  root.stored = true;
  if (!root.schedule)
    return source.emitOpError("expects a schedule of its result, op ") << root.op;
  for (AffineExpr extent : rootOp.extents)
    root.indices.push_back(getAffineDimExpr(addVariable(extent), context));
  rootVariables = variables.size();
  for (const auto &entry : kernel.mapLoopsToRoot())
    for (const Access &input : kernel.getOp(entry.first).inputs)
      input.map.walkExprs([&](AffineExpr expr) {
        if (expr.getKind() != AffineExprKind::FloorDiv && expr.getKind() != AffineExprKind::Mod)
          return;
        for (auto [loop, rootLoop] : llvm::enumerate(entry.second))
          if (rootLoop && expr.isFunctionOfDim(loop))
            divided.insert(variableOf(root, *rootLoop));
      });
  placed[root.op] = &root;
  noteRootIndices(rootOp, root.indices);
  if (failed(buildTree(root)) || failed(checkCarried(root)))
    return failure();
  findUnguarded(root);

  SmallVector<Buffer> rootDestinations(rootOp.outputs.size());
  for (auto &[value, buffer] : destinations) {
    std::optional<unsigned> number = kernel.numberOf(value);
    if (value.getDefiningOp() == rootOp.op)
      rootDestinations[cast<OpResult>(value).getResultNumber()] = buffer;
    else if (auto stage = placed.find(*number); stage != placed.end() && stage->second->stored)
      resultBuffers[value] = buffer; // written and read back there, in place of scratch
    else if (rootIndices.contains(value))
      tileResults.push_back({value, buffer}); // stored with each tile of the root
    else
      return source.emitOpError("expects results that lead to its last one, but op ")
             << *number << " does not";
  }
  findStagesInResults(root);
  findOverwritable(root);
  if (failed(emitNode(root, rootDestinations)))
    return failure();
  builder.setInsertionPointToEnd(entry);
  func::ReturnOp::create(builder, loc);
  return success();
}

/// Notes where the root reads what it is computed from through elementwise ops, whatever stages hold their
/// values.
void KernelEmitter::noteRootIndices(const StructuredOp &op, const Exprs &indices) {
  if (op.isReduction() || !isa<linalg::GenericOp>(op.op))
    return;
  for (const Access &input : op.inputs) {
    std::optional<unsigned> producer = kernel.numberOf(input.tensor);
    Exprs read = compose(input.map, indices);
    if (!producer || !rootIndices.try_emplace(input.tensor, read).second)
      continue;
    unsigned result = cast<OpResult>(input.tensor).getResultNumber();
    noteRootIndices(kernel.getOp(*producer), loopIndices(kernel.getOp(*producer), result, read));
  }
}

//===----------------------------------------------------------------------------------------===//
// The tree of stages
//===----------------------------------------------------------------------------------------===//

KernelEmitter::Variable KernelEmitter::addVariable(AffineExpr extent) {
  LoopVariable variable;
  if (std::optional<int64_t> constant = SymbolicSizes::constantValue(extent)) {
    variable.extent = *constant;
  } else {
    variable.extent = ShapedType::kDynamic;
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    variable.dynamicExtent = affine::expandAffineExpr(builder, loc, extent, {}, symbolValues);
  }
  variables.push_back(variable);
  return variables.size() - 1;
}

KernelEmitter::Variable KernelEmitter::variableOf(const Node &node, unsigned dim) const {
  return cast<AffineDimExpr>(node.indices[dim]).getPosition();
}

std::optional<KernelEmitter::Variable> KernelEmitter::vectorVariableOf(const Node &node) const {
  if (!node.schedule || !node.schedule->vectorDim)
    return std::nullopt;
  auto dim = dyn_cast<AffineDimExpr>(node.indices[*node.schedule->vectorDim]);
  return dim ? std::optional<Variable>(dim.getPosition()) : std::nullopt;
}

SmallVector<KernelEmitter::Loop> KernelEmitter::toLoops(const Node &node, ArrayRef<LoopStep> steps) const {
  SmallVector<Loop> loops;
  for (const LoopStep &step : steps) {
    bool isVector = node.schedule->vectorDim == step.dim;
    // The last of the stage's loops over a dimension makes the tiles.
    const LoopStep *last = nullptr;
    for (const LoopStep &loop : node.schedule->loops)
      if (loop.dim == step.dim)
        last = &loop;
    for (const LoopStep &loop : node.schedule->inner)
      if (loop.dim == step.dim)
        last = nullptr;
    Variable variable = variableOf(node, step.dim);
    bool even = !isVector && last == &step && !divided.contains(variable);
    loops.push_back({variable, isVector ? step.step * lanes : step.step, even});
  }
  return loops;
}

LogicalResult KernelEmitter::buildTree(Node &node) {
  path.push_back(&node);
  const StructuredOp &op = kernel.getOp(node.op);
  for (const Access &input : op.inputs)
    if (failed(collect(input.tensor, compose(input.map, node.indices), node, node.op)))
      return failure();
  path.pop_back();
  if (!op.isReduction())
    return success();
  // A stored reduction computes its own tile in registers first, innermost of all its stages.
  auto self = std::make_unique<Node>();
  self->op = node.op;
  self->schedule = node.schedule;
  self->indices = node.indices;
  node.children.push_back(std::move(self));
  return success();
}

/// `index` with the variables of the stages that are inside `parent` here replaced by the indices they are
/// read at.
AffineExpr KernelEmitter::liftIndex(AffineExpr index, const Node &parent) const {
  for (const Node *node : llvm::reverse(path)) {
    if (node == &parent)
      break;
    for (AffineExpr own : node->indices) {
      auto variable = dyn_cast<AffineDimExpr>(own);
      if (!variable || !index.isFunctionOfDim(variable.getPosition()))
        continue;
      if (auto user = userIndices.find(variable.getPosition()); user != userIndices.end())
        index = index.replace(own, user->second);
    }
  }
  return simplifyAffineExpr(index, variables.size(), symbolValues.size());
}

/// Walks the producers of `tensor`, which op `reader` reads at `indices`, giving variables and a place in the
/// tree to those that are stages.
LogicalResult KernelEmitter::collect(Value tensor, Exprs indices, Node &user, unsigned reader) {
  std::optional<unsigned> number = kernel.numberOf(tensor);
  if (!number)
    return success();
  // Reads at the root's own loops are what a further result of the kernel is stored by.
  auto isRootIndex = [&](AffineExpr index) {
    for (Variable variable = rootVariables; variable < variables.size(); ++variable)
      if (index.isFunctionOfDim(variable))
        return false;
    return true;
  };
  if (llvm::all_of(indices, isRootIndex))
    rootIndices.try_emplace(tensor, indices);
  if (auto known = placed.find(*number); known != placed.end()) {
    if (known->second->stored) {
      for (AffineExpr &index : indices)
        index = liftIndex(index, *known->second->parent);
      known->second->uses.push_back({reader, indices});
    }
    return success();
  }
  const StructuredOp &op = kernel.getOp(*number);
  const StageSchedule *stage = schedule.find(*number);
  bool stored = stage && stage->stored;
  unsigned result = cast<OpResult>(tensor).getResultNumber();
  Exprs opIndices = loopIndices(op, result, indices);
  if (!stored && !op.isReduction()) {
    for (const Access &input : op.inputs)
      if (failed(collect(input.tensor, compose(input.map, opIndices), user, *number)))
        return failure();
    return success();
  }

  Node *parent = &user;
  if (stage && stage->parent) {
    auto *at = llvm::find_if(path, [&](Node *node) { return node->op == *stage->parent; });
    if (at == path.end())
      return op.op->emitOpError("expects to be computed in a stage that reads it, but op ")
             << *stage->parent << " does not";
    parent = *at;
  }
  auto node = std::make_unique<Node>();
  node->op = *number;
  node->schedule = stage;
  node->stored = stored;
  node->parent = parent;
  for (unsigned dim = 0; dim < op.getNumLoops(); ++dim)
    if (stored || op.isReductionLoop(dim))
      opIndices[dim] = getAffineDimExpr(addVariable(op.extents[dim]), context);
  if (!stored && parent != path.back()) {
    // Computed outside the stage that reads it, whose own variables do not stand yet: those of the stages
    // around it do.
    for (AffineExpr &index : opIndices)
      index = liftIndex(index, *parent);
    // A stage that a reduction stores is computed with the reduction's variables.
    bool isCarried = path.back()->schedule && path.back()->schedule->with && path.back()->parent == parent;
    node->lifted = !isCarried;
  }
  node->indices = opIndices;
  placed[*number] = node.get();
  if (stored) {
    for (auto [written, read] : llvm::zip(op.outputs[result].map.getResults(), indices))
      userIndices[cast<AffineDimExpr>(opIndices[cast<AffineDimExpr>(written).getPosition()]).getPosition()] =
          read;
    for (AffineExpr &index : indices)
      index = liftIndex(index, *parent);
    node->uses.push_back({reader, indices});
    if (failed(buildTree(*node)))
      return failure();
  } else {
    // The operands of a reduction in registers are stages of the same parent, and come before it.
    for (const Access &input : op.inputs)
      if (failed(collect(input.tensor, compose(input.map, node->indices), *parent, *number)))
        return failure();
  }
  parent->children.push_back(std::move(node));
  return success();
}

/// How many of the loops of `parent` are around its stage `child`.
unsigned KernelEmitter::depthIn(const Node &child, const Node &parent) const {
  bool isInnermost = child.op == parent.op || !child.schedule || !child.schedule->parent;
  return isInnermost ? parent.schedule->loops.size() : child.schedule->depth;
}

/// Checks that the stages inside `node` which a reduction stores on its way can be computed by its loops.
LogicalResult KernelEmitter::checkCarried(const Node &node) {
  for (const std::unique_ptr<Node> &child : node.children) {
    if (failed(checkCarried(*child)))
      return failure();
    if (!child->schedule || !child->schedule->with)
      continue;
    Operation *op = kernel.getOp(child->op).op;
    unsigned number = *child->schedule->with;
    if (!child->stored || !isa<linalg::GenericOp>(op) || kernel.getOp(child->op).isReduction())
      return op->emitOpError("expects to be elementwise and stored to be computed with op ") << number;
    if (!child->schedule->loops.empty() || !child->schedule->inner.empty() || !child->children.empty())
      return op->emitOpError("expects neither loops nor stages inside of it to be computed with op ")
             << number;
    auto isReader = [&](const Use &use) { return use.reader == number; };
    auto reduction = placed.find(number);
    if (reduction == placed.end() || !kernel.getOp(number).isReduction() ||
        llvm::none_of(child->uses, isReader) || reduction->second->parent != &node ||
        depthIn(*reduction->second, node) != depthIn(*child, node))
      return op->emitOpError(
                 "expects to be computed with a reduction that reads it in the same place, but op ")
             << number << " is not";
  }
  return success();
}

//===----------------------------------------------------------------------------------------===//
// Stages
//===----------------------------------------------------------------------------------------===//

LogicalResult KernelEmitter::emitNode(Node &node, ArrayRef<Buffer> destinations) {
  node.destinations = destinations;
  if (auto pad = dyn_cast<tensor::PadOp>(kernel.getOp(node.op).op);
      pad && node.op != kernel.getRoot() && canSplitBorder(node, destinations.front()))
    return emitPadded(node, 0, /*inside=*/true, destinations.front());
  if (node.schedule->parallelLoops > 0)
    return emitParallelLoops(node, destinations);
  return emitLoops(node, 0, destinations);
}

LogicalResult KernelEmitter::emitLoops(Node &node, unsigned depth, ArrayRef<Buffer> destinations) {
  const StageSchedule &stage = *node.schedule;
  if (depth == stage.loops.size())
    if (std::optional<Loop> missing = findMissingLoop(node)) {
      Values none;
      return forEachTile(*missing, vectorVariableOf(node) == missing->variable, none,
                         [&](Values &) { return emitLoops(node, depth, destinations); });
    }
  if (depth == stage.loops.size())
    prefetchTile(node, destinations);
  if (failed(emitStages(node, depth)))
    return failure();
  if (depth < stage.loops.size()) {
    Loop loop = toLoops(node, ArrayRef(stage.loops).slice(depth, 1)).front();
    Values none;
    bool isReduction = kernel.getOp(node.op).isReduction();
    return forEachTile(
        loop, vectorVariableOf(node) == loop.variable, none,
        [&](Values &) { return emitLoops(node, depth + 1, destinations); }, isReduction ? &node : nullptr);
  }
  std::optional<Variable> savedVector = consumerVector;
  unsigned savedLimit = hoistLimit;
  consumerVector = vectorVariableOf(node);
  hoistLimit = scopes.size() - 1;
  bool reduction = kernel.getOp(node.op).isReduction();
  LogicalResult result =
      emitInnerLoops(node, reduction ? SmallVector<Loop>() : toLoops(node, stage.inner), destinations);
  consumerVector = savedVector;
  hoistLimit = savedLimit;
  return result;
}

LogicalResult KernelEmitter::emitInnerLoops(Node &node, ArrayRef<Loop> loops, ArrayRef<Buffer> destinations) {
  if (loops.empty())
    return emitTile(node, destinations);
  Values none;
  return forEachTile(loops.front(), vectorVariableOf(node) == loops.front().variable, none,
                     [&](Values &) { return emitInnerLoops(node, loops.drop_front(), destinations); });
}

/// Emits the stages that stand inside `depth` of the node's loops, producers first.
LogicalResult KernelEmitter::emitStages(Node &node, unsigned depth) {
  std::optional<Variable> savedVector = consumerVector;
  consumerVector = vectorVariableOf(node);
  unsigned savedLimit = hoistLimit;
  for (std::unique_ptr<Node> &child : node.children) {
    if (depthIn(*child, node) != depth)
      continue;
    hoistLimit = scopes.size() - 1;
    if (child->op == node.op)
      child->destinations = node.destinations;
    if (child->schedule && child->schedule->with) {
      if (failed(allocate(*child, child->scratch)))
        return failure();
      buffers.erase(kernel.getOp(child->op).outputs.front().tensor); // computed again, not read from there
      carried[*child->schedule->with].push_back(child.get());
      continue;
    }
    if (failed(child->stored ? emitStoredStage(*child) : emitReduction(*child)))
      return failure();
    if (child->op == node.op)
      continue;
    for (Node *stored : carried.lookup(child->op))
      buffers[kernel.getOp(stored->op).outputs.front().tensor] = stored->scratch;
    carried.erase(child->op);
  }
  consumerVector = savedVector;
  hoistLimit = savedLimit;
  return success();
}

/// The region along dimension `dim` of a stored stage's result that `uses` need here.
FailureOr<LoopVariable> KernelEmitter::regionAlong(Node &stage, unsigned dim, ArrayRef<Use> uses) {
  const StructuredOp &op = kernel.getOp(stage.op);
  LoopVariable region;
  bool first = true, wholeDimension = false;
  for (const Use &use : uses) {
    AffineExpr index = use.indices[dim];
    LinearForm start = indexOf(index, Point(variables.size(), 0));
    int64_t extent = 1;
    Value dynamicExtent;
    std::optional<std::pair<Variable, int64_t>> vectors;
    for (Variable v = 0; v < variables.size(); ++v) {
      if (!index.isFunctionOfDim(v))
        continue;
      std::optional<int64_t> step = laneStep(index, Point(variables.size(), 0), v);
      // A static loop may read backwards, as those over a mirrored filter: the region starts at its last
      // index.
      bool isStatic = !ShapedType::isDynamic(variables[v].extent) && !variables[v].laneCount;
      if (!step || (*step < 0 && (!isStatic || variables[v].scalable)))
        return op.op->emitOpError("expects uses at indices that grow with each loop");
      if (variables[v].scalable) {
        wholeDimension |= vectors.has_value();
        vectors = {v, *step};
      } else if (isStatic) {
        int64_t reach = *step * (variables[v].extent - 1);
        start.constant += std::min<int64_t>(reach, 0);
        extent += std::abs(reach);
      } else if (*step == 1 && extent == 1 && !dynamicExtent) {
        dynamicExtent = variables[v].laneCount ? variables[v].laneCount : variables[v].dynamicExtent;
      } else {
        return op.op->emitOpError("expects a scratch region of static size but for whole dimensions");
      }
    }
    if (dynamicExtent && (extent != 1 || vectors))
      return op.op->emitOpError("expects a scratch region of static size but for whole dimensions");
    if (vectors || region.capacity.scaled != 0) {
      LoopVariable needed =
          vectors ? scalableRegion(variables[vectors->first], vectors->second, extent) : LoopVariable();
      needed.base = start;
      wholeDimension |= !first && (!(region.base == start) || !region.capacity.isSame(needed.capacity));
      region = needed;
    } else if (first) {
      region.base = start;
      region.extent = dynamicExtent ? ShapedType::kDynamic : extent;
      region.dynamicExtent = dynamicExtent;
    } else if (dynamicExtent || ShapedType::isDynamic(region.extent)) {
      if (!dynamicExtent || !ShapedType::isDynamic(region.extent) || !(region.base == start))
        return op.op->emitOpError("expects uses of a scratch region of one size");
    } else if (region.base.sameTerms(start)) {
      // What covers both.
      int64_t end = std::max(region.base.constant + region.extent, start.constant + extent);
      region.base.constant = std::min(region.base.constant, start.constant);
      region.extent = end - region.base.constant;
    } else {
      wholeDimension = true;
    }
    first = false;
  }
  if (wholeDimension) {
    // Uses that move differently with the loops around: together they may read all there is.
    AffineExpr extent = op.extents[cast<AffineDimExpr>(op.outputs.front().map.getResult(dim)).getPosition()];
    std::optional<int64_t> size = SymbolicSizes::constantValue(extent);
    if (!size)
      return op.op->emitOpError("expects uses of a scratch region of dynamic size that start together");
    region = LoopVariable();
    region.extent = *size;
  }
  region.level = scopes.size() - 1;
  return region;
}

/// Sets the variables of a stored stage to the region its uses need here.
LogicalResult KernelEmitter::placeRegion(Node &stage, SmallVectorImpl<LinearForm> &origin) {
  const StructuredOp &op = kernel.getOp(stage.op);
  AffineMap map = op.outputs.front().map;
  SmallVector<Use> ofReduction;
  if (stage.schedule->with)
    llvm::copy_if(stage.uses, std::back_inserter(ofReduction),
                  [&](const Use &use) { return use.reader == *stage.schedule->with; });
  for (unsigned dim = 0; dim < map.getNumResults(); ++dim) {
    FailureOr<LoopVariable> region = regionAlong(stage, dim, stage.uses);
    if (failed(region))
      return failure();
    if (!ofReduction.empty()) {
      FailureOr<LoopVariable> reduced = regionAlong(stage, dim, ofReduction);
      if (failed(reduced))
        return failure();
      if (!(reduced->base == region->base) || reduced->extent != region->extent ||
          !reduced->capacity.isSame(region->capacity))
        return op.op->emitOpError("expects op ")
               << *stage.schedule->with << ", which computes it, to read all that others do";
    }
    variables[variableOf(stage, cast<AffineDimExpr>(map.getResult(dim)).getPosition())] = *region;
    origin.push_back(region->base);
  }
  return success();
}

LogicalResult KernelEmitter::emitStoredStage(Node &stage) {
  Buffer scratch;
  if (failed(allocate(stage, scratch)) || failed(emitNode(stage, scratch)))
    return failure();
  buffers[kernel.getOp(stage.op).outputs.front().tensor] = scratch;
  return success();
}

/// Sets the variables of a stored stage, and `scratch` to memory for its region.
LogicalResult KernelEmitter::allocate(Node &stage, Buffer &scratch) {
  const StructuredOp &op = kernel.getOp(stage.op);
  Value tensor = op.outputs.front().tensor;
  scratch = Buffer();
  if (failed(placeRegion(stage, scratch.origin)))
    return failure();
  if (auto result = resultBuffers.find(tensor); result != resultBuffers.end()) {
    scratch = result->second;
    return success();
  }
  if (stage.inResult) {
    scratch = stage.parent->destinations[*stage.inResult];
    return success();
  }
  SmallVector<int64_t> shape;
  SmallVector<LoopVariable::Capacity> sizes;
  Values dynamicSizes;
  int64_t bytes = std::max(1u, getElementTypeOrSelf(tensor.getType()).getIntOrFloatBitWidth() / 8);
  for (AffineExpr expr : op.outputs.front().map.getResults()) {
    const LoopVariable &variable = variables[variableOf(stage, cast<AffineDimExpr>(expr).getPosition())];
    bool isStatic = !ShapedType::isDynamic(variable.extent) && !variable.scalable;
    shape.push_back(isStatic ? variable.extent : ShapedType::kDynamic);
    sizes.push_back(isStatic ? LoopVariable::Capacity{variable.extent, 0} : variable.capacity);
    if (isStatic)
      bytes *= variable.extent;
    else if (variable.capacity.scaled != 0)
      bytes *= variable.capacity.fixed + variable.capacity.scaled * (options.vectorBits / options.vscaleBits);
    else
      dynamicSizes.push_back(variable.dynamicExtent);
  }
  if (bytes > options.maxScratchBytes)
    return op.op->emitOpError("needs ")
           << bytes << " bytes of scratch, more than the " << options.maxScratchBytes << " a kernel may have";
  // The remainder of a tile needs a part of what the full tile does: it takes the same memory.
  Scratch &allocated = scratchMemory[tensor];
  bool fits = allocated.memref && dynamicSizes.empty();
  if (fits)
    for (auto [needed, there] : llvm::zip(sizes, allocated.sizes))
      fits &= needed.fixed <= there.fixed && needed.scaled <= there.scaled;
  if (!fits) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    Operation *last = scalable ? vscale.getDefiningOp() : nullptr;
    for (Value size : dynamicSizes)
      if (Operation *def = size.getDefiningOp(); def && def->getBlock() == entry)
        last = !last || last->isBeforeInBlock(def) ? def : last;
    if (last)
      builder.setInsertionPointAfter(last);
    // Rows of several vectors begin where vectors do, so that few of these lie across two lines.
    int64_t elementBytes = std::max(1u, getElementTypeOrSelf(tensor.getType()).getIntOrFloatBitWidth() / 8);
    bool hasRows = llvm::any_of(ArrayRef(shape).drop_back(), [](int64_t extent) { return extent != 1; });
    if (hasRows && !ShapedType::isDynamic(shape.back()) && shape.back() >= 4 * lanes)
      shape.back() = llvm::alignTo(shape.back(), lanes);
    // Rows a multiple of many cache lines apart would fall into the same sets of the caches.
    if (shape.size() > 1 && !ShapedType::isDynamic(shape.back()) && shape.back() * elementBytes % 512 == 0)
      shape.back() += 64 / elementBytes;
    auto symbolic = dynamicSizes.begin();
    Values allSizes;
    for (auto [size, extent] : llvm::zip(sizes, shape))
      if (ShapedType::isDynamic(extent))
        allSizes.push_back(size.scaled != 0 ? capacityOf(size) : *symbolic++);
    MemRefType type = MemRefType::get(shape, getElementTypeOrSelf(tensor.getType()));
    allocated.memref = memref::AllocaOp::create(builder, loc, type, allSizes, builder.getI64IntegerAttr(64));
    allocated.sizes = sizes;
  }
  scratch.memref = allocated.memref;
  return success();
}
