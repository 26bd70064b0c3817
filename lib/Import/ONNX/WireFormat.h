//===- WireFormat.h - Takes the big weights out of an ONNX file before protobuf reads it --------===//
//
// Protobuf copies every byte field it parses. A model of 440 MB of weights would be held twice, once in the
// mapped file and once in messages. So a walk over the wire format leaves large TensorProto.raw_data fields
// out, and remembers where in the file each is.
//
//===----------------------------------------------------------------------------------------===//

#ifndef TENON_IMPORT_ONNX_WIREFORMAT_H
#define TENON_IMPORT_ONNX_WIREFORMAT_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace tenon::importer {

/// A part of the model's file, in bytes.
struct ByteRange {
  uint64_t offset;
  uint64_t length;
};

/// A serialized ModelProto without its large raw_data fields.
struct StrippedModel {
  /// The message. A tensor that lost its raw_data has the varint field `kStrippedField` instead: an index
  /// into `ranges`.
  std::string bytes;
  std::vector<ByteRange> ranges;
};

/// Unused by ONNX's schema. Occurrences in the input are dropped, so a file can't forge one.
inline constexpr uint32_t kStrippedField = 100000;

/// The message `model` without the raw_data fields of more than `threshold` bytes, or what is wrong with the
/// encoding. Reads inside `model` only, whatever it holds.
std::variant<StrippedModel, std::string> stripRawData(llvm::StringRef model, uint64_t threshold);

} // namespace tenon::importer

#endif // TENON_IMPORT_ONNX_WIREFORMAT_H
