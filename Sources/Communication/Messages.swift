import CMPI

/// A message under way, from `send` or `receive`. Its bytes must stay where they are, untouched, until
/// `World.wait` returns. Waiting again for a message that has arrived returns at once.
public final class Request {
  let call: String
  /// The MPI request of each of the message's `chunks`; null once complete.
  var handles: [mpi_request]

  init(call: String, handles: [mpi_request]) {
    self.call = call
    self.handles = handles
  }
}

/// The parts of 0 ..< `count` that fit one MPI call each, whose counts are `CInt`; a message of length 0 has one empty
/// part. Both sides of a message cut it in the same places because both state its length.
package func chunks(_ count: Int, ofAtMost length: Int = 1 << 30) -> [Range<Int>] {
  guard count > length else { return [0..<count] }
  return stride(from: 0, to: count, by: length).map { $0..<min($0 + length, count) }
}

extension World {
  /// Starts to send `bytes` to rank `to`, which must receive as many bytes with the same tag, and returns at once.
  public func send(_ bytes: UnsafeRawBufferPointer, to: Int, tag: Int) throws(MPIError) -> Request {
    try send(bytes, to: to, tag: tag, on: communicator)
  }

  /// Starts to receive as many bytes as fit into `bytes` from rank `from`, and returns at once.
  public func receive(_ bytes: UnsafeMutableRawBufferPointer, from: Int, tag: Int) throws(MPIError) -> Request {
    try receive(bytes, from: from, tag: tag, on: communicator)
  }

  func send(
    _ bytes: UnsafeRawBufferPointer, to: Int, tag: Int, on communicator: MPI_Comm
  ) throws(MPIError) -> Request {
    try request("MPI_Isend", bytes.count) { chunk, handle in
      mpi_isend(
        bytes.baseAddress.map { $0 + chunk.lowerBound }, Int32(chunk.count), mpi_byte(), Int32(to), Int32(tag),
        communicator, handle)
    }
  }

  func receive(
    _ bytes: UnsafeMutableRawBufferPointer, from: Int, tag: Int, on communicator: MPI_Comm
  ) throws(MPIError) -> Request {
    try request("MPI_Irecv", bytes.count) { chunk, handle in
      mpi_irecv(
        bytes.baseAddress.map { $0 + chunk.lowerBound }, Int32(chunk.count), mpi_byte(), Int32(from), Int32(tag),
        communicator, handle)
    }
  }

  private func request(
    _ call: String, _ count: Int, _ start: (_ chunk: Range<Int>, _ handle: UnsafeMutablePointer<mpi_request>) -> Int32
  ) throws(MPIError) -> Request {
    let request = Request(call: call, handles: [])
    for chunk in chunks(count) {
      var handle = mpi_request_null()
      try check(start(chunk, &handle), call)
      request.handles.append(handle)
    }
    return request
  }
}
