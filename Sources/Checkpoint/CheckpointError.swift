import HDF5

/// An error that says why a checkpoint or a run folder cannot be read or written.
public typealias CheckpointError = FileError
