//===- elf_file.h - Whether a file is a whole shared library of this machine --------------------===//

#ifndef TENON_RUNTIME_HOST_ELF_FILE_H
#define TENON_RUNTIME_HOST_ELF_FILE_H

// Reads the headers of the file. The system's loader trusts them: from a file that was cut short it maps
// pages that aren't there, and the process dies at the first access. Fails with TENON_ERROR_NO_FILE and a
// message.
int check_elf_file(const char *path);

#endif // TENON_RUNTIME_HOST_ELF_FILE_H
