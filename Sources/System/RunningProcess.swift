import Glibc

/// A process of this host, told apart from later ones of its number by the time of its start.
package enum RunningProcess {
  /// Returns the time at which a process started, in ticks since the host did; nil where it has ended.
  package static func startTicks(of process: Int32) -> Int? {
    guard let text = FileSystem.kernelText("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
      return nil
    }
    // The fields behind the name, which may hold anything: the state is the third of all, the time the twenty-second.
    let fields = text[text.index(after: end)...].split(separator: " ")
    guard fields.count >= 20, fields[0] != "Z", fields[0] != "X" else { return nil }
    return Int(fields[19])
  }

  /// The name of this host, by which processes of other hosts are told apart.
  package static var hostName: String {
    var host = [CChar](repeating: 0, count: 257)
    gethostname(&host, host.count - 1)
    return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
