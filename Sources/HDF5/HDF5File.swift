import System

/// HDF5 files that are written whole.
package enum HDF5File {
  /// Writes a new file, and waits until it is on the device.
  ///
  /// - Parameter body: writes what belongs in the file, from its root on.
  /// - Throws: `.cannotCreate` where the file exists or cannot be created; `.cannotWrite`, with the system's words or
  ///   HDF5's, where writing fails. Nothing is left behind then.
  package static func create<Value>(
    at path: String, _ body: (borrowing HDF5Writer) throws(HDF5Error) -> Value
  ) throws(FileError) -> Value {
    let sink = try FileSink(creating: path)
    let outcome: Result<Value, HDF5Error> = HDF5Library.exclusively {
      do throws(HDF5Error) {
        let file = try HDF5Writer(sink)
        let value = try body(file)
        try file.close()
        return .success(value)
      } catch {
        return .failure(error)
      }
    }
    sink.finish()
    // What the system refused is the cause, whatever HDF5 says of it.
    if let code = sink.error {
      sink.discard()
      throw FileError(.cannotWrite, path: path, what: "cannot be written", code: code)
    }
    switch outcome {
    case .success(let value): return value
    case .failure(let error):
      sink.discard()
      throw FileError(.cannotWrite, path: path, problem: "cannot be written: \(error)")
    }
  }
}
