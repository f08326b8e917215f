/// A time as a clock shows it: "2:03" or "1:02:03", from two days on "2d2h", and "?" where it is not known.
package func clockText(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds < 1e9 else { return "?" }
  let whole = Int(max(0, seconds).rounded())
  let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
  if hours >= 48 { return "\(hours / 24)d\(hours % 24)h" }
  return hours > 0 ? "\(hours):\(twoDigits(minutes)):\(twoDigits(rest))" : "\(minutes):\(twoDigits(rest))"
}

/// A time in words: "2 h 05 min", "3 min 20 s" or "12.5 s".
package func timeText(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0, seconds < 1e12 else { return "unknown" }
  if seconds < 60 { return "\((seconds * 10).rounded() / 10) s" }
  let whole = Int(seconds.rounded())
  if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
  return "\(whole / 3600) h \(twoDigits(whole / 60 % 60)) min"
}

private func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
