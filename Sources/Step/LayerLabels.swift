import Network
import System

/// The names of a layer's work in a trace.
struct LayerLabels {
  let forwardFilters: TraceLabel
  let forward: TraceLabel
  let backwardFilters: TraceLabel
  let backward: TraceLabel
  let sum: TraceLabel

  init(_ layer: any TowerLayer) {
    forwardFilters = TraceLabel(keeping: "\(layer.name) filters forward")
    forward = TraceLabel(keeping: "\(layer.name) forward")
    backwardFilters = TraceLabel(keeping: "\(layer.name) filters backward")
    backward = TraceLabel(keeping: "\(layer.name) backward")
    sum = TraceLabel(keeping: "\(layer.name) sum of the leaves")
  }
}
