import Testing

/// The arithmetic of a run calls no function of the C library that has variants by processor or by version: those of
/// `ElementaryFunctions` have the same bits everywhere.
@Suite struct PortabilityTests {
  @Test(arguments: ["Kernels", "Network", "Randomness", "Images", "Step", "Datasets"])
  func arithmeticIsTheProgramsOwn(target: String) throws {
    let files = try Repository.files(in: "Sources/\(target)", endingIn: ".swift")
    // A reference is what tests compare with.
    for file in files where !file.hasSuffix("Reference.swift") {
      for line in linesOfCode(try Repository.text(file)) {
        for name in calls(in: line.text) {
          Issue.record("\(file):\(line.number): \(name) of the C library: call that of ElementaryFunctions")
        }
      }
    }
  }

  @Test func callsAreFound() {
    #expect(calls(in: "let y = exp(x) + Foundation.log(x) // cos(x)") == ["exp"])
    #expect(calls(in: "  (radius * cos(angle), powf(2, x))") == ["cos", "powf"])
    #expect(calls(in: "/// Returns exp(x).").isEmpty && calls(in: "expand(x); Elementary.sin(x)").isEmpty)
  }

  private func calls(in line: Substring) -> [String] {
    let code = line.prefix(upTo: line.firstRange(of: "//")?.lowerBound ?? line.endIndex)
    return code.matches(of: /\b((?:exp|exp2|expm1|log|log2|log10|log1p|pow|sin|cos|tan|tanh|atan2|cbrt|erf)f?)\(/)
      .filter { code[..<$0.range.lowerBound].last != "." }.map { String($0.1) }
  }
}
