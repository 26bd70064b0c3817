//===- WireFormatTest.cpp - Taking weights out of a serialized model ----------------------------===//

#include "WireFormat.h"

#include "gtest/gtest.h"

#include <random>

using namespace tenon::importer;

static std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
  return out;
}

static std::string field(unsigned number, const std::string &payload) {
  return varint(number << 3 | 2) + varint(payload.size()) + payload;
}

/// A model of one initializer with this raw_data.
static std::string modelWith(const std::string &data) {
  std::string tensor = field(8, "w") + field(9, data);
  return varint(1 << 3) + varint(8) + field(7, field(2, "g") + field(5, tensor));
}

static StrippedModel strip(const std::string &model, uint64_t threshold) {
  auto result = stripRawData(model, threshold);
  EXPECT_TRUE(std::holds_alternative<StrippedModel>(result));
  return std::holds_alternative<StrippedModel>(result) ? std::get<StrippedModel>(result) : StrippedModel();
}

static std::string errorOf(const std::string &model) {
  auto result = stripRawData(model, 0);
  auto *error = std::get_if<std::string>(&result);
  return error ? *error : "";
}

TEST(WireFormat, SmallDataStays) {
  std::string model = modelWith("abcd");
  StrippedModel stripped = strip(model, 4);
  EXPECT_EQ(stripped.bytes, model);
  EXPECT_TRUE(stripped.ranges.empty());
}

TEST(WireFormat, LargeDataIsRemembered) {
  std::string data(1000, 'x'), model = modelWith(data);
  StrippedModel stripped = strip(model, 999);
  ASSERT_EQ(stripped.ranges.size(), 1u);
  EXPECT_EQ(model.substr(stripped.ranges[0].offset, stripped.ranges[0].length), data);
  std::string tensor = field(8, "w") + varint(uint64_t(kStrippedField) << 3) + varint(0);
  EXPECT_EQ(stripped.bytes, varint(1 << 3) + varint(8) + field(7, field(2, "g") + field(5, tensor)));
}

TEST(WireFormat, TensorsInAttributesAndSubgraphsAreFound) {
  std::string data(10, 'x'), tensor = field(9, data);
  std::string attribute = field(5, tensor) + field(6, field(5, tensor)) + field(22, field(1, tensor));
  std::string node = field(5, attribute);
  StrippedModel stripped = strip(field(7, field(1, node)) + field(25, field(7, node)), 5);
  EXPECT_EQ(stripped.ranges.size(), 6u);
}

TEST(WireFormat, OtherFieldsOfTheSameNumberStay) {
  // Field 9 of a node is metadata, and field 9 of what nothing is known of may be anything.
  std::string model = field(7, field(1, field(9, std::string(10, 'x')))) + field(9, std::string(10, 'y'));
  EXPECT_EQ(strip(model, 0).bytes, model);
}

TEST(WireFormat, ForgedMarksAreDropped) {
  std::string mark = varint(uint64_t(kStrippedField) << 3) + varint(0);
  EXPECT_EQ(strip(field(7, field(5, field(8, "w") + mark)), 0).bytes, field(7, field(5, field(8, "w"))));
}

TEST(WireFormat, MalformedInputIsRefused) {
  EXPECT_EQ(errorOf("\x08"), "truncated number at byte 1");
  EXPECT_EQ(errorOf("\x08" + std::string(11, '\xff')), "number of more than 64 bits at byte 1");
  EXPECT_EQ(errorOf(std::string("\x00\x00", 2)), "invalid field number at byte 0");
  EXPECT_EQ(errorOf("\x0b"), "unknown wire type at byte 0");
  EXPECT_EQ(errorOf(std::string("\x09\x00", 2)), "truncated field at byte 0");
  EXPECT_EQ(errorOf("\x3a\x05"
                    "ab"),
            "field that ends past its message at byte 0");
  EXPECT_EQ(errorOf(varint(7 << 3 | 2) + varint(~uint64_t(0)) + "ab"),
            "field that ends past its message at byte 0");
}

TEST(WireFormat, DepthIsLimited) {
  std::string graph;
  for (int i = 0; i < 1000; ++i)
    graph = field(1, field(5, field(6, graph)));
  EXPECT_NE(errorOf(field(7, graph)).find("nested more than 100 deep"), std::string::npos);
}

// Whatever the bytes: an answer, and no read outside of them (the sanitizers' part).
TEST(WireFormat, RandomBytesAreSafe) {
  std::mt19937 random(7);
  std::string model =
      field(7, field(1, field(5, field(5, field(9, std::string(40, 'x')))))) + modelWith("abcdefgh");
  for (int round = 0; round < 20000; ++round) {
    std::string mutated = model;
    for (int i = 0; i < 1 + round % 4; ++i)
      mutated[random() % mutated.size()] = static_cast<char>(random());
    mutated.resize(random() % (mutated.size() + 1));
    auto result = stripRawData(mutated, 4);
    if (auto *stripped = std::get_if<StrippedModel>(&result)) {
      for (const ByteRange &range : stripped->ranges) {
        ASSERT_LE(range.offset, mutated.size());
        ASSERT_LE(range.length, mutated.size() - range.offset);
      }
    }
  }
}
