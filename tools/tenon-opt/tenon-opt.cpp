//===- tenon-opt.cpp - mlir-opt with Tenon's dialect and passes ---------------------------------===//

#include "tenon/Pipeline/Registration.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllPasses();
  tenon::registerDialects(registry);
  tenon::registerPasses();
  return mlir::asMainReturnCode(
      mlir::MlirOptMain(argc, argv, "Tenon's modular optimizer driver\n", registry));
}
