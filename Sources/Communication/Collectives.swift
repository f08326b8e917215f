import CMPI

extension World {
  /// Returns once all ranks have called it.
  public func barrier() throws(MPIError) {
    try collective("MPI_Ibarrier") { mpi_ibarrier(communicator, $0) }
  }

  /// Gives every rank the bytes of rank `root`. All ranks pass equally many.
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, root: Int) throws(MPIError) {
    for chunk in chunks(bytes.count) {
      let part = bytes.baseAddress.map { $0 + chunk.lowerBound }
      try collective("MPI_Ibcast") { mpi_ibcast(part, Int32(chunk.count), mpi_byte(), Int32(root), communicator, $0) }
    }
  }

  /// Gives every rank the text of rank `root`; what the others pass does not matter.
  public func broadcast(_ text: String, root: Int) throws(MPIError) -> String {
    String(decoding: try broadcast(Array(text.utf8), root: root), as: UTF8.self)
  }

  /// Gives every rank the bytes of rank `root`; what the others pass does not matter.
  func broadcast(_ bytes: [UInt8], root: Int) throws(MPIError) -> [UInt8] {
    var bytes = bytes
    var count = bytes.count
    try withUnsafeMutableBytes(of: &count) { (count) throws(MPIError) in try broadcast(count, root: root) }
    if rank != root { bytes = [UInt8](repeating: 0, count: count) }
    try bytes.withUnsafeMutableBufferPointer { (bytes) throws(MPIError) in
      try broadcast(UnsafeMutableRawBufferPointer(bytes), root: root)
    }
    return bytes
  }

  /// Replaces each value by its sum over the ranks. Sums wrap around at 2⁶³.
  public func allreduceSum(_ values: inout [Int64]) throws(MPIError) {
    try allreduce(&values, mpi_sum())
  }

  /// Replaces each value by its maximum over the ranks.
  public func allreduceMaximum(_ values: inout [Int64]) throws(MPIError) {
    try allreduce(&values, mpi_max())
  }

  /// Returns on all ranks whether the condition holds on any of them.
  public func any(_ condition: Bool) throws(MPIError) -> Bool {
    var values: [Int64] = [condition ? 1 : 0]
    try allreduceMaximum(&values)
    return values[0] != 0
  }

  /// Returns the values of all ranks, in the order of ranks.
  public func allgather<Value: BitwiseCopyable>(_ value: Value) throws(MPIError) -> [Value] {
    try allgather(bitsOf: value)
  }

  /// Returns the texts of all ranks, in the order of ranks.
  public func allgather(_ text: String) throws(MPIError) -> [String] {
    try allgather(Array(text.utf8)).map { String(decoding: $0, as: UTF8.self) }
  }

  func allgather<Value: BitwiseCopyable>(bitsOf value: Value) throws(MPIError) -> [Value] {
    let own = [value]
    var all = [Value](repeating: value, count: size)
    let length = Int32(MemoryLayout<Value>.stride)
    try own.withUnsafeBufferPointer { (own) throws(MPIError) in
      try all.withUnsafeMutableBufferPointer { (all) throws(MPIError) in
        try collective("MPI_Iallgather") {
          mpi_iallgather_bytes(own.baseAddress, length, all.baseAddress, communicator, $0)
        }
      }
    }
    return all
  }

  /// Returns the bytes of all ranks, in the order of ranks.
  ///
  /// - Parameter limit: the largest number of bytes that are gathered at once; more of them come rank by rank.
  package func allgather(
    _ own: [UInt8], atOnce limit: Int = Int(Int32.max)
  ) throws(MPIError) -> [ArraySlice<UInt8>] {
    let counts = try allgather(bitsOf: own.count)
    let starts = counts.reduce(into: [0]) { $0.append($0.last! + $1) }
    guard starts.last! <= limit else {
      var all: [ArraySlice<UInt8>] = []
      for root in 0..<size { all.append(try broadcast(rank == root ? own : [], root: root)[...]) }
      return all
    }
    let lengths = counts.map { Int32($0) }
    let places = starts.map { Int32($0) }
    var all = [UInt8](repeating: 0, count: starts.last!)
    try own.withUnsafeBufferPointer { (own) throws(MPIError) in
      try all.withUnsafeMutableBufferPointer { (all) throws(MPIError) in
        try lengths.withUnsafeBufferPointer { (lengths) throws(MPIError) in
          try places.withUnsafeBufferPointer { (places) throws(MPIError) in
            try collective("MPI_Iallgatherv") {
              mpi_iallgatherv_bytes(
                own.baseAddress, Int32(own.count), all.baseAddress, lengths.baseAddress, places.baseAddress,
                communicator, $0)
            }
          }
        }
      }
    }
    return (0..<size).map { all[starts[$0]..<starts[$0 + 1]] }
  }

  private func allreduce(_ values: inout [Int64], _ operation: MPI_Op) throws(MPIError) {
    try values.withUnsafeMutableBufferPointer { (values) throws(MPIError) in
      for chunk in chunks(values.count) {
        let part = values.baseAddress.map { $0 + chunk.lowerBound }
        try collective("MPI_Iallreduce") {
          mpi_iallreduce_in_place(part, Int32(chunk.count), mpi_int64(), operation, communicator, $0)
        }
      }
    }
  }
}
