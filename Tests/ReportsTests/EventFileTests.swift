import Foundation
import Reports
import TestSupport
import Testing

@Suite struct EventFileTests {
  /// The check value that the polynomial's publications give.
  @Test func checkOfTheStandardText() {
    #expect(CRC32C.of(Array("123456789".utf8)) == 0xe306_9283)
    #expect(CRC32C.of([]) == 0)
    #expect(CRC32C.of([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
    #expect(CRC32C.of((0..<32).map { UInt8($0) }) == 0x46dd_794e)
  }

  /// The records' payloads, their framing checked with a bitwise check of the test's own.
  private func payloads(_ bytes: [UInt8]) throws -> [[UInt8]] {
    func masked(_ bytes: ArraySlice<UInt8>) -> UInt32 {
      var check = UInt32.max
      for byte in bytes {
        check ^= UInt32(byte)
        for _ in 0..<8 { check = check & 1 == 1 ? check >> 1 ^ 0x82f6_3b78 : check >> 1 }
      }
      check = ~check
      return (check >> 15 | check << 17) &+ 0xa282_ead8
    }
    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    var result: [[UInt8]] = []
    var place = 0
    while place < bytes.count {
      let length = Int(number(bytes[place..<place + 8]))
      #expect(number(bytes[place + 8..<place + 12]) == UInt64(masked(bytes[place..<place + 8])))
      let body = bytes[place + 12..<place + 12 + length]
      #expect(number(bytes[place + 12 + length..<place + 16 + length]) == UInt64(masked(body)))
      result.append(Array(body))
      place += 16 + length
    }
    return result
  }

  @Test func recordsAreFramedAndInOrder() throws {
    let folder = try ScratchFolder()
    let file = try EventFile(inFolder: folder.path, startIteration: 0, time: 1_700_000_000, host: "node1")
    try file.append(step: 430, time: 1_700_000_001, scalars: [("loss/train", 0.5)], histograms: [("a", [0.25, 0.5])])
    let name = try #require(try folder.names().first)
    #expect(name.hasPrefix("events.out.tfevents.1700000000.node1."))
    let payloads = try payloads(folder.bytes(name))
    #expect(payloads.count == 2)
    // Field 3, a text of 13 bytes, after the time: field 1, a double.
    #expect(payloads[0][0] == 0x09 && payloads[0][9...].elementsEqual([0x1a, 13] + Array("brain.Event:2".utf8)))
    #expect(payloads[1].count > 30)
  }

  @Test func aContinuedRunVoidsWhatFollows() throws {
    let folder = try ScratchFolder()
    _ = try EventFile(inFolder: folder.path, startIteration: 860, time: 5, host: "h")
    _ = try EventFile(inFolder: folder.path, startIteration: 0, time: 5, host: "h")
    #expect(try folder.names().count == 2)
    let payloads = try payloads(folder.bytes(try folder.names()[0]))
    let event = try PreluDist_Tensorboard_Event(serializedBytes: payloads[1])
    #expect(event.step == 861 && event.sessionLog.status == .start)
  }

  @Test func bucketsHoldEveryValue() {
    let histogram = EventFile.histogram([0.25, 0.25, 1, -0.5, .nan])
    #expect(histogram.num == 4 && histogram.bucket.reduce(0, +) == 4)
    #expect(histogram.min == -0.5 && histogram.max == 1 && histogram.sum == 1 && histogram.sumSquares == 1.375)
    #expect(histogram.bucket.first == 1 && histogram.bucket.last == 1 && histogram.bucketLimit.count == 30)
    #expect(zip(histogram.bucketLimit, histogram.bucketLimit.dropFirst()).allSatisfy { $0 < $1 })
    #expect(EventFile.histogram([0.25, 0.25]).bucket.reduce(0, +) == 2)
    #expect(EventFile.histogram([]).num == 0)
  }
}
