import CLinux
import Glibc

/// The number of cores that this process may run on: those of its affinity mask, which `mpirun --bind-to`, Slurm,
/// `taskset` and container runtimes set, not those of the machine.
public func availableCores() -> Int {
  let count = coreCount(of: affinityMask())
  // The mask cannot be read where a sandbox forbids the system call.
  return count > 0 ? count : max(1, onlineCores())
}

/// The number of cores of the machine that are switched on.
public func onlineCores() -> Int { sysconf(Int32(_SC_NPROCESSORS_ONLN)) }

/// The affinity mask of the calling thread, `affinityMaskLength` bytes: one bit for each processor that it may run on;
/// all of them are 0 where the system does not tell.
public func affinityMask() -> [UInt8] {
  var mask = [UInt8](repeating: 0, count: affinityMaskLength)
  // On failure nothing is written.
  _ = linux_affinity_mask(&mask, UInt(mask.count))
  return mask
}

/// Lets the calling thread run on the processors whose bits are set. Returns whether the system allows it.
public func setAffinity(_ mask: [UInt8]) -> Bool { linux_set_affinity(mask, UInt(mask.count)) == 0 }

/// The number of processors in an affinity mask.
public func coreCount(of mask: [UInt8]) -> Int { mask.reduce(0) { $0 + $1.nonzeroBitCount } }

/// The bytes of a mask of 8192 processors, the most that Linux is built for on x86-64.
private let affinityMaskLength = 1024
