/// Memory that stays in one place while messages are under way; the caller deallocates it. Not an object that frees
/// itself: the optimizer would let it go after the last use of its name, while MPI still writes.
func memory<Element: BitwiseCopyable>(_ values: [Element]) -> UnsafeMutableBufferPointer<Element> {
  let elements = UnsafeMutableBufferPointer<Element>.allocate(capacity: values.count)
  _ = elements.initialize(from: values)
  return elements
}
