//===- Winograd.h - The matrices of Winograd's convolutions ------------------------------------===//

#ifndef TENON_DIALECT_TENON_IR_WINOGRAD_H
#define TENON_DIALECT_TENON_IR_WINOGRAD_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>

namespace tenon {

/// F(m x m, 3 x 3): a tile of m x m results of a 3x3 convolution is `A' ((G g G') . (B' d B)) A` for the
/// filter `g` and the m + 2 by m + 2 elements `d` it reads, `.` multiplying element by element. Matrices are
/// row major. Source: Lavin and Gray, arXiv:1509.09308.
struct WinogradMatrices {
  /// m, and m + 2.
  int64_t tile, points;
  /// B', points x points.
  llvm::ArrayRef<double> input;
  /// G, points x 3.
  llvm::ArrayRef<double> filter;
  /// A', tile x points.
  llvm::ArrayRef<double> output;
};

/// Whether there are matrices for tiles of this size: 2 or 4.
bool isWinogradTile(int64_t tile);

/// The matrices for tiles of `tile` results. Those of 2 interpolate at 0, 1, -1 and infinity; those of 4 at
/// 0, -1, 1, 1/2, -2 and infinity, which loses half a digit less than 2 and -2 do: Barabasz et al.,
/// arXiv:1803.10986. All elements of `input` and `output` are exact in f32.
WinogradMatrices getWinogradMatrices(int64_t tile);

} // namespace tenon

#endif // TENON_DIALECT_TENON_IR_WINOGRAD_H
