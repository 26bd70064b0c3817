//===- ScheduleStore.h - Schedules that were found, by kernel and machine ---------------------===//

#ifndef TENON_SCHEDULE_STORE_SCHEDULESTORE_H
#define TENON_SCHEDULE_STORE_SCHEDULESTORE_H

#include "tenon/Dialect/Tenon/IR/Schedule.h"
#include "tenon/Structure/StructuredKernel.h"

#include <map>
#include <string>

namespace tenon {

/// What identifies a kernel to the store: its ops, types and constants' positions, without names and
/// locations.
std::string kernelFingerprint(const StructuredKernel &kernel);

/// Schedules with their measured times, the best of each kernel and machine.
class ScheduleStore {
public:
  struct Entry {
    Schedule schedule;
    double seconds = 0;
  };

  /// Keeps `entry` if it is the first or the fastest for the kernel and machine; returns whether it was kept.
  bool insert(const std::string &fingerprint, const std::string &machine, Entry entry);
  /// The entry of a kernel on a machine, or null.
  const Entry *find(const std::string &fingerprint, const std::string &machine) const;
  size_t size() const { return entries.size(); }

  /// One entry a line, `fingerprint machine seconds #tenon.schedule<...>`, in a fixed order.
  std::string toText(mlir::MLIRContext *context) const;
  /// Adds the entries of such a text; fails at the first line that is none, naming it in `error`.
  llvm::LogicalResult addText(llvm::StringRef text, mlir::MLIRContext *context, std::string &error);

private:
  std::map<std::pair<std::string, std::string>, Entry> entries;
};

} // namespace tenon

#endif // TENON_SCHEDULE_STORE_SCHEDULESTORE_H
