//===- Contraction.cpp - Evaluates matrix products, convolutions, einsum and attention ---------------===//

#include "Invocation.h"
#include "Product.h"
#include "Rows.h"
#include "Spatial.h"

#include <cmath>

using namespace mlir;
using namespace tenon;
using namespace tenon::reference;

/// Calls `function` with the ElementTag of the type products of `elementType` are summed in.
template <typename Function>
static Results dispatchProduct(Type elementType, Function function) {
  if (getArithmetic(elementType) == Arithmetic::real)
    return function(ElementTag<double>());
  return function(ElementTag<uint64_t>());
}

//===----------------------------------------------------------------------------------------===//
// Matrix products
//===----------------------------------------------------------------------------------------===//

namespace {
/// A stack of matrices inside a tensor: where rows and columns lie, and where each matrix of a batch starts.
struct Matrices {
  const HostTensor &tensor;
  int64_t rows, columns, rowStride, columnStride;
  SmallVector<int64_t> batchShape;

  Matrices(const HostTensor &tensor, bool transposed, bool isVectorRow) : tensor(tensor) {
    SmallVector<int64_t> shape(tensor.getShape());
    if (shape.size() == 1) // matmul: a vector is a row on the left and a column on the right.
      shape.insert(isVectorRow ? shape.begin() : shape.end(), 1);
    columns = shape.pop_back_val();
    rows = shape.pop_back_val();
    rowStride = columns;
    columnStride = 1;
    if (transposed) {
      std::swap(rows, columns);
      std::swap(rowStride, columnStride);
    }
    batchShape = shape;
  }
};
} // namespace

static Results evaluate(MatmulOp op, Invocation &call) {
  HostTensor result = call.makeResult();
  Matrices lhs(call.operands[0], op.getTransposeLhs(), /*isVectorRow=*/true);
  Matrices rhs(call.operands[1], op.getTransposeRhs(), /*isVectorRow=*/false);
  SmallVector<int64_t> batch(result.getShape());
  batch.truncate(std::max(lhs.batchShape.size(), rhs.batchShape.size()));

  auto batchStrides = [&](const Matrices &matrices) {
    SmallVector<int64_t> strides = getBroadcastStrides(matrices.batchShape, batch);
    for (int64_t &stride : strides)
      stride *= matrices.rows * matrices.columns;
    return strides;
  };
  return dispatchProduct(result.getElementType(), [&](auto tag) -> Results {
    using Wide = typename decltype(tag)::type;
    RowReader<Wide> readLhs = getRowReader<Wide>(lhs.tensor.getElementType());
    RowReader<Wide> readRhs = getRowReader<Wide>(rhs.tensor.getElementType());
    RowWriter<Wide> writeResult = getRowWriter<Wide>(result.getElementType());
    int64_t resultOffset = 0, depth = lhs.columns, columns = rhs.columns;
    RowWalk walk(batch, {batchStrides(lhs), batchStrides(rhs)});
    walk.forEach(
        [&](ArrayRef<int64_t> offsets, ArrayRef<int64_t>, int64_t) {
          auto readLeft = [&](int64_t first, int64_t count, Wide *block) {
            for (int64_t i = 0; i < count; ++i)
              readLhs(addressOf(lhs.tensor, offsets[0] + (first + i) * lhs.rowStride), lhs.columnStride,
                      depth, block + i * depth);
          };
          auto readRight = [&](int64_t first, int64_t count, Wide *block, int64_t stride) {
            for (int64_t k = 0; k < depth; ++k)
              readRhs(addressOf(rhs.tensor, offsets[1] + first * rhs.columnStride + k * rhs.rowStride),
                      rhs.columnStride, count, block + k * stride);
          };
          auto write = [&](int64_t row, int64_t first, int64_t count, const Wide *values) {
            writeResult(values, count, mutableAddressOf(result, resultOffset + row * columns + first), 1);
          };
          Product<Wide>{lhs.rows, columns, depth, readLeft, readRight, write}.compute();
          resultOffset += lhs.rows * columns;
        },
        /*capacity=*/1);
    return Tensors{result};
  });
}

//===----------------------------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------------------------===//

namespace {
/// A convolution as a matrix product for each sample and group: a row per element of the result's space, a
/// column per output channel, and depth over the kernel's positions and the group's input channels.
struct Convolution {
  HostTensor input, filter, result;
  Spatial inputSpace, filterSpace, resultSpace;
  int64_t samples, groups, groupInputs, groupOutputs;
  /// Distance in the filter between the first elements of two groups.
  int64_t filterGroupStride;
  /// The place in the input, along a spatial dimension, that a place of the result sees through one of the
  /// kernel; negative or past the end if there is none.
  llvm::function_ref<int64_t(unsigned dim, int64_t resultAt, int64_t kernelAt)> source;

  template <typename Wide>
  void compute();
};
} // namespace

template <typename Wide>
void Convolution::compute() {
  RowReader<Wide> readInput = getRowReader<Wide>(input.getElementType());
  RowReader<Wide> readFilter = getRowReader<Wide>(filter.getElementType());
  RowWriter<Wide> writeResult = getRowWriter<Wide>(result.getElementType());
  const int64_t kernelCount = filterSpace.count(), depth = kernelCount * groupInputs;
  const unsigned rank = inputSpace.sizes.size();
  for (int64_t sample = 0; sample < samples; ++sample) {
    for (int64_t group = 0; group < groups; ++group) {
      const int64_t inputBase =
          sample * inputSpace.otherStride + group * groupInputs * inputSpace.channelStride;
      const int64_t resultBase =
          sample * resultSpace.otherStride + group * groupOutputs * resultSpace.channelStride;
      auto readPatch = [&](int64_t first, int64_t count, Wide *block) {
        SmallVector<int64_t, 4> place(rank), kernel(rank), seen(rank);
        for (int64_t i = 0; i < count; ++i) {
          resultSpace.locate(first + i, place);
          for (int64_t k = 0; k < kernelCount; ++k, block += groupInputs) {
            filterSpace.locate(k, kernel);
            bool inside = true;
            for (unsigned d = 0; d < rank; ++d) {
              seen[d] = source(d, place[d], kernel[d]);
              inside &= seen[d] >= 0 && seen[d] < inputSpace.sizes[d];
            }
            if (inside)
              readInput(addressOf(input, inputBase + inputSpace.offset(seen)), inputSpace.channelStride,
                        groupInputs, block);
            else
              std::fill_n(block, groupInputs, Wide(0));
          }
        }
      };
      auto readKernel = [&](int64_t first, int64_t count, Wide *block, int64_t stride) {
        SmallVector<int64_t, 4> kernel(rank);
        for (int64_t k = 0; k < kernelCount; ++k) {
          filterSpace.locate(k, kernel);
          int64_t base =
              group * filterGroupStride + filterSpace.offset(kernel) + first * filterSpace.otherStride;
          for (int64_t c = 0; c < groupInputs; ++c, block += stride)
            readFilter(addressOf(filter, base + c * filterSpace.channelStride), filterSpace.otherStride,
                       count, block);
        }
      };
      auto write = [&](int64_t row, int64_t first, int64_t count, const Wide *values) {
        SmallVector<int64_t, 4> place(rank);
        resultSpace.locate(row, place);
        int64_t at = resultBase + resultSpace.offset(place) + first * resultSpace.channelStride;
        writeResult(values, count, mutableAddressOf(result, at), resultSpace.channelStride);
      };
      Product<Wide>{resultSpace.count(), groupOutputs, depth, readPatch, readKernel, write}.compute();
    }
  }
}

static Results run(Convolution convolution) {
  return dispatchProduct(convolution.result.getElementType(), [&](auto tag) -> Results {
    convolution.compute<typename decltype(tag)::type>();
    return Tensors{convolution.result};
  });
}

static Results evaluate(ConvOp op, Invocation &call) {
  const HostTensor &input = call.operands[0], &filter = call.operands[1];
  HostTensor result = call.makeResult();
  bool last = op.getLayout() == tenon::DataLayout::channels_last;
  int64_t rank = input.getRank(), channelDim = last ? rank - 1 : 1, groups = op.getGroup();
  // Filter: [M, C / group, kernel...] or [kernel..., C / group, M].
  Spatial filterSpace(filter.getShape(), last ? rank - 2 : 1, last ? rank - 1 : 0, last ? 0 : 2);
  int64_t groupOutputs = result.getDim(channelDim) / groups;
  ArrayRef<int64_t> strides = op.getStrides(), dilations = op.getDilations(), pads = op.getPads();
  auto source = [&](unsigned dim, int64_t resultAt, int64_t kernelAt) {
    return resultAt * strides[dim] + kernelAt * dilations[dim] - pads[dim];
  };
  return run({input, filter, result, Spatial(input.getShape(), op.getLayout()), filterSpace,
              Spatial(result.getShape(), op.getLayout()), input.getDim(0), groups,
              input.getDim(channelDim) / groups, groupOutputs, groupOutputs * filterSpace.otherStride,
              source});
}

static Results evaluate(ConvTransposeOp op, Invocation &call) {
  const HostTensor &input = call.operands[0], &filter = call.operands[1];
  HostTensor result = call.makeResult();
  bool last = op.getLayout() == tenon::DataLayout::channels_last;
  int64_t rank = input.getRank(), channelDim = last ? rank - 1 : 1, groups = op.getGroup();
  // Filter: [C, M / group, kernel...] or [kernel..., C, M / group].
  Spatial filterSpace(filter.getShape(), last ? rank - 2 : 0, last ? rank - 1 : 1, last ? 0 : 2);
  int64_t groupInputs = input.getDim(channelDim) / groups;
  ArrayRef<int64_t> strides = op.getStrides(), dilations = op.getDilations(), pads = op.getPads();
  auto source = [&](unsigned dim, int64_t resultAt, int64_t kernelAt) -> int64_t {
    int64_t spread = resultAt + pads[dim] - kernelAt * dilations[dim];
    return spread >= 0 && spread % strides[dim] == 0 ? spread / strides[dim] : -1;
  };
  return run({input, filter, result, Spatial(input.getShape(), op.getLayout()), filterSpace,
              Spatial(result.getShape(), op.getLayout()), input.getDim(0), groups, groupInputs,
              result.getDim(channelDim) / groups, groupInputs * filterSpace.channelStride, source});
}

//===----------------------------------------------------------------------------------------===//
// Einsum
//===----------------------------------------------------------------------------------------===//

/// The distance between neighbours along each of `letters` in a tensor whose dimensions `term` names; 0 for
/// letters that are not in it. A letter that comes twice steps along both dimensions: the diagonal.
static SmallVector<int64_t> getLetterStrides(StringRef letters, StringRef term, const HostTensor &tensor) {
  SmallVector<int64_t> strides;
  for (char letter : letters) {
    int64_t stride = 0;
    for (auto [name, dimStride] : llvm::zip_equal(term, getStrides(tensor.getShape())))
      stride += name == letter ? dimStride : 0;
    strides.push_back(stride);
  }
  return strides;
}

static Results evaluate(EinsumOp op, Invocation &call) {
  HostTensor result = call.makeResult();
  auto [left, target] = op.getEquation().split("->");
  SmallVector<StringRef> terms;
  left.split(terms, ',');

  // The letters of the result, then those summed over.
  std::string letters = target.str();
  for (char letter : left)
    if (letter != ',' && !StringRef(letters).contains(letter))
      letters += letter;
  SmallVector<int64_t> sizes(letters.size(), 1);
  SmallVector<SmallVector<int64_t>> strides;
  for (auto [term, operand] : llvm::zip_equal(terms, call.operands)) {
    for (auto [letter, size] : llvm::zip_equal(term, operand.getShape()))
      sizes[letters.find(letter)] = size;
    strides.push_back(getLetterStrides(letters, term, operand));
  }
  strides.push_back(getLetterStrides(letters, target, result));

  return dispatchProduct(result.getElementType(), [&](auto tag) -> Results {
    using Wide = typename decltype(tag)::type;
    SmallVector<std::vector<Wide>> operands;
    for (const HostTensor &operand : call.operands)
      operands.push_back(readAll<Wide>(operand));
    std::vector<Wide> sums(result.getNumElements(), Wide(0)), products(rowCapacity);
    RowWalk(sizes, strides).forEach([&](ArrayRef<int64_t> offsets, ArrayRef<int64_t> steps, int64_t count) {
      std::fill_n(products.begin(), count, Wide(1));
      for (auto [i, operand] : llvm::enumerate(operands))
        for (int64_t at = 0; at < count; ++at)
          products[at] *= operand[offsets[i] + at * steps[i]];
      for (int64_t at = 0; at < count; ++at)
        sums[offsets.back() + at * steps.back()] += products[at];
    });
    writeAll<Wide>(sums, result);
    return Tensors{result};
  });
}

//===----------------------------------------------------------------------------------------===//
// Attention
//===----------------------------------------------------------------------------------------===//

/// `exp(x) / sum(exp(x))` of a row, in place.
static void softmaxRow(MutableArrayRef<double> row) {
  double highest = row.empty() ? 0 : *llvm::max_element(row), sum = 0;
  for (double &x : row)
    sum += x = std::exp(x - highest);
  for (double &x : row)
    x /= sum;
}

static Results evaluate(AttentionOp op, Invocation &call) {
  HostTensor result = call.makeResult();
  HostTensor query = call[op.getQuery()], key = call[op.getKey()], value = call[op.getValue()],
             mask = call[op.getMask()];
  int64_t heads = query.getDim(1), queries = query.getDim(2), dim = query.getDim(3);
  int64_t groups = key.getDim(1), keys = key.getDim(2), valueDim = value.getDim(3);
  double scale = op.getScale().convertToDouble();
  RowReader<double> read = getRowReader<double>(query.getElementType());
  RowWriter<double> writeResult = getRowWriter<double>(result.getElementType());
  SmallVector<int64_t> maskStrides;
  if (mask)
    maskStrides = getBroadcastStrides(mask.getShape(), {query.getDim(0), heads, queries, keys});

  std::vector<double> scores(queries * keys), maskRow(keys);
  for (int64_t batch = 0; batch < query.getDim(0); ++batch) {
    for (int64_t head = 0; head < heads; ++head) {
      int64_t queryHead = batch * heads + head, keyHead = batch * groups + head / (heads / groups);
      auto readQuery = [&](int64_t first, int64_t count, double *block) {
        read(addressOf(query, (queryHead * queries + first) * dim), 1, count * dim, block);
      };
      auto readKey = [&](int64_t first, int64_t count, double *block, int64_t stride) {
        for (int64_t k = 0; k < dim; ++k)
          read(addressOf(key, (keyHead * keys + first) * dim + k), dim, count, block + k * stride);
      };
      auto writeScores = [&](int64_t row, int64_t first, int64_t count, const double *values) {
        std::copy_n(values, count, &scores[row * keys + first]);
      };
      Product<double>{queries, keys, dim, readQuery, readKey, writeScores}.compute();

      for (int64_t i = 0; i < queries; ++i) {
        MutableArrayRef<double> row(&scores[i * keys], keys);
        if (mask)
          read(addressOf(mask, batch * maskStrides[0] + head * maskStrides[1] + i * maskStrides[2]),
               maskStrides[3], keys, maskRow.data());
        for (int64_t j = 0; j < keys; ++j) {
          bool hidden = op.getCausal() && j > i;
          row[j] =
              hidden ? -std::numeric_limits<double>::infinity() : row[j] * scale + (mask ? maskRow[j] : 0);
        }
        softmaxRow(row);
      }

      auto readScores = [&](int64_t first, int64_t count, double *block) {
        std::copy_n(&scores[first * keys], count * keys, block);
      };
      auto readValue = [&](int64_t first, int64_t count, double *block, int64_t stride) {
        for (int64_t k = 0; k < keys; ++k)
          read(addressOf(value, (keyHead * keys + k) * valueDim + first), 1, count, block + k * stride);
      };
      auto write = [&](int64_t row, int64_t first, int64_t count, const double *values) {
        writeResult(values, count, mutableAddressOf(result, (queryHead * queries + row) * valueDim + first),
                    1);
      };
      Product<double>{queries, valueDim, keys, readScores, readValue, write}.compute();
    }
  }
  return Tensors{result};
}

void reference::addContraction(OpTable &table) {
  table.add<MatmulOp>([](MatmulOp op, Invocation &call) { return evaluate(op, call); });
  table.add<ConvOp>([](ConvOp op, Invocation &call) { return evaluate(op, call); });
  table.add<ConvTransposeOp>([](ConvTransposeOp op, Invocation &call) { return evaluate(op, call); });
  table.add<EinsumOp>([](EinsumOp op, Invocation &call) { return evaluate(op, call); });
  table.add<AttentionOp>([](AttentionOp op, Invocation &call) { return evaluate(op, call); });
}
