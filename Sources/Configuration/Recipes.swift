/// The built-in recipes, each with the settings that differ from the defaults of `Configuration`.
public enum Recipes {
  public static let defaultName = "fashion"

  /// The name of the recipe for packs, where no other is named.
  public static let photographs = "photos"

  public static var names: [String] { all.map(\.name) }

  static func text(of name: String) -> String? { all.first { $0.name == name }?.text }

  private static var all: [(name: String, text: String)] { recipes + [photos, photosModern] + imagenet }

  /// The data of the recipes that hold out 5000 of Fashion-MNIST's training images.
  private static let fashionMNIST = """
    data:
      kind: idx
      directory: /usr/share/datasets/fashion-mnist
      validation: 5000
      scale: 0.015625 # 1/64
    """

  private static let recipes = [
    (
      name: "fashion",
      text: """
      # Fashion-MNIST with a small network: minutes on two cores.
      recipe: fashion
      model:
        architecture: fashion-6
        activation: prelu
        initializer: he-backward
      \(fashionMNIST)
      augmentation:
        padding: 2
        mirror: true
      training:
        epochs: 14
      solver:
        learningRate: 0.02
      schedule:
        kind: steps
        epochs: [9, 12]
      """
    ),
    (
      name: "fashion-deep",
      text: """
      # Fashion-MNIST with a wider and deeper network and every second input erased in part: an hour or so on two cores.
      recipe: fashion-deep
      model:
        architecture: fashion-8
        activation: prelu
        initializer: he-backward
      data:
        kind: idx
        directory: /usr/share/datasets/fashion-mnist
        validation: 2000
        scale: 0.015625 # 1/64
      augmentation:
        padding: 2
        mirror: true
        erasing: 0.5
      training:
        epochs: 56
      solver:
        learningRate: 0.015
      schedule:
        kind: steps
        epochs: [30, 36, 41, 45, 48, 51, 53, 55]
        factor: 2
      """
    ),
    (
      name: "fashion-22",
      text: """
      # The paper's Figure 2 in small: 19 convolutions, which converge with both initializers.
      recipe: fashion-22
      model:
        architecture: fashion-22
        activation: relu
        initializer: he-backward
      \(fashionMNIST)
      training:
        epochs: 8
        dropout: 0
      solver:
        learningRate: 0.01
      """
    ),
    (
      name: "fashion-30",
      text: """
      # The paper's Figure 3 in small: 27 convolutions that converge with he-backward and stall with xavier-forward.
      # The paper's deviations of the fully connected layers are for inputs from -128 to 128. With inputs of about 1
      # they keep the loss at its start for hundreds of iterations, and rate 0.01 then drives all outputs of some seeds
      # to 0.
      recipe: fashion-30
      model:
        architecture: fashion-30
        activation: relu
        initializer: he-backward
        fullyConnectedDeviation: [0.05, 0.02]
      \(fashionMNIST)
      training:
        epochs: 8
        dropout: 0
      solver:
        learningRate: 0.005
      """
    ),
  ]
}

/// The name of the recipe that a text builds on.
struct RecipeName: ChoiceSetting {
  static var choices: [String] { Recipes.names }
  let choice: String

  init() { choice = Recipes.defaultName }

  init?(choice: String) {
    guard Recipes.text(of: choice) != nil else { return nil }
    self.choice = choice
  }
}
