import Foundation
import TestSupport
import Testing

private let qemu = "/usr/bin/qemu-x86_64"

/// Tests of the program that chooses a level (Sources/Launcher), with scripts in place of the levels' programs.
@Suite struct LauncherTests {
  private let folder: ScratchFolder
  private var launcher: String { folder.file("bin/prelu-dist") }

  init() throws {
    folder = try ScratchFolder()
    let source = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/Launcher/launcher.c").path
    try FileManager.default.createDirectory(atPath: folder.file("bin"), withIntermediateDirectories: true)
    let outcome = try ChildProcess.capture(
      "/usr/bin/env",
      ["clang", "-O2", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-static", "-o", launcher, source])
    try #require(outcome.exitCode == 0, "\(outcome.errors)")
  }

  private func install(_ levels: [String]) throws {
    for level in levels {
      let program = folder.file("libexec/prelu-dist/\(level)/prelu-dist")
      try FileManager.default.createDirectory(
        atPath: (program as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      let script = "#!/bin/sh\necho \(level) $# \"$2\" $OPENBLAS_CORETYPE $OPENBLAS_NUM_THREADS\n"
      try ChildProcess.writeExecutable(Array(script.utf8), to: program)
    }
  }

  /// Runs the launcher with variables of the environment, by `qemu` as another processor if one is named.
  private func run(_ variables: String = "", processor: String? = nil) throws -> ChildProcess.Outcome {
    let emulator = processor.map { "\(qemu) -cpu \($0) " } ?? ""
    return try ChildProcess.capture(
      "/bin/sh",
      [
        "-c", "unset PRELU_LEVEL OMPI_COMM_WORLD_RANK PMIX_RANK PMI_RANK; \(variables) \(emulator)\(launcher) a 'b  c'",
      ])
  }

  @Test func theBestLevelIsStartedWithTheArgumentsAsTheyAre() throws {
    try install(["v1", "v2"])
    let outcome = try run()
    #expect(outcome.exitCode == 0 && outcome.output.hasPrefix("v2 2 b  c "), "\(outcome.output)\(outcome.errors)")
    #expect(outcome.output.hasSuffix(" 1\n"), "OpenBLAS gets one thread: \(outcome.output)")
    for level in ["v1", "1"] {
      let capped = try run("PRELU_LEVEL=\(level)")
      #expect(capped.exitCode == 0 && capped.output.hasPrefix("v1 "), "\(capped.output)\(capped.errors)")
    }
    #expect(try run("PRELU_LEVEL=").output.hasPrefix("v2 "))
    #expect(try run("PRELU_LEVEL=v4").output.hasPrefix("v2 "), "a cap is no demand")
  }

  @Test func aWrongLevelIsRefusedByOneRank() throws {
    try install(["v2"])
    let outcome = try run("PRELU_LEVEL=avx2")
    #expect(outcome.exitCode == 64 && outcome.output.isEmpty)
    #expect(
      outcome.errors == """
        prelu-dist: expected a level of x86-64 in PRELU_LEVEL, such as v3, found 'avx2': correct it, or unset it to \
        take the best level of each node\n
        """)
    for variable in ["OMPI_COMM_WORLD_RANK", "PMI_RANK"] {
      let silent = try run("PRELU_LEVEL=avx2 \(variable)=1")
      #expect(silent.exitCode == 64 && silent.errors.isEmpty, "\(silent.errors)")
    }
    let lower = try run("PRELU_LEVEL=v1")
    #expect(lower.exitCode == 69)
    #expect(
      lower.errors.hasPrefix("prelu-dist: expected a program of level v1 or lower, as PRELU_LEVEL says, found v2 in "),
      "\(lower.errors)")
  }

  @Test func withoutProgramsItSaysWhereTheyShouldBe() throws {
    let outcome = try run()
    #expect(outcome.exitCode == 66)
    #expect(
      outcome.errors.contains("expected a program of some level in \(folder.path)")
        && outcome.errors.contains("move bin and libexec together"), "\(outcome.errors)")
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: qemu), "needs the package qemu-user"))
  func processorsHaveTheirLevels() throws {
    try install(["v3", "v4"])
    for processor in ["Haswell", "Skylake-Client", "EPYC", "EPYC-Rome"] {
      let outcome = try run(processor: processor)
      #expect(outcome.output.hasPrefix("v3 2 b  c "), "\(processor): \(outcome.output)\(outcome.errors)")
      #expect(outcome.output.contains(" Haswell 1"), "OpenBLAS gets one kernel on all: \(outcome.output)")
    }
    for processor in ["Nehalem", "Opteron_G5"] {
      let outcome = try run(processor: processor)
      #expect(outcome.exitCode == 70, "\(processor)")
      #expect(
        outcome.errors.contains(
          ": expected a processor of level v3 of x86-64 or higher (AVX2 and FMA: Intel from 2013 on, AMD from 2017 "
            + "on), found v2 ("), "\(outcome.errors)")
    }
  }
}
