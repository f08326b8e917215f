import System
import Testing

@Suite struct ExitStatusTests {
  /// Scripts rely on the numbers, which are those of sysexits.h.
  @Test(arguments: [
    (System.ExitStatus.done, Int32(0)), (.usage, 64), (.badData, 65), (.missingInput, 66), (.unavailable, 69),
    (.internalError, 70), (.cannotCreate, 73), (.inputOutput, 74), (.tryAgain, 75),
  ])
  func numbersAreThoseOfSysexits(status: System.ExitStatus, number: Int32) {
    #expect(status.rawValue == number)
  }

  @Test func anErrorKnowsItsStatus() {
    struct Known: ExitStatusError { let exitStatus: System.ExitStatus }
    struct Unknown: Error {}
    #expect(System.ExitStatus(of: Known(exitStatus: .missingInput)) == .missingInput)
    #expect(System.ExitStatus(of: Unknown()) == .internalError)
  }
}
