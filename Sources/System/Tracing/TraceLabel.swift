import Synchronization

/// A name of events in a trace, which costs nothing to hand on: a literal, or a text that was kept for good.
public struct TraceLabel: ExpressibleByStringLiteral, Equatable, @unchecked Sendable {
  /// The text, ended by a zero. Sendable: it is never written again, and never freed.
  @usableFromInline let bytes: UnsafePointer<UInt8>

  @inlinable
  public init(stringLiteral text: StaticString) { bytes = text.utf8Start }

  /// Keeps a text until the process ends; the same text once. Not for texts that are made up as the program runs.
  public init(keeping text: String) {
    let label = kept.withLock { texts in
      if let known = texts[text] { return known }
      let place = UnsafeMutablePointer<UInt8>.allocate(capacity: text.utf8.count + 1)
      for (index, byte) in text.utf8.enumerated() { place[index] = byte }
      place[text.utf8.count] = 0
      let label = KeptText(bytes: place)
      texts[text] = label
      return label
    }
    bytes = label.bytes
  }

  package var text: String { String(cString: bytes) }
}

/// A text that is never written again.
private struct KeptText: @unchecked Sendable {
  let bytes: UnsafePointer<UInt8>
}

private let kept = Mutex<[String: KeptText]>([:])
