import Communication
import RankTestSupport
import System
import Testing
import Tracing

/// Times of all ranks are put on rank 0's axis.
@Suite(.serialized) struct ClockTests {
  private static let second = 1_000_000_000

  /// Ranks whose clocks were set differently find the difference, within the error that they state.
  @Test func theDifferenceOfTheClocksIsFound() throws {
    let world = try startedWorld()
    let ahead = world.rank * 3 * Self.second
    let reading = try ClockReading.take(world) { monotonicNanoseconds() + ahead }
    #expect(abs(reading.offset + ahead) <= reading.error)
    // A trip between two processes of one machine takes microseconds, also on a busy one if it is tried often.
    #expect(world.rank == 0 ? reading.error == 0 : (1..<Self.second / 2).contains(reading.error))
    #expect(reading.own - ahead <= monotonicNanoseconds())
  }

  @Test func clocksThatCannotBeToldApartAreOne() {
    let reading = ClockReading(own: 1_000_000, root: 1_000_900, error: 1000)
    #expect(reading.offset == 0)
    #expect(ClockTranslation(first: reading, last: reading).root(5) == 5)
    #expect(ClockReading(own: 1_000_000, root: 998_000, error: 1000).offset == -2000)
  }

  @Test func clocksOfDifferentRatesAreFollowed() {
    let clock = ClockTranslation(
      first: ClockReading(own: 1000, root: 51_000, error: 10), last: ClockReading(own: 2000, root: 52_100, error: 30))
    #expect(clock.root(1000) == 51_000)
    #expect(clock.root(1500) == 51_550)
    #expect(clock.root(2000) == 52_100)
    #expect(clock.error == 30)
  }
}
