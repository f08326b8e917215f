/// A control group (cgroup) that a process is in, or one above it. Container runtimes and schedulers limit by them what
/// all processes in it and below it may use together.
struct ControlGroup {
  enum Version { case one, two }

  /// The folder with the group's files.
  let folder: String
  let version: Version

  /// Returns the groups of this process for a resource, of version 1 and 2, and the groups above them, as far as the
  /// process sees them, the innermost first; none where the files cannot be read.
  ///
  /// - Parameters:
  ///   - controller: the name of the resource in version 1, such as "cpu".
  ///   - root: the folder in which `proc` lies, and below which the hierarchies are mounted; empty for the machine's
  ///     own.
  static func ofThisProcess(limiting controller: String, root: String) -> [ControlGroup] {
    guard let groups = FileSystem.kernelText("\(root)/proc/self/cgroup"),
      let mounts = FileSystem.kernelText("\(root)/proc/self/mountinfo")
    else { return [] }
    let hierarchies = mounts.split(separator: "\n").compactMap { CgroupMount(String($0), controller: controller) }
    return groups.split(separator: "\n").flatMap { line -> [ControlGroup] in
      // A line is "number:controllers:path"; version 2 has no controllers.
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3 else { return [] }
      let version: Version
      switch parts[1] {
      case "": version = .two
      case let names where names.split(separator: ",").contains(controller[...]): version = .one
      default: return []
      }
      let mounted = hierarchies.filter { $0.version == version }
      guard let mount = mounted.first(where: { $0.names(of: parts[2]) != nil }) ?? mounted.first else { return [] }
      let names = mount.names(of: parts[2]) ?? []
      return (0...names.count).reversed().map { depth in
        ControlGroup(folder: ([root + mount.folder] + names[..<depth]).joined(separator: "/"), version: version)
      }
    }
  }

  /// Returns the text of one of the group's files; nil where there is none.
  func text(_ name: String) -> String? { FileSystem.kernelText("\(folder)/\(name)") }
}

/// The place where a hierarchy of control groups that limits a resource is mounted.
private struct CgroupMount {
  let version: ControlGroup.Version
  /// The folder where it is mounted.
  let folder: String
  /// The path of the group that is mounted there.
  let top: String

  /// Reads a line of /proc/self/mountinfo, `proc(5)`; nil for any other mount.
  ///
  /// - Parameter controller: the name of the resource in version 1, such as "cpu".
  init?(_ line: String, controller: String) {
    let halves = line.split(separator: " - ", maxSplits: 1)
    guard halves.count == 2 else { return nil }
    let (place, kind) = (halves[0].split(separator: " "), halves[1].split(separator: " "))
    guard place.count >= 5, kind.count >= 3 else { return nil }
    switch kind[0] {
    case "cgroup2": version = .two
    case "cgroup" where kind[2].split(separator: ",").contains(controller[...]): version = .one
    default: return nil
    }
    top = Self.unescaped(place[3])
    folder = Self.unescaped(place[4])
  }

  /// Returns the folders that lead from the mounted one to a group, by the group's path; nil where it is not below.
  func names(of path: String) -> [String]? {
    func names(_ path: String) -> [String] { path.split(separator: "/").map(String.init) }
    let (own, above) = (names(path), names(top))
    // A group outside of the process's namespace has a path that begins with "/..".
    guard own.starts(with: above), !own.contains("..") else { return nil }
    return Array(own.dropFirst(above.count))
  }

  /// Returns a text in which spaces, tabs, line ends and backslashes are written as `\` and three octal digits.
  private static func unescaped(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.first {
      let digits = rest.dropFirst().prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        rest = rest.dropFirst(4)
      } else {
        bytes.append(byte)
        rest = rest.dropFirst()
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
