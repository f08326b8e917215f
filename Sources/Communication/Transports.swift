import CMPI

/// The parts of Open MPI that move this process's messages.
public struct Transports: Equatable, Sendable, CustomStringConvertible {
  /// The layer that matches messages, such as "ob1", "ucx" or "cm"; empty where the MPI library does not tell it.
  public var layer: String
  /// The components that carry messages for that layer, such as "self", "tcp" or "vader"; empty where the layer has its
  /// own.
  public var carriers: [String]

  public init(layer: String, carriers: [String]) {
    self.layer = layer
    self.carriers = carriers
  }

  public var description: String {
    guard !layer.isEmpty else { return "unknown" }
    return carriers.isEmpty ? layer : "\(layer) over \(carriers.joined(separator: ", "))"
  }
}

extension World {
  /// Returns the parts of MPI that move messages. It needs no other rank.
  ///
  /// MPI's tools interface lists only the settings of those components that Open MPI has kept once MPI has started.
  /// Other libraries name their settings differently; nothing is known about them.
  public func transports() -> Transports {
    var found = Transports(layer: "", carriers: [])
    var provided: Int32 = 0
    guard MPI_T_init_thread(Int32(MPI_THREAD_SINGLE), &provided) == MPI_SUCCESS else { return found }
    defer { MPI_T_finalize() }
    var count: Int32 = 0
    guard MPI_T_cvar_get_num(&count) == MPI_SUCCESS else { return found }
    var carriers: Set<String> = []
    for index in 0..<count {
      // The three parts of "btl_tcp_if_include" are framework, component and setting.
      let words = settingName(index).split(separator: "_", maxSplits: 2)
      guard words.count == 3, words[1] != "base" else { continue }
      if words[0] == "pml" { found.layer = String(words[1]) }
      if words[0] == "btl" { carriers.insert(String(words[1])) }
    }
    if found.layer == "ob1" { found.carriers = carriers.sorted() }
    return found
  }
}

/// The name of a setting of the MPI library; empty where it belongs to a component that was closed.
private func settingName(_ index: Int32) -> String {
  var name = [CChar](repeating: 0, count: 256)
  mpi_setting_name(index, &name, Int32(name.count))
  return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}
