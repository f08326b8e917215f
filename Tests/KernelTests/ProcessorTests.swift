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

@Test func levelsFollowFromInstructions() {
  #expect(ProcessorLevel.compiledFor <= .ofProcessor)
  let avx512: InstructionSets = [.avx512f, .avx512dq, .avx512bw, .avx512vl]
  #expect(InstructionSets.ofProcessor.isSuperset(of: avx512) == (ProcessorLevel.ofProcessor == .v4))
  #expect(InstructionSets.compiledFor.isSuperset(of: [.avx2, .fma]) == (ProcessorLevel.compiledFor >= .v3))
  #expect("\(ProcessorLevel.v3)" == "v3" && ProcessorLevel.allCases.max() == .v4)
}
