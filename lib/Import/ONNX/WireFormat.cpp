//===- WireFormat.cpp - Takes the big weights out of an ONNX file before protobuf reads it ------===//

#include "WireFormat.h"

using namespace llvm;
using namespace tenon::importer;

namespace {

/// The messages a TensorProto can be reached through; everything else is copied as it is.
enum class Message { Model, Graph, Node, Attribute, Tensor, SparseTensor, Function, Opaque };

/// How deep messages may nest: more than protobuf itself accepts is no use.
constexpr unsigned kMaxDepth = 100;
constexpr uint32_t kRawDataField = 9;

enum WireType : uint32_t { Varint = 0, Fixed64 = 1, LengthDelimited = 2, Fixed32 = 5 };

/// The message kind of a length-delimited field, by its number in onnx-ml.proto.
Message fieldMessage(Message parent, uint32_t field) {
  switch (parent) {
  case Message::Model:
    return field == 7 ? Message::Graph : field == 25 ? Message::Function : Message::Opaque;
  case Message::Graph:
    return field == 1    ? Message::Node
           : field == 5  ? Message::Tensor
           : field == 15 ? Message::SparseTensor
                         : Message::Opaque;
  case Message::Node:
    return field == 5 ? Message::Attribute : Message::Opaque;
  case Message::Attribute:
    return field == 5 || field == 10    ? Message::Tensor
           : field == 6 || field == 11  ? Message::Graph
           : field == 22 || field == 23 ? Message::SparseTensor
                                        : Message::Opaque;
  case Message::SparseTensor:
    return field == 1 || field == 2 ? Message::Tensor : Message::Opaque;
  case Message::Function:
    return field == 7 ? Message::Node : field == 11 ? Message::Attribute : Message::Opaque;
  case Message::Tensor:
  case Message::Opaque:
    return Message::Opaque;
  }
  return Message::Opaque;
}

void writeVarint(std::string &out, uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

class Walker {
public:
  Walker(StringRef file, uint64_t threshold) : file(file), threshold(threshold) {}

  /// Appends the message [begin, end) of the file without its large raw_data to `out`.
  bool walk(Message message, uint64_t begin, uint64_t end, unsigned depth, std::string &out);

  std::vector<ByteRange> ranges;
  std::string error;

private:
  bool fail(const char *what, uint64_t at) {
    error = std::string(what) + " at byte " + std::to_string(at);
    return false;
  }
  bool readVarint(uint64_t &at, uint64_t end, uint64_t &value);

  StringRef file;
  uint64_t threshold;
};

bool Walker::readVarint(uint64_t &at, uint64_t end, uint64_t &value) {
  uint64_t begin = at;
  value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (at == end)
      return fail("truncated number", begin);
    uint8_t byte = static_cast<uint8_t>(file[at++]);
    if (shift == 63 && byte > 1)
      return fail("number of more than 64 bits", begin);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80)
      return true;
  }
  return fail("number of more than 64 bits", begin);
}

bool Walker::walk(Message message, uint64_t begin, uint64_t end, unsigned depth, std::string &out) {
  if (depth > kMaxDepth)
    return fail("messages nested more than 100 deep", begin);
  for (uint64_t at = begin; at < end;) {
    uint64_t start = at, tag, length;
    if (!readVarint(at, end, tag))
      return false;
    uint64_t field = tag >> 3;
    if (field == 0 || field > 0x1fffffff)
      return fail("invalid field number", start);
    switch (tag & 7) {
    case Varint:
      if (!readVarint(at, end, length))
        return false;
      break;
    case Fixed64:
    case Fixed32:
      length = (tag & 7) == Fixed64 ? 8 : 4;
      if (end - at < length)
        return fail("truncated field", start);
      at += length;
      break;
    case LengthDelimited: {
      if (!readVarint(at, end, length))
        return false;
      if (length > end - at)
        return fail("field that ends past its message", start);
      uint64_t payload = at;
      at += length;
      if (message == Message::Tensor && field == kRawDataField && length > threshold) {
        writeVarint(out, uint64_t(kStrippedField) << 3 | Varint);
        writeVarint(out, ranges.size());
        ranges.push_back({payload, length});
        continue;
      }
      Message child = fieldMessage(message, field);
      if (child == Message::Opaque)
        break;
      std::string inner;
      if (!walk(child, payload, at, depth + 1, inner))
        return false;
      writeVarint(out, tag);
      writeVarint(out, inner.size());
      out += inner;
      continue;
    }
    default:
      return fail("unknown wire type", start);
    }
    if (message == Message::Tensor && field == kStrippedField)
      continue;
    out.append(file.data() + start, at - start);
  }
  return true;
}

} // namespace

std::variant<StrippedModel, std::string> tenon::importer::stripRawData(StringRef model, uint64_t threshold) {
  Walker walker(model, threshold);
  StrippedModel result;
  if (!walker.walk(Message::Model, 0, model.size(), 0, result.bytes))
    return walker.error;
  result.ranges = std::move(walker.ranges);
  return result;
}
