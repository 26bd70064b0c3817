//===- HostTensorTest.cpp - Tensors in memory, and their way from and to attributes ------------------===//

#include "tenon/Support/HostTensor.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"
#include "gtest/gtest.h"

#include <cmath>

using namespace mlir;
using namespace tenon;

namespace {
class HostTensorTest : public testing::Test {
protected:
  MLIRContext context;
  Builder builder{&context};

  RankedTensorType type(ArrayRef<int64_t> shape, Type element) {
    return RankedTensorType::get(shape, element);
  }
};
} // namespace

TEST_F(HostTensorTest, SizesThatDoNotExistAreRefused) {
  EXPECT_EQ(*HostTensor::getSizeInBytes(type({2, 3}, builder.getF32Type())), 24);
  EXPECT_EQ(*HostTensor::getSizeInBytes(type({3}, builder.getI1Type())), 3);
  EXPECT_EQ(*HostTensor::getSizeInBytes(type({5}, builder.getIntegerType(4))), 5);
  EXPECT_TRUE(failed(HostTensor::getSizeInBytes(type({ShapedType::kDynamic}, builder.getF32Type()))));
  EXPECT_TRUE(
      failed(HostTensor::getSizeInBytes(type({int64_t(1) << 40, int64_t(1) << 30}, builder.getF32Type()))));
  EXPECT_TRUE(failed(HostTensor::getSizeInBytes(type({2}, builder.getIntegerType(128)))));
}

TEST_F(HostTensorTest, CopiesShareBytes) {
  HostTensor tensor = HostTensor::of<float>(type({2}, builder.getF32Type()), {1, 2});
  HostTensor copy = tensor;
  tensor.getMutable<float>()[0] = 5;
  EXPECT_EQ(copy.get<float>()[0], 5);
  EXPECT_EQ(copy.reshaped({1, 2}).getBytes().data(), tensor.getBytes().data());
}

TEST_F(HostTensorTest, AccessAsAnotherTypeEndsTheProcess) {
  HostTensor tensor = HostTensor::zeros(type({2}, builder.getF32Type()));
  EXPECT_DEATH((void)tensor.get<int32_t>(), "accessed as another type");
  EXPECT_DEATH((void)HostTensor::zeros(type({2}, builder.getIntegerType(8, false))).get<int8_t>(),
               "another type");
}

TEST_F(HostTensorTest, BorrowedBytesAreNotCopiedNorWritten) {
  alignas(4) char bytes[12] = {};
  RankedTensorType two = type({2}, builder.getF32Type());
  FailureOr<HostTensor> borrowed = HostTensor::borrow(two, ArrayRef<char>(bytes, 8));
  ASSERT_TRUE(succeeded(borrowed));
  EXPECT_EQ(borrowed->getBytes().data(), bytes);
  EXPECT_DEATH((void)borrowed->getMutable<float>(), "borrowed");
  EXPECT_TRUE(failed(HostTensor::borrow(two, ArrayRef<char>(bytes, 7))));

  FailureOr<HostTensor> misaligned = HostTensor::borrow(two, ArrayRef<char>(bytes + 1, 8));
  ASSERT_TRUE(succeeded(misaligned));
  EXPECT_NE(misaligned->getBytes().data(), bytes + 1);
}

TEST_F(HostTensorTest, OwnerLivesAsLongAsTheBytes) {
  auto owner = std::make_shared<std::vector<float>>(3, 1.0f);
  std::weak_ptr<std::vector<float>> watch = owner;
  ArrayRef<char> bytes(reinterpret_cast<const char *>(owner->data()), 12);
  FailureOr<HostTensor> tensor = HostTensor::borrow(type({3}, builder.getF32Type()), bytes, std::move(owner));
  ASSERT_TRUE(succeeded(tensor));
  HostTensor copy = *tensor;
  tensor = HostTensor();
  EXPECT_FALSE(watch.expired());
  copy = HostTensor();
  EXPECT_TRUE(watch.expired());
}

TEST_F(HostTensorTest, SmallConstantsStandInTheText) {
  HostTensor bools =
      HostTensor::of<Bool>(type({3}, builder.getI1Type()), {Bool(true), Bool(false), Bool(true)});
  ElementsAttr attribute = bools.toElementsAttr("b");
  EXPECT_TRUE(isa<DenseElementsAttr>(attribute));
  FailureOr<HostTensor> back = HostTensor::from(attribute);
  ASSERT_TRUE(succeeded(back));
  EXPECT_EQ(back->getBytes(), bools.getBytes());

  HostTensor splat = HostTensor::zeros(type({1000}, builder.getF32Type()));
  EXPECT_TRUE(splat.toElementsAttr("s").isSplat());
  back = HostTensor::from(splat.toElementsAttr("s"));
  ASSERT_TRUE(succeeded(back));
  EXPECT_EQ(back->getBytes(), splat.getBytes());
}

TEST_F(HostTensorTest, LargeConstantsShareTheirBytes) {
  HostTensor tensor = HostTensor::random(type({100}, builder.getF32Type()), 1);
  ElementsAttr attribute = tensor.toElementsAttr("weights");
  ASSERT_TRUE(isa<DenseResourceElementsAttr>(attribute));
  FailureOr<HostTensor> back = HostTensor::from(attribute);
  ASSERT_TRUE(succeeded(back));
  EXPECT_EQ(back->getBytes().data(), tensor.getBytes().data());
  // A second constant of one name gets a name of its own.
  EXPECT_NE(HostTensor::random(type({100}, builder.getF32Type()), 2).toElementsAttr("weights"), attribute);
}

TEST_F(HostTensorTest, ReleasedConstantsKeepNoBytes) {
  auto type = RankedTensorType::get({100}, builder.getF32Type());
  auto owner = std::make_shared<std::vector<float>>(100);
  owner->front() = 1; // or it would be a splat
  ArrayRef<char> bytes(reinterpret_cast<const char *>(owner->data()), 400);
  HostTensor tensor = *HostTensor::borrow(type, bytes, owner);
  ElementsAttr kept = tensor.toElementsAttr("kept"),
               released = tensor.toElementsAttr("gone", /*releasable=*/true);
  tensor = HostTensor();
  EXPECT_EQ(owner.use_count(), 3);
  HostTensor::release(kept);
  HostTensor::release(released);
  HostTensor::release(released);
  EXPECT_EQ(owner.use_count(), 2);
  EXPECT_TRUE(succeeded(HostTensor::from(kept)));
  EXPECT_TRUE(failed(HostTensor::from(released)));
  HostTensor::release(HostTensor::zeros(type).toElementsAttr("splat", /*releasable=*/true));
}

TEST_F(HostTensorTest, RandomIsTheSameEverywhere) {
  // The first numbers of SplitMix64 with seed 0 begin with e220a8397b1dcdaf and 6e789e6aa1b965f4 (Vigna's
  // splitmix64.c).
  HostTensor integers = HostTensor::random(type({2}, builder.getI32Type()), 0);
  EXPECT_EQ(integers.get<int32_t>(), ArrayRef<int32_t>({0xe - 8, 0x6 - 8}));
  HostTensor floats = HostTensor::random(type({2}, builder.getF32Type()), 0);
  EXPECT_EQ(floats.get<float>()[0], std::ldexp(0xe220a8, -23) - 1);
  HostTensor many = HostTensor::random(type({10000}, builder.getF16Type()), 3);
  for (double value : many.toDoubles())
    EXPECT_TRUE(value >= -1 && value <= 1) << value;
}
