import Network
import Testing

/// The guide, the comparison with PyTorch and the definition of the testing protocols know every kind of layer.
@Suite struct LayerTests {
  @Test(arguments: [
    ("Sources/prelu-dist/Guides.docc/Architectures.md", "| `KIND` |"), ("scripts/compare-pytorch", "kind == \"KIND\":"),
    ("Tests/Golden/protocols.py", "\"KIND\""),
  ])
  func everyKindIsNamed(file: String, form: String) throws {
    let text = try Repository.text(file)
    let missing = LayerDescription.kinds.map { $0.key }
      .filter { !text.contains(form.replacing("KIND", with: $0)) }
    #expect(missing.isEmpty, "\(file) does not know the kinds of layers \(missing): add them as \(form)")
  }
}
