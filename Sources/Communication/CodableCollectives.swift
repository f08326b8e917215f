import Foundation

// Values of any Codable type travel between ranks as JSON. Every finite Float and Double arrives with the same bits,
// because it is written with enough digits to tell it from its neighbors; infinities stay what they are, and a NaN
// stays a NaN (its sign and payload, which mean nothing here, may change).
extension World {
  /// Runs `body` on rank 0 only and returns its value on all ranks; if it fails, throws the same `RankFailure` on all.
  public func fromRoot<Value: Codable>(_ body: () throws -> Value) throws -> Value {
    // The value is encoded inside, so that all ranks hear of one that has no JSON.
    let bytes = try agree { rank == 0 ? try encoded(body()) : [] }
    return try decoded(broadcast(bytes, root: 0))
  }

  /// Gives every rank the value of rank `root`, which must have one; what the others pass does not matter.
  public func broadcast<Value: Codable>(_ value: Value?, root: Int) throws -> Value {
    var bytes: [UInt8] = []
    if rank == root {
      guard let value else { preconditionFailure("rank \(rank) of \(size) broadcasts, and has no value") }
      bytes = try encoded(value)
    }
    return try decoded(broadcast(bytes, root: root))
  }

  /// Returns the values of all ranks, in the order of ranks.
  public func allgather<Value: Codable>(_ value: Value) throws -> [Value] {
    try allgather(encoded(value)).map { try decoded($0) }
  }
}

extension World {
  /// Returns the values of all ranks, in the order of ranks. Values that are both Codable and plain bytes, such as
  /// numbers, are gathered as their bytes, so that a NaN keeps its payload.
  public func allgather<Value: BitwiseCopyable & Codable>(_ value: Value) throws(MPIError) -> [Value] {
    try allgather(bitsOf: value)
  }
}

private let (infinity, negativeInfinity, notANumber) = ("+", "-", "?")

private func encoded(_ value: some Encodable) throws -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.nonConformingFloatEncodingStrategy = .convertToString(
    positiveInfinity: infinity, negativeInfinity: negativeInfinity, nan: notANumber)
  return Array(try encoder.encode(value))
}

private func decoded<Value: Decodable>(_ bytes: some Collection<UInt8>) throws -> Value {
  let decoder = JSONDecoder()
  decoder.nonConformingFloatDecodingStrategy = .convertFromString(
    positiveInfinity: infinity, negativeInfinity: negativeInfinity, nan: notANumber)
  return try decoder.decode(Value.self, from: Data(bytes))
}
