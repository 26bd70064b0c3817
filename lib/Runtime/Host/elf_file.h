//===- elf_file.h - Whether a file is a whole shared library of this machine --------------------===//

#ifndef TENON_RUNTIME_HOST_ELF_FILE_H
#define TENON_RUNTIME_HOST_ELF_FILE_H

#include <stdint.h>

// Reads the headers of the file. The system's loader trusts them: from a file that was cut short it maps
// pages that aren't there, and the process dies at the first access. `*inode` is the file's number in its
// file system. Fails with TENON_ERROR_NO_FILE and a message.
int check_elf_file(const char *path, uint64_t *inode);

#endif // TENON_RUNTIME_HOST_ELF_FILE_H
