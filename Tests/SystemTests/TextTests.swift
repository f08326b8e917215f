import System
import Testing

@Test(arguments: [
  (0, "0 bytes", "0 B"), (999, "999 bytes", "999 B"), (1000, "1.0 kB", "1.0 kB"), (6272, "6.3 kB", "6.3 kB"),
  (16_777_216, "16.8 MB", "16.8 MB"), (717_284_352, "717.3 MB", "717.3 MB"), (12_345_678_901, "12.3 GB", "12.3 GB"),
])
func bytesAsText(bytes: Int, text: String, short: String) {
  #expect(byteText(bytes) == text && byteText(bytes, bytesName: "B") == short)
}

@Test(arguments: [
  (0, "0:00", "0.0 s"), (0.04, "0:00", "0.0 s"), (12.46, "0:12", "12.5 s"), (59.6, "1:00", "59.6 s"),
  (200, "3:20", "3 min 20 s"), (3599.6, "1:00:00", "1 h 00 min"), (3725, "1:02:05", "1 h 02 min"),
  (172_799, "47:59:59", "47 h 59 min"), (172_800, "2d0h", "48 h 00 min"), (180_100, "2d2h", "50 h 01 min"),
  (.infinity, "?", "unknown"), (.nan, "?", "unknown"), (1e12, "?", "unknown"), (-3, "0:00", "unknown"),
])
func secondsAsText(seconds: Double, clock: String, words: String) {
  #expect(clockText(seconds) == clock && timeText(seconds) == words)
}

@Test(arguments: [
  (0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-1000, "-1,000"), (-999, "-999"),
  (Int.min, "-9,223,372,036,854,775,808"),
])
func numbersInGroups(number: Int, text: String) {
  #expect(number.grouped == text)
}

@Test(arguments: [
  (1, "1 rank", "1 class", "1 leaf"), (0, "0 ranks", "0 classes", "0 leaves"), (2, "2 ranks", "2 classes", "2 leaves"),
  (-1, "-1 ranks", "-1 classes", "-1 leaves"), (1234, "1234 ranks", "1234 classes", "1234 leaves"),
])
func numbersWithNouns(number: Int, ranks: String, classes: String, leaves: String) {
  #expect(number.counted("rank") == ranks && number.counted("class") == classes)
  #expect(number.counted("leaf", "leaves") == leaves && number.verb("has", "have") == (number == 1 ? "has" : "have"))
}

@Test func numbersInGroupsWithNouns() {
  #expect(1234.counted("image", grouped: true) == "1,234 images" && 1.counted("image", grouped: true) == "1 image")
  #expect(
    ["box", "batch", "dash", "buzz", "class"].map { 2.counted($0) }.joined(separator: " ")
      == "2 boxes 2 batches 2 dashes 2 buzzes 2 classes")
}

@Test func hexadecimalDigits() {
  #expect(hexadecimal([0, 0x0F, 0xA0, 0xFF]) == "000fa0ff" && hexadecimal([UInt8]()) == "")
  #expect(hexadecimal(UInt64(0xBEEF)) == "000000000000beef" && hexadecimal(UInt64.max) == "ffffffffffffffff")
  #expect(hexadecimal(UInt32(0x0803)) == "00000803" && hexadecimal(UInt8(7)) == "07")
}
