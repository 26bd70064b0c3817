//===- RooflinePage.h - The roofline as a page for browsers -----------------------------------===//

#ifndef TENON_TOOLS_TENON_ROOFLINEPAGE_H
#define TENON_TOOLS_TENON_ROOFLINEPAGE_H

#include "llvm/Support/JSON.h"

#include <string>

/// A page that stands alone: roofline.html with its scripts and `roofline`, as describeRoofline makes it.
std::string makeRooflinePage(llvm::json::Object roofline);

#endif // TENON_TOOLS_TENON_ROOFLINEPAGE_H
