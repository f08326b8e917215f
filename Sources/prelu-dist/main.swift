import Foundation
import Kernels
import System

// The first thing of all: a kernel that the processor cannot run ends the process without a word.
let lacking = InstructionSets.compiledFor.subtracting(.ofProcessor)
if !lacking.isEmpty {
  Console.complain(
    "host \(ProcessInfo.processInfo.hostName): this program was built for a processor with \(lacking), which this one "
      + "(\(processorName())) does not have: "
      + "build it here, or set PRELU_MARCH=x86-64-v3 where it is built")
  exit(ExitStatus.internalError.rawValue)
}
MatrixLibrary.useCallingThreadOnly()
// A reader who has gone, as with `| head`, is no reason to die.
signal(SIGPIPE, SIG_IGN)

do {
  var command = try PreluDist.parseAsRoot()
  try command.run()
} catch {
  // Every rank reads the same arguments; one of them speaks.
  guard Console.isFirstRank else { exit(PreluDist.exitCode(for: error).rawValue) }
  PreluDist.exit(withError: error)
}
