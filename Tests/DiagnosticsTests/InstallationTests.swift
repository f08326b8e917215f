import Diagnostics
import Testing

@Suite struct InstallationTests {
  private let v3 = String(repeating: "a", count: 64)
  private let v4 = String(repeating: "b", count: 64)
  private var list: String { "# commit 2a9d8561234f, with changes\n\(v4)  v4/prelu-dist\n\(v3)  v3/prelu-dist\n" }

  @Test func itsProgramsAreOne() throws {
    let installation = try #require(Installation(list: list))
    #expect(installation.commit == "2a9d8561234f, with changes")
    #expect(installation.levels == ["v3", "v4"])
    let digest = try #require(installation.digest(ofProgram: v3))
    #expect(digest.count == 64 && digest != v3)
    #expect(installation.digest(ofProgram: v4) == digest)
    #expect(installation.digest(ofProgram: String(repeating: "c", count: 64)) == nil, "copied there by hand")
  }

  @Test func anotherListIsAnotherInstallation() throws {
    let other = try #require(Installation(list: list.replacing(v4, with: String(repeating: "d", count: 64))))
    #expect(other.digest(ofProgram: v3) != Installation(list: list)?.digest(ofProgram: v3))
  }

  @Test(arguments: ["", "# commit 1\n", "0a  v3/prelu-dist\n", "# commit 1\nwords\n"])
  func whatIsNoListIsNone(text: String) {
    #expect(Installation(list: text) == nil)
  }

  @Test func aProgramThatWasOnlyBuiltHasNone() {
    #expect(Installation.ofThisProgram == nil)
    #expect(programDigest().count == 64)
  }
}
