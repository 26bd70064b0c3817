//===- BestRate.h - Repeats a piece of work and returns its best rate --------------------------===//

#ifndef TENON_LIB_MACHINE_BESTRATE_H
#define TENON_LIB_MACHINE_BESTRATE_H

#include <algorithm>
#include <chrono>

namespace tenon {

/// Runs `body`, which does `work` units, again and again for about `seconds`, and returns the best rate in
/// units a second: a limit is what the machine does when nobody takes time away from it.
template <typename Body>
double bestRate(double work, double seconds, Body body) {
  auto now = [] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
  };
  body();
  double start = now(), end = start, best = 0;
  do {
    double before = end;
    body();
    end = now();
    best = std::max(best, work / std::max(end - before, 1e-9));
  } while (end - start < seconds);
  return best;
}

} // namespace tenon

#endif // TENON_LIB_MACHINE_BESTRATE_H
