import System

/// The place where one process of a run ran: a row of `places.csv`.
public struct RunPlace: Equatable, Sendable {
  /// The time of its start: ISO 8601, UTC.
  public var started: String
  /// The iteration that it began at.
  public var iteration: Int
  public var ranks: Int
  /// The number of threads of each rank.
  public var threads: Int
  /// The names of the hosts with the number of ranks on each, as "node1 (4), node2 (4)".
  public var hosts: String
  /// The name of rank 0's processor.
  public var processor: String
  /// The program, the MPI library and the BLAS kernel with their versions.
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

/// The table of the places where a run ran, `places.csv`: one row for each time that it was started or went on.
package typealias PlacesFile = TableFile<RunPlace>

extension RunPlace: TableRow {
  package static let fileName = RunFile.places.rawValue
  package static let columns = ["started", "iteration", "ranks", "threads", "hosts", "processor", "software"]
  package static let plural = "places"

  package init(_ row: CSVTable.Row, of table: CSVTable) throws(FileError) {
    self.init(
      started: row.fields[0], iteration: try table.integer(row, 1), ranks: try table.integer(row, 2),
      threads: try table.integer(row, 3), hosts: row.fields[4], processor: row.fields[5], software: row.fields[6])
  }

  package var fields: [String] {
    [started, "\(iteration)", "\(ranks)", "\(threads)", hosts, processor, software]
  }
}
