//===- OptionsTest.cpp - Shapes and symbols as a user writes them -------------------------------===//

#include "tenon/Import/ONNX.h"

#include "gtest/gtest.h"

using namespace tenon;

TEST(ImportOptions, Shapes) {
  OnnxImportOptions options;
  EXPECT_FALSE(parseShapeOption("x=1x3x?", options));
  EXPECT_FALSE(parseShapeOption("a=b=4", options));
  EXPECT_FALSE(parseShapeOption("scalar=", options));
  EXPECT_EQ(options.shapes["x"], (llvm::SmallVector<int64_t>{1, 3, -1}));
  EXPECT_EQ(options.shapes["a=b"], llvm::SmallVector<int64_t>{4});
  EXPECT_TRUE(options.shapes["scalar"].empty());
  for (const char *text : {"", "x", "=3", "x=3x", "x=-1", "x=a", "x=3X4", "x=99999999999999999999"})
    EXPECT_TRUE(parseShapeOption(text, options)) << text;
}

TEST(ImportOptions, Symbols) {
  OnnxImportOptions options;
  EXPECT_FALSE(parseSymbolOption("batch=8", options));
  EXPECT_EQ(options.symbols["batch"], 8);
  for (const char *text : {"", "batch", "=1", "batch=", "batch=-1", "batch=x"})
    EXPECT_TRUE(parseSymbolOption(text, options)) << text;
}
