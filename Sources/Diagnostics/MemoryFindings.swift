import Communication

/// Finds hosts that have too little memory for a run.
public func memoryFindings(_ demands: [MemoryDemand]) -> [Finding] {
  demands.filter { $0.isTooMuch || $0.isTight }.map { demand in
    Finding(demand.isTooMuch ? .problem : .warning, demand.problem, advice: MemoryDemand.advice)
  }
}
