import CProcessor

/// The instruction sets that matter to the kernels.
public struct InstructionSets: OptionSet, Sendable, CustomStringConvertible {
  public let rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  public static let avx = InstructionSets(rawValue: UInt32(PROCESSOR_AVX))
  public static let fma = InstructionSets(rawValue: UInt32(PROCESSOR_FMA))
  public static let avx2 = InstructionSets(rawValue: UInt32(PROCESSOR_AVX2))
  public static let avx512f = InstructionSets(rawValue: UInt32(PROCESSOR_AVX512F))
  public static let avx512dq = InstructionSets(rawValue: UInt32(PROCESSOR_AVX512DQ))
  public static let avx512bw = InstructionSets(rawValue: UInt32(PROCESSOR_AVX512BW))
  public static let avx512vl = InstructionSets(rawValue: UInt32(PROCESSOR_AVX512VL))
  public static let avx512bf16 = InstructionSets(rawValue: UInt32(PROCESSOR_AVX512BF16))
  public static let amxTile = InstructionSets(rawValue: UInt32(PROCESSOR_AMX_TILE))
  public static let amxBF16 = InstructionSets(rawValue: UInt32(PROCESSOR_AMX_BF16))

  /// The sets that this binary's kernels were compiled for (`PRELU_MARCH`, by default the building machine's own).
  public static let compiledFor = InstructionSets(rawValue: processor_compiled_for())

  /// The sets that the running processor has.
  public static let ofProcessor = InstructionSets(rawValue: processor_runs())

  private static let names: [(InstructionSets, String)] = [
    (.avx, "AVX"), (.fma, "FMA"), (.avx2, "AVX2"), (.avx512f, "AVX512F"), (.avx512dq, "AVX512DQ"),
    (.avx512bw, "AVX512BW"), (.avx512vl, "AVX512VL"), (.avx512bf16, "AVX512-BF16"), (.amxTile, "AMX-TILE"),
    (.amxBF16, "AMX-BF16"),
  ]

  public var description: String {
    let present = Self.names.filter { contains($0.0) }.map(\.1)
    return present.isEmpty ? "baseline" : present.joined(separator: " ")
  }

  /// The name of the strongest set, for a banner.
  public var summary: String {
    contains(.avx512f) ? "AVX-512" : contains(.avx2) ? "AVX2" : contains(.avx) ? "AVX" : "baseline"
  }
}

/// Returns the processor's own name, such as "AMD EPYC 9R14", or an empty text if it gives none.
public func processorName() -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 52) { text in
    text.initialize(repeating: 0)
    processor_name(text.baseAddress!)
    let name = String(cString: text.baseAddress!)
    return name.split(separator: " ").joined(separator: " ")
  }
}
