//===- NumpyFile.h - Reads and writes .npy and .npz -------------------------------------------===//

#ifndef TENON_TOOLS_TENON_NUMPYFILE_H
#define TENON_TOOLS_TENON_NUMPYFILE_H

#include "HostArray.h"

#include <map>

/// The array in a .npy file. Throws a Failure that names the file: big-endian, Fortran-order and object
/// arrays are refused.
HostArray readNpy(const std::string &path);

/// The arrays of a .npz file, compressed or not, by name.
std::map<std::string, HostArray> readNpz(const std::string &path);

/// Writes a .npy file, complete or not at all. Types NumPy does not have are written as integers of the same
/// width.
void writeNpy(const std::string &path, const HostArray &array);

/// Writes an uncompressed .npz file of these names and arrays, complete or not at all.
void writeNpz(const std::string &path, const std::vector<std::pair<std::string, const HostArray *>> &arrays);

#endif // TENON_TOOLS_TENON_NUMPYFILE_H
