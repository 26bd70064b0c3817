//===- CompilerBuild.cpp - What tells one build of the compiler from another -------------------===//
//
// A version number is not enough: objects must not outlive the code that made them while that code is being
// worked on, nor an update of the distribution's LLVM. The linker's build ID is a hash of all that it wrote.
//
//===----------------------------------------------------------------------------------------===//

#include "tenon/Target/CompilerBuild.h"

#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/MathExtras.h"

#include <elf.h>
#include <link.h>

using namespace llvm;
using namespace tenon;

namespace {
/// The search for the build ID of the loaded file that holds an address.
struct BuildIdSearch {
  uintptr_t address;
  std::string id;
};
} // namespace

/// The build ID in a segment of notes, or nothing.
static ArrayRef<uint8_t> findBuildId(ArrayRef<uint8_t> notes) {
  while (notes.size() >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, notes.data(), sizeof note);
    notes = notes.drop_front(sizeof note);
    size_t nameBytes = alignTo(note.n_namesz, 4), bytes = alignTo(note.n_descsz, 4);
    if (nameBytes + bytes > notes.size())
      return {};
    bool isBuildId =
        note.n_type == NT_GNU_BUILD_ID && toStringRef(notes.take_front(note.n_namesz)) == StringRef("GNU", 4);
    if (isBuildId)
      return notes.slice(nameBytes, note.n_descsz);
    notes = notes.drop_front(nameBytes + bytes);
  }
  return {};
}

static int visitLoadedFile(dl_phdr_info *info, size_t, void *data) {
  auto &search = *static_cast<BuildIdSearch *>(data);
  ArrayRef<ElfW(Phdr)> segments(info->dlpi_phdr, info->dlpi_phnum);
  bool isHere = any_of(segments, [&](const ElfW(Phdr) & segment) {
    return segment.p_type == PT_LOAD && search.address - info->dlpi_addr - segment.p_vaddr < segment.p_memsz;
  });
  if (!isHere)
    return 0;
  for (const ElfW(Phdr) &segment : segments) {
    if (segment.p_type != PT_NOTE || !search.id.empty())
      continue;
    auto *notes = reinterpret_cast<const uint8_t *>(info->dlpi_addr + segment.p_vaddr);
    search.id = toHex(findBuildId(ArrayRef(notes, segment.p_memsz)), /*LowerCase=*/true);
  }
  return 1;
}

std::string tenon::describeCompilerBuild() {
  std::string description;
  const void *code[] = {reinterpret_cast<const void *>(&describeCompilerBuild),
                        reinterpret_cast<const void *>(&mlir::translateModuleToLLVMIR),
                        reinterpret_cast<const void *>(&TargetRegistry::printRegisteredTargetsForVersion)};
  for (const void *address : code) {
    BuildIdSearch search{reinterpret_cast<uintptr_t>(address), ""};
    dl_iterate_phdr(visitLoadedFile, &search);
    if (search.id.empty())
      return "";
    description += search.id + " ";
  }
  return description;
}
