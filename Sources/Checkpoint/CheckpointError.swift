import HDF5

/// Why a checkpoint or a run folder cannot be read or written.
public typealias CheckpointError = FileError
