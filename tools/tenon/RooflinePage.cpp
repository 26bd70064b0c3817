//===- RooflinePage.cpp - The roofline as a page for browsers ---------------------------------===//

#include "RooflinePage.h"

#include "llvm/Support/raw_ostream.h"

static constexpr char page[] =
#include "RooflinePage.inc"
    ;

std::string makeRooflinePage(llvm::json::Object roofline) {
  std::string data;
  llvm::raw_string_ostream(data) << llvm::json::Value(std::move(roofline));
  llvm::StringRef text = page, mark = "{{data}}";
  size_t place = text.find(mark);
  std::string made = text.take_front(place).str();
  for (char character : data)
    // A name in the model may contain the end of a script element.
    if (character == '<')
      made += "\\u003c";
    else
      made += character;
  return made + text.drop_front(place + mark.size()).str();
}
