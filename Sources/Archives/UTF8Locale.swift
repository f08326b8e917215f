import Glibc

/// Runs `body` with a locale of UTF-8 on this thread: libarchive turns names into the letters of the locale, and in
/// that of C it would lose most of them.
func inUTF8Locale<Result>(_ body: () -> Result) -> Result {
  guard let locale = utf8Locale.pointer else { return body() }
  let before = uselocale(locale)
  defer { uselocale(before) }
  return body()
}

/// Sendable: a locale is never changed once it is made.
private struct Locale: @unchecked Sendable {
  let pointer: locale_t?
}

private let utf8Locale = Locale(pointer: newlocale(1 << LC_CTYPE, "C.UTF-8", nil))
