import Foundation

/// Whether the bundle runs without `mpirun`. Tests that start ranks of their own, or that do not concern ranks and take
/// long, are skipped by the ranks of an outer `mpirun`.
public let isOutsideMPI = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"].allSatisfy {
  ProcessInfo.processInfo.environment[$0] == nil
}
