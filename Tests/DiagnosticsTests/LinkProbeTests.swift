import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct LinkProbeTests {
  @Test func theQuickestExchangeTellsTheClock() {
    // The other clock is 5 s ahead; the way there takes 0.1 s and the way back 0.3 s, then 1 ms each.
    let exchanges = [
      ClockExchange(sent: 100, answered: 105.1, received: 100.4),
      ClockExchange(sent: 101, answered: 106.001, received: 101.002),
      ClockExchange(sent: 102, answered: 107.5, received: 102.5),
    ]
    let (offset, uncertainty) = clockOffset(exchanges)
    #expect(abs(offset - 5) < 1e-9 && abs(uncertainty - 0.001) < 1e-9)
    #expect(clockOffset([]).uncertainty == .infinity)
  }

  @Test func everyPairOfFewHostsAndARingOfMany() {
    let few = (0..<3).map { (name: "h\($0)", ranks: [2 * $0, 2 * $0 + 1]) }
    let pairs = LinkProbe.pairs(few).map { [$0.first, $0.second] }
    #expect(pairs == [[0, 1], [2, 3], [4, 5], [0, 2], [0, 4], [2, 4]])
    let many = (0..<20).map { (name: "h\($0)", ranks: [$0]) }
    let ring = LinkProbe.pairs(many).map { [$0.first, $0.second] }
    #expect(ring.count == 20 && ring.first == [0, 1] && ring.last == [19, 0])
    #expect(LinkProbe.pairs([(name: "h", ranks: [0])]).isEmpty)
  }

  private func link(_ from: String, _ to: String, latency: Double = 5e-5, bandwidth: Double) -> LinkMeasurement {
    LinkMeasurement(from: from, to: to, latency: latency, bandwidth: bandwidth)
  }

  @Test func aLinkThatIsSlowerThanTheOthers() {
    let links = [
      link("a", "a", bandwidth: 9e9), link("a", "b", bandwidth: 1e9), link("a", "c", bandwidth: 1e8),
      link("b", "c", bandwidth: 9e8),
    ]
    let findings = linkFindings(links, [])
    #expect(findings.map(\.severity) == [.warning])
    #expect(findings[0].text == "a – c: 100.0 MB/s, but the best link has 1000.0")
    let look = "Look at the cable, the switch's port and the interface (ethtool), or leave the host out"
    #expect(findings[0].advice == "\(look) (Slurm: --exclude)")
    #expect(linkFindings([link("a", "b", bandwidth: 1)], []).isEmpty, "nothing to compare it to")
  }

  @Test func aSlowAnswerAndAWrongClock() {
    let findings = linkFindings(
      [link("a", "b", latency: 0.005, bandwidth: 1e8)],
      [
        ClockMeasurement(host: "b", offset: -90, uncertainty: 0.001),
        ClockMeasurement(host: "c", offset: 1.5, uncertainty: 2),
      ])
    #expect(findings.map(\.severity) == [.warning, .warning])
    #expect(findings[0].text == "a – b: a message takes 5.0 ms")
    #expect(
      findings[0].advice
        == "A step exchanges dozens of them: use hosts of one switch, or cores that no other job uses")
    #expect(findings[1].text == "the clock of b is 90.0 s behind that of rank 0's host")
    #expect(
      findings[1].advice == "Logs and file times mislead: have the hosts set their clocks by NTP (chronyc tracking)")
  }
}

@Suite struct ProgramDigestTests {
  @Test func everyByteCounts() throws {
    let folder = try ScratchFolder()
    let bytes = (0..<1003).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try folder.write(bytes, to: "a")
    let digest = try #require(fileDigest(folder.file("a")))
    #expect(digest.count == 64)
    try folder.write(bytes, to: "same")
    #expect(fileDigest(folder.file("same")) == digest)
    for place in [0, 31, 500, 999, 1000, 1002] {
      var changed = bytes
      changed[place] ^= 1
      try folder.write(changed, to: "b")
      #expect(fileDigest(folder.file("b")) != digest, "byte \(place)")
    }
    try folder.write(bytes + [0], to: "c")
    #expect(fileDigest(folder.file("c")) != digest)
    #expect(fileDigest(folder.file("nowhere")) == nil)
    #expect(programDigest().count == 64)
    try folder.write(Array("abc".utf8), to: "d")
    #expect(
      fileDigest(folder.file("d")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "as sha256sum has it")
  }
}
