import Foundation

/// The lock of tests that record a trace: a process records one at a time, and suites run at once.
public let traceLock = NSLock()
