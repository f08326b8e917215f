import Configuration
import Foundation
import Network
import Testing

// Settings survive the texts that they are written as.

@Test(arguments: Recipes.names)
func recipesSurviveTexts(name: String) throws {
  let recipe = try Configuration.recipe(named: name)
  #expect(recipe.recipe == name)
  #expect(try Configuration(yaml: recipe.yaml(), source: "printed") == recipe)
  #expect(try Configuration(json: recipe.json()) == recipe)
  #expect(try Configuration.load(recipe: name) == recipe)
}

@Test func everySettingSurvivesTexts() throws {
  let configuration = try unusualConfiguration()
  try configuration.validate()
  #expect(try Configuration(yaml: configuration.yaml(), source: "printed") == configuration)
  #expect(try Configuration(json: configuration.json()) == configuration)
  let coded = try JSONEncoder().encode(configuration)
  #expect(try JSONDecoder().decode(Configuration.self, from: coded) == configuration)
}

@Test func ownLayersSurviveTexts() throws {
  let configuration = try Configuration(yaml: ownLayers, source: "own.yaml")
  let kinds = Set(configuration.model.layers.map { type(of: $0.settings).key })
  #expect(kinds == Set(LayerDescription.kinds.map { $0.key }))
  #expect(try Configuration(yaml: configuration.yaml(), source: "printed") == configuration)
  #expect(try Configuration(json: configuration.json()) == configuration)
}

@Test(arguments: [
  "", " ", "true", "null", "~", "12", "1e3", "- a", "a: b", "#a", "'", "!x", "no", "/data/cats & dogs", "*", "&x",
  "tab\tline\nend", "\u{0}", "\u{2028}", "日本語", " lead", "-", "?", "[", "{}", "%", "@", "`",
])
func textsSurviveQuoting(directory: String) throws {
  var configuration = try Configuration.recipe(named: "fashion")
  configuration.data.directory = "x" + directory
  if !directory.contains("\0") {
    #expect(try Configuration(yaml: configuration.yaml(), source: "printed") == configuration)
    #expect(try Configuration(json: configuration.json()) == configuration)
  }
  configuration.data.directory = directory
  if !directory.isEmpty, !directory.contains("\0") {
    #expect(try Configuration(yaml: configuration.yaml(), source: "printed") == configuration)
    #expect(try Configuration(json: configuration.json()) == configuration)
  }
}

@Test func jsonIsCanonical() throws {
  let json = try Configuration.recipe(named: "fashion").json()
  let augmentation = #"{"color":0,"erasing":0,"mirror":true,"padding":2,"shorterSide":[]}"#
  #expect(json.hasPrefix(#"{"augmentation":\#(augmentation),"checkpoint":{"everyIterations":0,"#), "\(json)")
  #expect(json.contains(#""directory":"/usr/share/datasets/fashion-mnist""#))
  #expect(json.contains(#""scale":0.015625"#))
  let jumbled = try JSONSerialization.data(withJSONObject: JSONSerialization.jsonObject(with: Data(json.utf8)))
  #expect(try Configuration(json: String(decoding: jumbled, as: UTF8.self)).json() == json)
}

@Test func yamlIsForPeople() throws {
  let lines = try Configuration.recipe(named: "fashion").yaml().split(separator: "\n")
  for line in [
    "recipe: fashion", "model:", "  architecture: fashion-6", "  width: 32",
    "  input: { channels: 1, height: 28, width: 28 }", "  fullyConnectedDeviation: [0.01, 0.001]",
    "  directory: /usr/share/datasets/fashion-mnist", "  dropout: null",
  ] {
    #expect(lines.contains(Substring(line)), "\(line)")
  }
  let own = try Configuration(yaml: ownLayers, source: "own.yaml").yaml()
  #expect(own.contains("\n    - maxPooling: { name: pool1, size: 3, stride: 3 }\n"))
  #expect(own.contains("\n    - averagePooling: { name: pool2, size: 2, stride: 2 }\n"))
}
