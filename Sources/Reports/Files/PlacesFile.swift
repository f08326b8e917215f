import System

/// The place where one process of a run ran: a line of `places.csv`.
public struct RunPlace: Equatable, Sendable {
  /// ISO 8601, UTC.
  public var started: String
  /// The iteration that it began at.
  public var iteration: Int
  public var ranks: Int
  /// The threads of each rank.
  public var threads: Int
  /// Host names with the number of ranks on each, as "node1 × 4, node2 × 4".
  public var hosts: String
  /// Name of rank 0's processor.
  public var processor: String
  /// Program with version, MPI library and BLAS kernel.
  public var software: String

  public init(
    started: String, iteration: Int, ranks: Int, threads: Int, hosts: String, processor: String, software: String
  ) {
    self.started = started
    self.iteration = iteration
    self.ranks = ranks
    self.threads = threads
    self.hosts = hosts
    self.processor = processor
    self.software = software
  }
}

/// `places.csv` in a run folder: one line for each time that the run was started or went on.
public struct PlacesFile: Sendable {
  public static let name = "places.csv"
  public static let header = "started,iteration,ranks,threads,hosts,processor,software"

  public let path: String

  /// The file need not exist yet.
  public init(path: String) {
    self.path = path
  }

  /// Adds a line, and the header before the first one.
  public func append(_ place: RunPlace) throws(FileError) {
    let fields = [
      place.started, "\(place.iteration)", "\(place.ranks)", "\(place.threads)", place.hosts, place.processor,
      place.software,
    ]
    try TextFile.append(fields.map(CSVTable.field).joined(separator: ","), header: Self.header, to: path)
  }

  /// Returns the lines in the order of the starts; none where there is no file.
  public func rows() throws(FileError) -> [RunPlace] {
    guard let table = try CSVTable.read(path) else { return [] }
    try table.expect(header: Self.header, of: "places")
    var places: [RunPlace] = []
    for (line, fields) in table.rows {
      places.append(
        RunPlace(
          started: fields[0], iteration: try table.integer(line, "iteration", fields[1]),
          ranks: try table.integer(line, "ranks", fields[2]), threads: try table.integer(line, "threads", fields[3]),
          hosts: fields[4], processor: fields[5], software: fields[6]))
    }
    return places
  }
}
