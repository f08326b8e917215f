import CProcessor

/// A level of x86-64: a set of instructions that many kinds of processors have in common (x86-64 psABI, section
/// "Microarchitecture levels"). A program is built for a level, and an installation may hold a program for each.
///
/// Results in float32 do not depend on it from `v3` on, because each sum has one order, whatever its vectors are cut
/// into, and a fused multiply-add is one rounding on every processor.
public enum ProcessorLevel: Int, Comparable, CaseIterable, Sendable, Codable, CustomStringConvertible {
  /// Every x86-64 processor, and every processor of another architecture.
  case v1 = 1
  /// The level of SSE 4.2.
  case v2
  /// The level of AVX2 and fused multiply-add: Intel from Haswell on (2013), AMD from Zen on (2017).
  case v3
  /// The level of AVX-512: Intel servers from Skylake on (2017), AMD from Zen 4 on (2022).
  case v4

  /// The level that this binary's kernels were compiled for.
  public static let compiledFor = ProcessorLevel(rawValue: Int(processor_level_compiled_for())) ?? .v1

  /// The highest level of the running processor, whose registers the system saves.
  public static let ofProcessor = ProcessorLevel(rawValue: Int(processor_level())) ?? .v1

  public static func < (a: ProcessorLevel, b: ProcessorLevel) -> Bool { a.rawValue < b.rawValue }

  public var description: String { "v\(rawValue)" }
}
