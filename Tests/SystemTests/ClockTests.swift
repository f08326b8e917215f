import Glibc
import System
import Testing

@Suite struct ClockTests {
  @Test func clocksGoForward() {
    let (seconds, nanoseconds) = (monotonicSeconds(), monotonicNanoseconds())
    usleep(20_000)
    let passed = monotonicSeconds() - seconds
    #expect(passed >= 0.02)
    // The same clock, asked between.
    #expect(Double(monotonicNanoseconds() - nanoseconds) * 1e-9 < monotonicSeconds() - seconds)
    // After 2025, before 2100.
    #expect((1.73e9..<4.1e9).contains(wallClockSeconds()))
  }

  @Test func sleepTakesNoProcessorTimeAndWorkDoes() {
    let (start, own) = (threadProcessorSeconds(), threadProcessorNanoseconds())
    usleep(100_000)
    #expect(threadProcessorSeconds() - start < 0.05)
    let process = processorSeconds()
    let before = threadProcessorSeconds()
    while threadProcessorSeconds() - before < 0.02 {}
    #expect(threadProcessorNanoseconds() - own >= 20_000_000)
    // The process has all that its thread had, and other threads' time.
    #expect(processorSeconds() - process >= 0.019)
  }
}
