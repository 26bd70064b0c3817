//===- LinearForm.cpp - Index values as exact sums -----------------------------------------------===//

#include "LinearForm.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace tenon;

void LinearForm::add(Value value, int64_t factor) {
  if (factor == 0)
    return;
  for (auto *term = terms.begin(); term != terms.end(); ++term) {
    if (term->first != value)
      continue;
    term->second += factor;
    if (term->second == 0)
      terms.erase(term);
    return;
  }
  terms.push_back({value, factor});
}

void LinearForm::add(const LinearForm &other, int64_t factor) {
  constant += factor * other.constant;
  for (auto [value, coefficient] : other.terms)
    add(value, factor * coefficient);
}

bool LinearForm::sameTerms(const LinearForm &other) const {
  if (terms.size() != other.terms.size())
    return false;
  return llvm::all_of(terms, [&](const auto &term) { return llvm::is_contained(other.terms, term); });
}

Value LinearForm::materialize(OpBuilder &builder, Location loc) const {
  Value sum;
  for (auto [value, factor] : terms) {
    Value product = value;
    if (factor != 1)
      product = builder.createOrFold<arith::MulIOp>(loc, value,
                                                    arith::ConstantIndexOp::create(builder, loc, factor));
    sum = sum ? builder.createOrFold<arith::AddIOp>(loc, sum, product) : product;
  }
  if (!sum)
    return arith::ConstantIndexOp::create(builder, loc, constant);
  if (constant != 0)
    sum =
        builder.createOrFold<arith::AddIOp>(loc, sum, arith::ConstantIndexOp::create(builder, loc, constant));
  return sum;
}
