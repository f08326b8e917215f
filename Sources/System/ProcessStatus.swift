/// The value that Linux gives for this process in `/proc/self/status` under a name such as "VmHWM"; nil where there is
/// none.
package func processStatus(_ name: String) -> String? {
  guard let text = FileSystem.kernelText("/proc/self/status") else { return nil }
  for line in text.split(separator: "\n") where line.hasPrefix("\(name):") {
    let value = line.dropFirst(name.count + 1).drop(while: \.isWhitespace)
    return String(value.reversed().drop(while: \.isWhitespace).reversed())
  }
  return nil
}
