// Replaced by the target's files.
