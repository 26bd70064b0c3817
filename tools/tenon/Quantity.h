//===- Quantity.h - Amounts with units, as tables show them -----------------------------------===//

#ifndef TENON_TOOLS_TENON_QUANTITY_H
#define TENON_TOOLS_TENON_QUANTITY_H

#include <cstdint>
#include <string>
#include <vector>

/// "512 B", "24.1 KiB", "97.5 MiB".
std::string formatBytes(double bytes);
/// "412 ns", "1.24 us", "32.1 ms", "2.04 s".
std::string formatSeconds(double seconds);
/// "[1, 3, 224, 224]", with text for sizes that are open.
std::string formatShape(const std::vector<std::string> &sizes);
std::string formatShape(const std::vector<int64_t> &sizes);

/// Rows of cells as aligned columns, each line indented by two spaces: text to the left, numbers to the
/// right.
std::string formatTable(const std::vector<std::vector<std::string>> &rows);

#endif // TENON_TOOLS_TENON_QUANTITY_H
