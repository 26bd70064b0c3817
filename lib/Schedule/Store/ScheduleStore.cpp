//===- ScheduleStore.cpp - Schedules that were found, by kernel and machine -------------------===//

#include "tenon/Schedule/Store/ScheduleStore.h"
#include "tenon/Dialect/Tenon/IR/Tenon.h"

#include "mlir/AsmParser/AsmParser.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SHA256.h"

using namespace mlir;
using namespace tenon;

std::string tenon::kernelFingerprint(const StructuredKernel &kernel) {
  // The printed form without attributes that schedules leave; SSA names are numbered, so equal kernels print
  // alike.
  func::FuncOp copy = cast<func::FuncOp>(kernel.getFunction()->clone());
  for (StringRef name : {"tenon.schedule", "tenon.cycles"})
    copy->removeAttr(name);
  copy.setName("kernel");
  std::string text;
  llvm::raw_string_ostream stream(text);
  copy->print(stream, OpPrintingFlags().useLocalScope());
  copy->destroy();
  std::array<uint8_t, 32> digest =
      llvm::SHA256::hash(llvm::ArrayRef(reinterpret_cast<const uint8_t *>(text.data()), text.size()));
  return llvm::toHex(ArrayRef(digest).take_front(16), /*LowerCase=*/true);
}

bool ScheduleStore::insert(const std::string &fingerprint, const std::string &machine, Entry entry) {
  auto [there, isNew] = entries.try_emplace({fingerprint, machine}, entry);
  if (isNew)
    return true;
  if (there->second.seconds <= entry.seconds)
    return false;
  there->second = std::move(entry);
  return true;
}

const ScheduleStore::Entry *ScheduleStore::find(const std::string &fingerprint,
                                                const std::string &machine) const {
  auto found = entries.find({fingerprint, machine});
  return found == entries.end() ? nullptr : &found->second;
}

std::string ScheduleStore::toText(MLIRContext *context) const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (const auto &[key, entry] : entries)
    stream << key.first << ' ' << key.second << ' ' << llvm::format("%.9e", entry.seconds) << ' '
           << Attribute(ScheduleAttr::get(context, entry.schedule)) << '\n';
  return text;
}

LogicalResult ScheduleStore::addText(StringRef text, MLIRContext *context, std::string &error) {
  unsigned number = 0;
  while (!text.empty()) {
    auto [line, rest] = text.split('\n');
    text = rest;
    ++number;
    if (line.trim().empty())
      continue;
    auto [fingerprint, afterFingerprint] = line.split(' ');
    auto [machine, afterMachine] = afterFingerprint.split(' ');
    auto [seconds, scheduleText] = afterMachine.split(' ');
    Entry entry;
    auto schedule = scheduleText.empty()
                        ? ScheduleAttr()
                        : dyn_cast_or_null<ScheduleAttr>(parseAttribute(scheduleText, context));
    if (!schedule || seconds.getAsDouble(entry.seconds) || !(entry.seconds >= 0)) {
      error =
          "line " + std::to_string(number) + ": expected 'fingerprint machine seconds #tenon.schedule<...>'";
      return failure();
    }
    entry.schedule = schedule.getSchedule();
    insert(fingerprint.str(), machine.str(), std::move(entry));
  }
  return success();
}
