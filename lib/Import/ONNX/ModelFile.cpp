//===- ModelFile.cpp - An ONNX file: its message, and the bytes of its weights ------------------===//

#include "ModelFile.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SHA1.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/unknown_field_set.h>

using namespace mlir;
using namespace tenon;
using namespace tenon::importer;

/// Smaller raw_data is left to protobuf: copying it is cheaper than remembering it.
static constexpr uint64_t kStripThreshold = 4096;

FailureOr<std::unique_ptr<ModelFile>> ModelFile::open(MLIRContext *context, StringRef path) {
  Location loc = FileLineColLoc::get(context, path, 0, 0);
  // Not null terminated, so that large files are mapped and not read.
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return emitError(loc, "cannot open '") << path << "': " << buffer.getError().message(), failure();
  std::unique_ptr<ModelFile> file(new ModelFile(loc, path));
  file->buffer = std::move(*buffer);
  file->model = google::protobuf::Arena::CreateMessage<::onnx::ModelProto>(&file->arena);
  bool text = llvm::is_contained({".onnxtxt", ".textproto", ".pbtxt"}, llvm::sys::path::extension(path));
  if (failed(text ? file->parseText() : file->parseBinary()))
    return failure();
  return file;
}

StringRef ModelFile::getStem() const { return llvm::sys::path::stem(path); }

LogicalResult ModelFile::parseBinary() {
  auto result = stripRawData(buffer->getBuffer(), kStripThreshold);
  if (auto *error = std::get_if<std::string>(&result))
    return emitError(loc, "not an ONNX model: ") << *error;
  auto &strippedModel = std::get<StrippedModel>(result);
  stripped = std::move(strippedModel.ranges);
  if (strippedModel.bytes.size() > INT_MAX)
    return emitError(loc, "the model has more than 2 GB besides its raw weights");
  if (!model->ParsePartialFromArray(strippedModel.bytes.data(), strippedModel.bytes.size()))
    return emitError(loc, "not an ONNX model: its protobuf encoding is malformed");
  return success();
}

namespace {
/// Turns protobuf's complaints about the text form into diagnostics.
class TextErrors : public google::protobuf::io::ErrorCollector {
public:
  TextErrors(MLIRContext *context, StringRef path) : context(context), path(path) {}
  void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string &message) override {
    // Protobuf counts from 0; -1 is the end of the input.
    mlir::emitError(FileLineColLoc::get(context, path, line + 1, column + 1), message);
  }
  void AddWarning(int, google::protobuf::io::ColumnNumber, const std::string &) override {}

private:
  MLIRContext *context;
  StringRef path;
};
} // namespace

LogicalResult ModelFile::parseText() {
  if (buffer->getBufferSize() > INT_MAX)
    return emitError(loc, "a model in text form may have 2 GB at most");
  TextErrors errors(loc->getContext(), path);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.SetRecursionLimit(100);
  google::protobuf::io::ArrayInputStream stream(buffer->getBufferStart(), buffer->getBufferSize());
  return success(parser.Parse(&stream, model));
}

std::vector<MappedBytes> ModelFile::getMappings() const {
  std::vector<MappedBytes> all = external.getMappings();
  if (buffer->getBufferKind() == llvm::MemoryBuffer::MemoryBuffer_MMap)
    all.emplace_back(ArrayRef(buffer->getBufferStart(), buffer->getBufferSize()), buffer);
  return all;
}

std::optional<uint64_t> ModelFile::strippedIndex(const ::onnx::TensorProto &tensor) const {
  const google::protobuf::UnknownFieldSet &fields = tensor.GetReflection()->GetUnknownFields(tensor);
  std::optional<uint64_t> index;
  for (int i = 0; i < fields.field_count(); ++i)
    if (fields.field(i).number() == static_cast<int>(kStrippedField) &&
        fields.field(i).type() == google::protobuf::UnknownField::TYPE_VARINT &&
        fields.field(i).varint() < stripped.size())
      index = fields.field(i).varint();
  return index;
}

bool ModelFile::isRaw(const ::onnx::TensorProto &tensor) const {
  return tensor.has_raw_data() || tensor.data_location() == ::onnx::TensorProto::EXTERNAL ||
         strippedIndex(tensor).has_value();
}

std::optional<TensorBytes> ModelFile::rawBytes(const ::onnx::TensorProto &tensor, std::string &error) {
  if (tensor.data_location() == ::onnx::TensorProto::EXTERNAL)
    return externalBytes(tensor, error);
  if (std::optional<uint64_t> index = strippedIndex(tensor)) {
    ByteRange range = stripped[*index];
    return TensorBytes{buffer->getBuffer().substr(range.offset, range.length), buffer};
  }
  return TensorBytes{tensor.raw_data(), nullptr};
}

std::optional<TensorBytes> ModelFile::externalBytes(const ::onnx::TensorProto &tensor, std::string &error) {
  StringRef location, checksum;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const ::onnx::StringStringEntryProto &entry : tensor.external_data()) {
    StringRef value = entry.value();
    if (entry.key() == "location") {
      location = value;
    } else if (entry.key() == "checksum") {
      checksum = value;
    } else if (entry.key() == "offset" || entry.key() == "length") {
      uint64_t number;
      if (value.getAsInteger(10, number)) {
        error =
            "expects a number as the " + entry.key() + " of external data, but got '" + entry.value() + "'";
        return std::nullopt;
      }
      if (entry.key() == "offset")
        offset = number;
      else
        length = number;
    }
  }
  FileMapping mapping = external.map(location, error);
  if (!mapping)
    return std::nullopt;
  uint64_t size = mapping->size();
  if (offset > size || (length && *length > size - offset)) {
    error =
        llvm::formatv("expects external data inside '{0}' of {1} bytes, but got offset {2} and length {3}",
                      location, size, offset, length ? std::to_string(*length) : "to the end");
    return std::nullopt;
  }
  StringRef bytes = StringRef(mapping->const_data(), size).substr(offset, length.value_or(size - offset));
  if (!checksum.empty()) {
    auto digest = llvm::SHA1::hash(llvm::arrayRefFromStringRef(StringRef(mapping->const_data(), size)));
    if (!StringRef(llvm::toHex(digest)).equals_insensitive(checksum)) {
      error = ("the checksum of external data '" + location + "' does not match").str();
      return std::nullopt;
    }
  }
  return TensorBytes{bytes, mapping};
}
