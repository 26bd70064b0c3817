//===- MachineTest.cpp - Machines are found by name and described as they are ------------------===//

#include "tenon/Machine/Machine.h"
#include "tenon/Machine/Probe.h"

#include "gtest/gtest.h"

using namespace tenon;
using Element = DotProduct::Element;

namespace {

Machine lookup(llvm::StringRef name, llvm::StringRef cpu = "", llvm::StringRef features = "") {
  std::string error;
  llvm::FailureOr<Machine> machine = lookupMachine(name, cpu, features, &error);
  EXPECT_TRUE(succeeded(machine)) << error;
  return succeeded(machine) ? *machine : Machine();
}

std::string errorOf(llvm::StringRef name, llvm::StringRef cpu = "", llvm::StringRef features = "") {
  std::string error;
  EXPECT_TRUE(failed(lookupMachine(name, cpu, features, &error)));
  return error;
}

TEST(Machine, EveryNameIsCompletelyDescribed) {
  for (llvm::StringRef name : machineNames()) {
    SCOPED_TRACE(name.str());
    Machine machine = lookup(name);
    EXPECT_EQ(machine.name, name);
    EXPECT_FALSE(machine.triple.empty());
    EXPECT_GE(machine.vectorBits, 128u);
    EXPECT_GE(machine.numVectorRegisters, 16u);
    EXPECT_GT(machine.fmaPerCycle, 0);
    EXPECT_GT(machine.loadsPerCycle, 0);
    EXPECT_GT(machine.l1Bytes, 0);
    EXPECT_GT(machine.l2Bytes, machine.l1Bytes);
    EXPECT_GE(machine.cores, 1u);
    EXPECT_GT(machine.maxScratchBytes, 0);
    EXPECT_EQ(machine.hasMaskedMemory, machine.maskedElementBits != 0);
  }
}

TEST(Machine, LevelsOfX86DifferInWidthAndMasks) {
  Machine v2 = lookup("x86-64-v2"), v3 = lookup("x86-64-v3"), v4 = lookup("x86-64-v4");
  EXPECT_EQ(v2.vectorBits, 128u);
  EXPECT_EQ(v3.vectorBits, 256u);
  EXPECT_EQ(v4.vectorBits, 512u);
  EXPECT_FALSE(v2.hasFma);
  EXPECT_TRUE(v3.hasFma);
  EXPECT_FALSE(v2.hasF16Conversion);
  EXPECT_TRUE(v3.hasF16Conversion);
  EXPECT_EQ(v2.maskedElementBits, 0u);
  EXPECT_EQ(v3.maskedElementBits, 32u);
  EXPECT_EQ(v4.maskedElementBits, 8u);
  EXPECT_TRUE(v3.hasSlowMaskedStores);
  EXPECT_FALSE(v4.hasSlowMaskedStores);
  EXPECT_EQ(v4.numVectorRegisters, 32u);
  EXPECT_EQ(v4.vectorLanes(32), 16u);
  EXPECT_EQ(v4.peakFlopsPerCycle(), 64);
}

TEST(Machine, WebAssemblyIsNarrowAndAlone) {
  Machine machine = lookup("wasm32");
  EXPECT_EQ(machine.indexBits, 32u);
  EXPECT_EQ(machine.pointerBits, 32u);
  EXPECT_FALSE(machine.hasLibm);
  EXPECT_FALSE(machine.hasThreads);
  EXPECT_FALSE(machine.hasFma);
  EXPECT_LT(machine.maxScratchBytes, 1 << 20) << "all of the stack";
  EXPECT_TRUE(lookup("wasm32", "", "+relaxed-simd").hasFma);
}

TEST(Machine, FeaturesBringDotProducts) {
  EXPECT_EQ(lookup("x86-64-v4").findDotProduct(Element::Unsigned8, Element::Signed8), nullptr);
  Machine vnni = lookup("x86-64-v4", "", "+avx512vnni");
  const DotProduct *widest = vnni.findDotProduct(Element::Unsigned8, Element::Signed8);
  ASSERT_NE(widest, nullptr);
  EXPECT_EQ(widest->vectorBits, 512u);
  EXPECT_EQ(widest->group, 4u);
  EXPECT_EQ(widest->intrinsic, "llvm.x86.avx512.vpdpbusd.512");
  EXPECT_EQ(vnni.findDotProduct(Element::Signed8, Element::Signed8), nullptr);

  Machine avxVnni = lookup("x86-64-v3", "", "+avxvnni");
  widest = avxVnni.findDotProduct(Element::Unsigned8, Element::Signed8);
  ASSERT_NE(widest, nullptr);
  EXPECT_EQ(widest->vectorBits, 256u);

  Machine arm = lookup("aarch64", "", "+dotprod");
  ASSERT_NE(arm.findDotProduct(Element::Signed8, Element::Signed8), nullptr);
  EXPECT_EQ(arm.findDotProduct(Element::Unsigned8, Element::Signed8), nullptr);
}

TEST(Machine, AnotherCpuBringsItsOwnFeatures) {
  Machine server = lookup("x86-64-v3", "sapphirerapids");
  EXPECT_EQ(server.cpu, "sapphirerapids");
  EXPECT_EQ(server.vectorBits, 512u);
  EXPECT_TRUE(server.hasBF16Conversion);
  EXPECT_EQ(lookup("x86-64-v4", "znver4").fmaPerCycle, 1);
  EXPECT_EQ(lookup("x86-64-v4", "znver5").fmaPerCycle, 2);
  EXPECT_EQ(lookup("riscv64", "", "+zvl512b").vectorBits, 512u);
}

TEST(Machine, RegistersOfRISCVAndSVEAreAsLongAsTheyTurnOutToBe) {
  EXPECT_EQ(lookup("riscv64").vscaleBits, 64u);
  EXPECT_EQ(lookup("riscv64").vectorBits, 128u);
  EXPECT_EQ(lookup("riscv64", "", "-v").vscaleBits, 0u);
  EXPECT_EQ(lookup("aarch64").vscaleBits, 0u);
  EXPECT_EQ(lookup("aarch64", "", "+sve").vscaleBits, 128u);
  EXPECT_EQ(lookup("aarch64", "a64fx").vscaleBits, 128u);
  EXPECT_EQ(lookup("aarch64", "neoverse-v2").vscaleBits, 0u);
  EXPECT_FALSE(lookup("aarch64", "neoverse-v2").hasMaskedMemory);
}

TEST(Machine, UnknownNamesAreReportedWithWhatIsKnown) {
  std::string error = errorOf("cray-1");
  EXPECT_NE(error.find("expected a target of host, x86-64-v2, "), std::string::npos) << error;
  EXPECT_NE(error.find("but got 'cray-1'"), std::string::npos) << error;
  EXPECT_EQ(errorOf("rpi4", "znver5"),
            "expected a CPU that LLVM knows for 'aarch64-unknown-linux-gnu', but got 'znver5'");
  EXPECT_EQ(errorOf("x86-64-v3", "", "+avx2,warp"),
            "expected features of 'x86_64-unknown-linux-gnu' as '+name' or '-name', but got 'warp'");
}

TEST(Machine, HostIsWhatItSays) {
  Machine host = hostMachine();
  EXPECT_EQ(host.name, "host");
  if (widestProbeBits() != 0) {
    EXPECT_EQ(host.vectorBits, widestProbeBits());
  }
  // A string that a cache key is made of has to come out the same every time.
  EXPECT_EQ(host.features, hostMachine().features);
}

TEST(Probe, MeasuresPlausibleLimits) {
  for (unsigned bits : {128u, 256u, 512u}) {
    double rate = measurePeakGFlops(bits, 0.005);
    if (bits <= widestProbeBits()) {
      EXPECT_GT(rate, 1);
    } else {
      EXPECT_EQ(rate, 0);
    }
  }
  EXPECT_EQ(measurePeakGFlops(64), 0);
  EXPECT_GT(ReadProbe(16 << 10).measureGBytes(0.005), 1);
}

TEST(Probe, HasALoopForTheWidestDotProducts) {
  Machine host = hostMachine();
  // By the element types of the left factor: only the signed and the mixed product of bytes have loops.
  for (auto [lhs, rhs] : {std::pair(Element::BFloat16, Element::BFloat16),
#if defined(__x86_64__)
                          std::pair(Element::Unsigned8, Element::Signed8)
#else
                          std::pair(Element::Signed8, Element::Signed8)
#endif
       })
    if (const DotProduct *instruction = host.findDotProduct(lhs, rhs)) {
      EXPECT_GT(measureDotGOps(*instruction, 0.005), 1);
    }
}

} // namespace
