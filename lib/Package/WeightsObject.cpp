//===- WeightsObject.cpp - An object file with the weights and nothing else --------------------------===//
//
//   0      ELF header
//   4096   the weights: section 1
//   ...    symbol table, its names, section names: sections 2, 3, 4
//   ...    section headers
//
// Written by hand since weights may be larger than memory: as an LLVM constant they would be copied several
// times.
//
//===----------------------------------------------------------------------------------------===//

#include "WeightsObject.h"

#include "Descriptor.h"

#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFTypes.h"
#include "llvm/Support/MathExtras.h"

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
  Writer(const Package &package, ArrayRef<char> model) : package(package) {
    std::memcpy(&modelHeader, model.data(), sizeof modelHeader);
  }

  void write(raw_ostream &out);

private:
  enum Section { Null, Weights, SymbolTable, Names, SectionNames, SectionCount };

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
  uint64_t offset = pageBytes;
  auto place = [&](Section section, StringRef name, uint32_t type, uint64_t bytes, uint64_t alignment) {
    offset = alignTo(offset, alignment);
    sections[section].sh_name = sectionNames.add(name);
    sections[section].sh_type = type;
    sections[section].sh_offset = offset;
    sections[section].sh_size = bytes;
    sections[section].sh_addralign = alignment;
    offset += bytes;
  };
  place(Weights, isLarge ? ".lrodata" : ".rodata", ELF::SHT_PROGBITS, package.weightsBytes, pageBytes);
  sections[Weights].sh_flags = ELF::SHF_ALLOC | (isLarge ? ELF::SHF_X86_64_LARGE : 0);
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
  padTo(pageBytes);
  writeWeights(package, out);
  padTo(sections[SymbolTable].sh_offset);
  writeBytes(symbols, sizeof symbols);
  out << names.bytes << sectionNames.bytes;
  padTo(headersOffset);
  writeBytes(sections, sizeof sections);
}

void writeWeightsObject(const Package &package, ArrayRef<char> model, raw_ostream &out) {
  const bool is64 = model[ELF::EI_CLASS] == ELF::ELFCLASS64;
  const bool isLittle = model[ELF::EI_DATA] == ELF::ELFDATA2LSB;
  if (is64 && isLittle)
    Writer<object::ELF64LE>(package, model).write(out);
  else if (is64)
    Writer<object::ELF64BE>(package, model).write(out);
  else if (isLittle)
    Writer<object::ELF32LE>(package, model).write(out);
  else
    Writer<object::ELF32BE>(package, model).write(out);
}

} // namespace tenon
