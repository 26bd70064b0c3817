//===- WeightsObject.cpp - The place of the weights in a link, and the weights in that place ---------===//
//
// Weights are most of an artefact, and the linker's business is the rest. So it gets an object that only says
// how large they are:
//
//   0      ELF header
//   ...    section 1, the weights: zeroed memory, nothing in the file
//   ...    section 2, a byte of data
//   ...    symbol table, its names, section names: sections 3, 4, 5
//   ...    section headers
//
// Sections 1 and 2 have one name and become one section. Since it has data it takes room in the linked file,
// and the linker never touches that room. The weights are written there, once, from where they are, and never
// held in memory.
//
//===----------------------------------------------------------------------------------------===//

#include "WeightsObject.h"

#include "Descriptor.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstring>

using namespace llvm;

namespace tenon {

LogicalResult checkWeights(const Package &package, std::string &error) {
  if (!isPowerOf2_64(package.weightsAlignment) || package.weightsAlignment > 4096) {
    error = "weights expect an alignment that is a power of two up to 4096, but got " +
            itostr(package.weightsAlignment);
    return failure();
  }
  int64_t end = 0;
  for (const WeightBlob &blob : package.weights) {
    if (blob.offset < end) {
      error = "weight '" + blob.name + "' expects an offset of " + itostr(end) + " or more, but got " +
              itostr(blob.offset);
      return failure();
    }
    end = blob.offset + static_cast<int64_t>(blob.bytes.size());
  }
  if (end > package.weightsBytes) {
    error =
        "weights expect a size of " + itostr(end) + " bytes or more, but got " + itostr(package.weightsBytes);
    return failure();
  }
  return success();
}

static void writeWeights(const Package &package, raw_ostream &out) {
  // write_zeros counts in unsigned.
  constexpr int64_t step = 1 << 20;
  int64_t position = 0;
  auto pad = [&](int64_t end) {
    for (; position < end; position += std::min(step, end - position))
      out.write_zeros(std::min(step, end - position));
  };
  for (const WeightBlob &blob : package.weights) {
    pad(blob.offset);
    out.write(blob.bytes.data(), blob.bytes.size());
    position += blob.bytes.size();
  }
  pad(package.weightsBytes);
}

namespace {

constexpr uint64_t pageBytes = 4096;

/// Writes the object for one class and byte order.
template <typename ELFT>
class Writer {
public:
  Writer(const Package &package, ArrayRef<char> model, bool isLibrary)
      : package(package), isLibrary(isLibrary) {
    std::memcpy(&modelHeader, model.data(), sizeof modelHeader);
  }

  void write(raw_ostream &out);

private:
  enum Section { Null, Weights, Data, SymbolTable, Names, SectionNames, SectionCount };

  struct StringTable {
    std::string bytes = std::string(1, '\0');
    uint32_t add(StringRef text) {
      uint32_t offset = bytes.size();
      bytes += text;
      bytes += '\0';
      return offset;
    }
  };

  typename ELFT::Ehdr makeHeader(uint64_t sectionHeaders) const;

  const Package &package;
  bool isLibrary;
  typename ELFT::Ehdr modelHeader;
};

} // namespace

template <typename ELFT>
typename ELFT::Ehdr Writer<ELFT>::makeHeader(uint64_t sectionHeaders) const {
  typename ELFT::Ehdr header = {};
  std::memcpy(header.e_ident, modelHeader.e_ident, sizeof header.e_ident);
  header.e_type = ELF::ET_REL;
  header.e_machine = modelHeader.e_machine;
  header.e_version = ELF::EV_CURRENT;
  header.e_flags = modelHeader.e_flags;
  header.e_ehsize = sizeof header;
  header.e_shentsize = sizeof(typename ELFT::Shdr);
  header.e_shnum = SectionCount;
  header.e_shstrndx = SectionNames;
  header.e_shoff = sectionHeaders;
  return header;
}

template <typename ELFT>
void Writer<ELFT>::write(raw_ostream &out) {
  // x86-64 code reaches 2 GiB. Linkers place large sections so that they don't lie between code and its data.
  const bool isLarge = modelHeader.e_machine == ELF::EM_X86_64;

  StringTable names, sectionNames;
  typename ELFT::Sym symbols[2] = {};
  symbols[1].st_name = names.add(SymbolNames(package.signature.name).weights);
  symbols[1].setBindingAndType(ELF::STB_GLOBAL, ELF::STT_OBJECT);
  symbols[1].st_other = ELF::STV_HIDDEN;
  symbols[1].st_shndx = Weights;
  symbols[1].st_size = package.weightsBytes;

  typename ELFT::Shdr sections[SectionCount] = {};
  uint64_t offset = sizeof(typename ELFT::Ehdr);
  auto place = [&](Section section, StringRef name, uint32_t type, uint64_t bytes, uint64_t alignment) {
    offset = alignTo(offset, alignment);
    sections[section].sh_name = sectionNames.add(name);
    sections[section].sh_type = type;
    sections[section].sh_offset = offset;
    sections[section].sh_size = bytes;
    sections[section].sh_addralign = alignment;
    if (type != ELF::SHT_NOBITS)
      offset += bytes;
  };
  StringRef name = isLarge ? ".lrodata" : ".rodata.weights";
  uint64_t flags = ELF::SHF_ALLOC | (isLarge ? ELF::SHF_X86_64_LARGE : 0);
  place(Weights, name, ELF::SHT_NOBITS, package.weightsBytes, pageBytes);
  sections[Weights].sh_flags = flags;
  place(Data, name, ELF::SHT_PROGBITS, 1, 1);
  // Nothing refers to it, so the linker must be told to keep it where it removes such sections.
  sections[Data].sh_flags = flags | (isLibrary ? ELF::SHF_GNU_RETAIN : 0);
  place(SymbolTable, ".symtab", ELF::SHT_SYMTAB, sizeof symbols, 8);
  sections[SymbolTable].sh_entsize = sizeof symbols[0];
  sections[SymbolTable].sh_link = Names;
  // The index of the first symbol that isn't local.
  sections[SymbolTable].sh_info = 1;
  place(Names, ".strtab", ELF::SHT_STRTAB, names.bytes.size(), 1);
  sectionNames.add(".shstrtab");
  place(SectionNames, ".shstrtab", ELF::SHT_STRTAB, 0, 1);
  sections[SectionNames].sh_size = sectionNames.bytes.size();
  offset += sectionNames.bytes.size();

  uint64_t start = out.tell();
  auto padTo = [&](uint64_t position) { out.write_zeros(position - (out.tell() - start)); };
  auto writeBytes = [&](const void *bytes, size_t size) {
    out.write(static_cast<const char *>(bytes), size);
  };
  const uint64_t headersOffset = alignTo(offset, 8);
  typename ELFT::Ehdr header = makeHeader(headersOffset);
  writeBytes(&header, sizeof header);
  padTo(sections[Data].sh_offset + sections[Data].sh_size);
  padTo(sections[SymbolTable].sh_offset);
  writeBytes(symbols, sizeof symbols);
  out << names.bytes << sectionNames.bytes;
  padTo(headersOffset);
  writeBytes(sections, sizeof sections);
}

/// Calls `function` with the class and byte order of the object or library that starts with these bytes.
template <typename Function>
static auto dispatchElfType(ArrayRef<char> file, Function &&function) {
  const bool is64 = file[ELF::EI_CLASS] == ELF::ELFCLASS64;
  const bool isLittle = file[ELF::EI_DATA] == ELF::ELFDATA2LSB;
  if (is64)
    return isLittle ? function(object::ELF64LE()) : function(object::ELF64BE());
  return isLittle ? function(object::ELF32LE()) : function(object::ELF32BE());
}

void writeWeightsObject(const Package &package, ArrayRef<char> model, bool isLibrary, raw_ostream &out) {
  dispatchElfType(model, [&](auto type) { Writer<decltype(type)>(package, model, isLibrary).write(out); });
}

//===----------------------------------------------------------------------------------------===//
// Into their place
//===----------------------------------------------------------------------------------------===//

/// The offset of the weights in a linked file.
template <typename ELFT>
static Expected<uint64_t> findRoom(StringRef contents, StringRef symbolName, uint64_t bytes) {
  auto file = object::ELFFile<ELFT>::create(contents);
  if (!file)
    return file.takeError();
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();
  for (const typename ELFT::Shdr &table : *sections) {
    if (table.sh_type != ELF::SHT_SYMTAB)
      continue;
    auto symbols = file->symbols(&table);
    auto names = file->getStringTableForSymtab(table);
    if (!symbols || !names)
      return joinErrors(symbols.takeError(), names.takeError());
    for (const typename ELFT::Sym &symbol : *symbols) {
      Expected<StringRef> name = symbol.getName(*names);
      if (!name)
        return name.takeError();
      if (*name != symbolName)
        continue;
      auto section = file->getSection(symbol.st_shndx);
      if (!section)
        return section.takeError();
      uint64_t start = symbol.st_value - (*section)->sh_addr;
      if ((*section)->sh_type != ELF::SHT_PROGBITS || start + bytes > (*section)->sh_size)
        return createStringError("the linker left no room for the weights");
      return (*section)->sh_offset + start;
    }
  }
  return createStringError("the linker left the weights out");
}

Error fillInWeights(const Package &package, const std::string &path) {
  // Mapped: of a file full of room, only headers are read.
  ErrorOr<std::unique_ptr<MemoryBuffer>> file = MemoryBuffer::getFile(path, /*IsText=*/false,
                                                                      /*RequiresNullTerminator=*/false);
  if (!file)
    return errorCodeToError(file.getError());
  StringRef contents = (*file)->getBuffer();
  std::string name = SymbolNames(package.signature.name).weights;
  Expected<uint64_t> offset = dispatchElfType(ArrayRef(contents.data(), contents.size()), [&](auto type) {
    return findRoom<decltype(type)>(contents, name, package.weightsBytes);
  });
  if (!offset)
    return offset.takeError();
  std::error_code code;
  raw_fd_ostream out(path, code, sys::fs::CD_OpenExisting, sys::fs::FA_Write, sys::fs::OF_None);
  if (code)
    return errorCodeToError(code);
  out.seek(*offset);
  writeWeights(package, out);
  out.close();
  code = out.error();
  // Or the stream's destructor ends the process.
  out.clear_error();
  return errorCodeToError(code);
}

} // namespace tenon
