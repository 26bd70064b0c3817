//===- NumpyFile.cpp - Reads and writes .npy and .npz -----------------------------------------===//
//
// .npy: magic, version, length of the header, a Python dictionary as text, the bytes. .npz: a ZIP of .npy
// files.
//
//===----------------------------------------------------------------------------------------===//

#include "NumpyFile.h"

#include "Failure.h"

#include "tenon/Package/Package.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MemoryBuffer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zlib.h>

using llvm::StringRef;
using namespace llvm::support::endian;

//===----------------------------------------------------------------------------------------===//
// .npy
//===----------------------------------------------------------------------------------------===//

static constexpr std::pair<const char *, int32_t> descriptions[] = {
    {"<f4", TENON_DTYPE_FLOAT32}, {"<f8", TENON_DTYPE_FLOAT64}, {"<f2", TENON_DTYPE_FLOAT16},
    {"|b1", TENON_DTYPE_BOOL},    {"|u1", TENON_DTYPE_UINT8},   {"|i1", TENON_DTYPE_INT8},
    {"<u2", TENON_DTYPE_UINT16},  {"<i2", TENON_DTYPE_INT16},   {"<u4", TENON_DTYPE_UINT32},
    {"<i4", TENON_DTYPE_INT32},   {"<u8", TENON_DTYPE_UINT64},  {"<i8", TENON_DTYPE_INT64},
};

/// The text behind `'key': ` in a header, up to the end of the header.
static StringRef findEntry(StringRef header, StringRef key) {
  size_t at = header.find(("'" + key + "':").str());
  return at == StringRef::npos ? StringRef() : header.substr(at + key.size() + 3).ltrim();
}

static std::vector<int64_t> parseShape(StringRef text, const std::string &name) {
  std::vector<int64_t> shape;
  if (!text.consume_front("("))
    throw Failure(name + ": the header has no shape");
  while (!text.ltrim().starts_with(")")) {
    text = text.ltrim(" ,");
    int64_t size;
    if (text.starts_with(")"))
      break;
    if (text.consumeInteger(10, size) || size < 0)
      throw Failure(name + ": the header has no valid shape");
    shape.push_back(size);
  }
  return shape;
}

static HostArray parseNpy(StringRef bytes, const std::string &name) {
  if (!bytes.consume_front("\x93NUMPY") || bytes.size() < 6)
    throw Failure(name + ": this is not a .npy file");
  bool isLong = bytes[0] >= 2;
  size_t headerAt = isLong ? 6 : 4;
  size_t headerSize = isLong ? read32le(bytes.data() + 2) : read16le(bytes.data() + 2);
  if (bytes.size() < headerAt + headerSize)
    throw Failure(name + ": the file ends in its header");
  StringRef header = bytes.substr(headerAt, headerSize);
  bytes = bytes.substr(headerAt + headerSize);

  StringRef description = findEntry(header, "descr").ltrim("'");
  description = description.take_until([](char c) { return c == '\''; });
  if (findEntry(header, "fortran_order").starts_with("True"))
    throw Failure(name + ": expected an array in C order, but it is in Fortran order");
  int32_t dtype = TENON_DTYPE_UNDEFINED;
  for (auto [text, number] : descriptions)
    if (description == text ||
        (description.consume_front("=") && description == StringRef(text).drop_front()))
      dtype = number;
  if (dtype == TENON_DTYPE_UNDEFINED)
    throw Failure(fmt::format("{}: no support for elements of type '{}'", name, description.str()));

  std::vector<int64_t> shape = parseShape(findEntry(header, "shape"), name);
  int64_t count = 1;
  for (int64_t size : shape)
    if (__builtin_mul_overflow(count, size, &count))
      throw Failure(name + ": the shape is too large");
  if (count > static_cast<int64_t>(bytes.size()) / tenon_dtype_size(dtype))
    throw Failure(fmt::format("{}: expected {} elements, but the file ends before", name, count));
  HostArray array(dtype, std::move(shape));
  std::memcpy(array.data.get(), bytes.data(), array.byteCount());
  return array;
}

static std::string printNpy(const HostArray &array) {
  StringRef description;
  for (auto [text, number] : descriptions)
    if (number == array.dtype)
      description = text;
  if (description.empty())
    description = tenon_dtype_size(array.dtype) == 2 ? "<u2" : "|u1";
  std::string sizes = fmt::format("{}", fmt::join(array.shape, ", "));
  if (array.shape.size() == 1)
    sizes += ",";
  std::string header =
      fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", description.str(), sizes);
  // The elements start at a multiple of 64.
  header.append(63 - (header.size() + 10) % 64, ' ');
  header += '\n';
  std::string text("\x93NUMPY\x01\x00", 8);
  text.resize(10);
  write16le(&text[8], header.size());
  text += header;
  return text.append(array.data.get(), array.byteCount());
}

//===----------------------------------------------------------------------------------------===//
// .npz
//===----------------------------------------------------------------------------------------===//

static std::string inflateEntry(StringRef compressed, size_t size, const std::string &name) {
  std::string text(size, '\0');
  z_stream stream = {};
  stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(compressed.data()));
  stream.avail_in = compressed.size();
  stream.next_out = reinterpret_cast<Bytef *>(text.data());
  stream.avail_out = size;
  // Negative: a raw stream without zlib's header.
  bool good = inflateInit2(&stream, -MAX_WBITS) == Z_OK && inflate(&stream, Z_FINISH) == Z_STREAM_END &&
              stream.total_out == size;
  inflateEnd(&stream);
  if (!good)
    throw Failure(name + ": the compressed data is damaged");
  return text;
}

namespace {
/// An entry of a ZIP file's directory.
struct ZipEntry {
  std::string name;
  bool compressed;
  uint64_t compressedSize, size, offset;
};

/// Reads the directory at the end of a ZIP file; sizes beyond 4 GiB are in an extra field.
class ZipDirectory {
public:
  ZipDirectory(StringRef bytes, const std::string &path) : bytes(bytes), path(path) {}

  std::vector<ZipEntry> read() {
    size_t end = bytes.rfind(StringRef("PK\5\6", 4));
    require(end != StringRef::npos && end + 22 <= bytes.size(), "this is not a .npz file");
    uint64_t count = at16(end + 10), at = at32(end + 16);
    if (at == UINT32_MAX || count == UINT16_MAX) {
      require(end >= 20 && at32(end - 20) == 0x07064b50, "the directory is damaged");
      uint64_t wide = at64(end - 12);
      count = at64(wide + 32);
      at = at64(wide + 48);
    }
    std::vector<ZipEntry> entries;
    for (uint64_t i = 0; i < count; ++i)
      entries.push_back(readEntry(at));
    return entries;
  }

  StringRef contents(const ZipEntry &entry) {
    uint64_t start = entry.offset + 30 + at16(entry.offset + 26) + at16(entry.offset + 28);
    require(start <= bytes.size() && entry.compressedSize <= bytes.size() - start, "the file is cut short");
    return bytes.substr(start, entry.compressedSize);
  }

private:
  ZipEntry readEntry(uint64_t &at) {
    require(at32(at) == 0x02014b50, "the directory is damaged");
    uint16_t method = at16(at + 10), nameSize = at16(at + 28), extraSize = at16(at + 30);
    require(method == 0 || method == 8, "the compression method is not supported");
    ZipEntry entry{"", method == 8, at32(at + 20), at32(at + 24), at32(at + 42)};
    uint64_t extra = at + 46 + nameSize;
    require(extra + extraSize <= bytes.size(), "the directory is damaged");
    entry.name = bytes.substr(at + 46, nameSize).str();
    for (uint64_t field = extra; field + 4 <= extra + extraSize; field += 4 + at16(field + 2)) {
      if (at16(field) != 1)
        continue;
      uint64_t value = field + 4;
      for (uint64_t *number : {&entry.size, &entry.compressedSize, &entry.offset})
        if (*number == UINT32_MAX) {
          *number = at64(value);
          value += 8;
        }
    }
    at = extra + extraSize + at16(at + 32);
    return entry;
  }

  void require(bool condition, const char *problem) {
    if (!condition)
      throw Failure(path + ": " + problem);
  }
  const char *at(uint64_t offset, uint64_t size) {
    require(offset <= bytes.size() && size <= bytes.size() - offset, "the file is cut short");
    return bytes.data() + offset;
  }
  uint16_t at16(uint64_t offset) { return read16le(at(offset, 2)); }
  uint32_t at32(uint64_t offset) { return read32le(at(offset, 4)); }
  uint64_t at64(uint64_t offset) { return read64le(at(offset, 8)); }

  StringRef bytes;
  const std::string &path;
};

/// Little-endian numbers one after the other.
class Bytes {
public:
  Bytes &u16(uint64_t value) { return append(value, 2); }
  Bytes &u32(uint64_t value) { return append(value, 4); }
  Bytes &raw(StringRef value) { return text.append(value.data(), value.size()), *this; }

  std::string text;

private:
  Bytes &append(uint64_t value, int size) {
    for (int i = 0; i < size; ++i)
      text += static_cast<char>(value >> (8 * i));
    return *this;
  }
};
} // namespace

//===----------------------------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------------------------===//

static std::unique_ptr<llvm::MemoryBuffer> openFile(const std::string &path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    throw Failure(path + ": " + buffer.getError().message());
  return std::move(*buffer);
}

static void writeBytes(const std::string &path, StringRef bytes) {
  std::string error;
  if (failed(tenon::writeFile(path, bytes, error)))
    throw Failure(error);
}

HostArray readNpy(const std::string &path) { return parseNpy(openFile(path)->getBuffer(), path); }

std::map<std::string, HostArray> readNpz(const std::string &path) {
  std::unique_ptr<llvm::MemoryBuffer> buffer = openFile(path);
  ZipDirectory directory(buffer->getBuffer(), path);
  std::map<std::string, HostArray> arrays;
  for (const ZipEntry &entry : directory.read()) {
    std::string place = path + ": " + entry.name;
    StringRef bytes = directory.contents(entry);
    std::string inflated;
    if (entry.compressed)
      bytes = inflated = inflateEntry(bytes, entry.size, place);
    StringRef name = entry.name;
    name.consume_back(".npy");
    arrays.emplace(name.str(), parseNpy(bytes, place));
  }
  return arrays;
}

void writeNpy(const std::string &path, const HostArray &array) { writeBytes(path, printNpy(array)); }

void writeNpz(const std::string &path, const std::vector<std::pair<std::string, const HostArray *>> &arrays) {
  Bytes file, directory;
  for (const auto &[key, array] : arrays) {
    std::string name = key + ".npy", contents = printNpy(*array);
    if (file.text.size() + contents.size() >= UINT32_MAX)
      throw Failure(path + ": expected less than 4 GiB of arrays; use --output-dir");
    uint64_t offset = file.text.size();
    uint32_t crc =
        llvm::crc32(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(contents.data()), contents.size()));
    // Version 2.0, no flags, stored, 1 January 1980.
    Bytes common;
    common.u16(20).u16(0).u16(0).u16(0).u16(0x21).u32(crc).u32(contents.size()).u32(contents.size());
    common.u16(name.size()).u16(0);
    file.u32(0x04034b50).raw(common.text).raw(name).raw(contents);
    directory.u32(0x02014b50).u16(20).raw(common.text).u16(0).u16(0).u16(0).u32(0).u32(offset).raw(name);
  }
  uint64_t directoryAt = file.text.size();
  file.raw(directory.text);
  file.u32(0x06054b50).u16(0).u16(0).u16(arrays.size()).u16(arrays.size());
  file.u32(directory.text.size()).u32(directoryAt).u16(0);
  writeBytes(path, file.text);
}
