import Kernels
import Testing

@Test func thisProcessorHasWhatTheKernelsWereCompiledFor() {
  #expect(InstructionSets.ofProcessor.isSuperset(of: .compiledFor))
}

@Test func instructionSetsNameThemselves() {
  let sets: InstructionSets = [.avx, .fma, .avx2]
  #expect(sets.description == "AVX FMA AVX2")
  #expect(sets.summary == "AVX2")
  #expect(InstructionSets().description == "baseline")
  #expect(InstructionSets([.avx, .avx512f]).summary == "AVX-512")
}

@Test func processorNameIsOneLine() {
  let name = processorName()
  #expect(!name.contains("\n") && !name.contains("  ") && name.utf8.count <= 48)
}
