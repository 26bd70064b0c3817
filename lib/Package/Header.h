//===- Header.h - The C header of one model -----------------------------------------------------------===//

#ifndef TENON_LIB_PACKAGE_HEADER_H
#define TENON_LIB_PACKAGE_HEADER_H

#include "tenon/Package/Package.h"

namespace tenon {

/// A C and C++ header that needs no other: the ABI's types, the descriptor, sizes as macros, and
/// `<name>_infer` with a typed argument for each input, output and symbol.
std::string makeHeader(const Package &package);

} // namespace tenon

#endif // TENON_LIB_PACKAGE_HEADER_H
