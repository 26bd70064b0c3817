//===- elf_file.c - Whether a file is a whole shared library of this machine --------------------===//

#include "elf_file.h"

#include "error.h"
#include "tenon-rt/loader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#if defined(__ELF__)

#include <elf.h>
#include <link.h>

#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#elif defined(__i386__)
#define HOST_MACHINE EM_386
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#elif defined(__arm__)
#define HOST_MACHINE EM_ARM
#elif defined(__riscv)
#define HOST_MACHINE EM_RISCV
#elif defined(__powerpc64__)
#define HOST_MACHINE EM_PPC64
#elif defined(__s390x__)
#define HOST_MACHINE EM_S390
#elif defined(__loongarch__)
#define HOST_MACHINE EM_LOONGARCH
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define HOST_DATA ELFDATA2LSB
#else
#define HOST_DATA ELFDATA2MSB
#endif

static int check_headers(FILE *file, uint64_t size, const char *path) {
  ElfW(Ehdr) header;
  if (fread(&header, sizeof header, 1, file) != 1 || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
    return fail(TENON_ERROR_NO_FILE, "'%s' is not a shared library", path);
  if (header.e_ident[EI_CLASS] != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32) ||
      header.e_ident[EI_DATA] != HOST_DATA)
    return fail(TENON_ERROR_NO_FILE, "'%s' was compiled for a machine of another word size or byte order",
                path);
#if defined(HOST_MACHINE)
  if (header.e_machine != HOST_MACHINE)
    return fail(TENON_ERROR_NO_FILE,
                "'%s' was compiled for another processor: expected ELF machine %d, but got %d", path,
                HOST_MACHINE, header.e_machine);
#endif
  if (header.e_type != ET_DYN)
    return fail(TENON_ERROR_NO_FILE, "'%s' is not a shared library: expected ELF type %d, but got %d", path,
                ET_DYN, header.e_type);

  // Linkers write the section headers last, so that this finds any truncation.
  uint64_t sections_end = header.e_shoff + (uint64_t)header.e_shnum * header.e_shentsize;
  uint64_t segments_end = header.e_phoff + (uint64_t)header.e_phnum * header.e_phentsize;
  uint64_t needed = sections_end > segments_end ? sections_end : segments_end;
  if (header.e_phentsize != sizeof(ElfW(Phdr)))
    return fail(TENON_ERROR_NO_FILE, "'%s' is damaged: its segment headers have %d bytes", path,
                header.e_phentsize);
  for (int i = 0; i < header.e_phnum && needed <= size; ++i) {
    ElfW(Phdr) segment;
    if (fseek(file, (long)(header.e_phoff + (uint64_t)i * sizeof segment), SEEK_SET) ||
        fread(&segment, sizeof segment, 1, file) != 1)
      return fail(TENON_ERROR_NO_FILE, "can't read '%s': %s", path, strerror(errno));
    if (segment.p_type == PT_LOAD && segment.p_filesz > 0 && segment.p_offset + segment.p_filesz > needed)
      needed = segment.p_offset + segment.p_filesz;
  }
  if (needed > size)
    return fail(TENON_ERROR_NO_FILE, "'%s' is cut short: expected at least %llu bytes, but got %llu", path,
                (unsigned long long)needed, (unsigned long long)size);
  return TENON_OK;
}

#else

static int check_headers(FILE *file, uint64_t size, const char *path) {
  (void)file;
  (void)path;
  return size > 0 ? TENON_OK : fail(TENON_ERROR_NO_FILE, "'%s' is empty", path);
}

#endif

int check_elf_file(const char *path, uint64_t *inode) {
  FILE *file = fopen(path, "rb");
  if (!file)
    return fail(TENON_ERROR_NO_FILE, "can't open '%s': %s", path, strerror(errno));
  struct stat status;
  int result = TENON_OK;
  if (fstat(fileno(file), &status))
    result = fail(TENON_ERROR_NO_FILE, "can't read '%s': %s", path, strerror(errno));
  else if (!S_ISREG(status.st_mode))
    result = fail(TENON_ERROR_NO_FILE, "'%s' is not a file", path);
  else
    result = check_headers(file, (uint64_t)status.st_size, path);
  if (!result)
    *inode = status.st_ino;
  fclose(file);
  return result;
}
