//===- Quantity.cpp - Amounts with units, as tables show them ---------------------------------===//

#include "Quantity.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

/// Three digits at every magnitude.
static std::string threeDigits(double value) {
  return fmt::format("{:.{}f}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0);
}

std::string formatBytes(double bytes) {
  if (bytes < 1024)
    return fmt::format("{:.0f} B", bytes);
  for (const char *unit : {"KiB", "MiB", "GiB"}) {
    bytes /= 1024;
    if (bytes < 1000)
      return threeDigits(bytes) + " " + unit;
  }
  return threeDigits(bytes / 1024) + " TiB";
}

std::string formatSeconds(double seconds) {
  if (seconds < 1e-6)
    return fmt::format("{:.0f} ns", seconds * 1e9);
  if (seconds < 1e-3)
    return threeDigits(seconds * 1e6) + " us";
  if (seconds < 1)
    return threeDigits(seconds * 1e3) + " ms";
  return threeDigits(seconds) + " s";
}

std::string formatShape(const std::vector<std::string> &sizes) {
  return fmt::format("[{}]", fmt::join(sizes, ", "));
}

std::string formatShape(const std::vector<int64_t> &sizes) {
  return fmt::format("[{}]", fmt::join(sizes, ", "));
}

static bool isNumeric(const std::string &cell) {
  return !cell.empty() &&
         (std::isdigit(static_cast<unsigned char>(cell[0])) || cell == "-" || cell == "nan" || cell == "inf");
}

std::string formatTable(const std::vector<std::vector<std::string>> &rows) {
  std::vector<size_t> widths;
  std::vector<bool> numeric;
  for (const std::vector<std::string> &row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    numeric.resize(widths.size(), true);
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i] = std::max(widths[i], row[i].size());
      // The first row is the heading.
      if (&row != &rows.front() && !isNumeric(row[i]))
        numeric[i] = false;
    }
  }
  std::string text;
  for (const std::vector<std::string> &row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += numeric[i] ? fmt::format("  {:>{}}", row[i], widths[i])
                         : fmt::format("  {:<{}}", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}
