import Configuration
import Network
import Step

extension StepSettings {
  /// Takes the settings of the steps from those of a run.
  init(_ configuration: Configuration) {
    let (solver, regularization) = (configuration.solver, configuration.regularization)
    self.init(
      seed: configuration.training.seed,
      average: regularization.averages ? WeightAverage(decay: regularization.averageDecay) : nil,
      valueLimit: solver.clipValue > 0 ? Float(solver.clipValue) : .infinity,
      normLimit: solver.clipNorm > 0 ? solver.clipNorm : nil)
  }
}
