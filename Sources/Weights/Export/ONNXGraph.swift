import Foundation

/// A graph of ONNX nodes that is built from the input to the output: each step reads the value that the step before it
/// has left, unless it says otherwise.
struct ONNXGraph {
  private(set) var graph = PreluDist_Onnx_GraphProto()

  init(name: String) {
    graph.name = name
  }

  // MARK: - Values

  /// Adds an input or an output of single floats, whose first extent, the batch, may be any.
  mutating func declare(input name: String, extents: [Int]) { graph.input.append(value(name, extents)) }
  mutating func declare(output name: String, extents: [Int]) { graph.output.append(value(name, extents)) }

  private func value(_ name: String, _ extents: [Int]) -> PreluDist_Onnx_ValueInfoProto {
    var batch = PreluDist_Onnx_TensorShapeProto.Dimension()
    batch.dimParam = "batch"
    var value = PreluDist_Onnx_ValueInfoProto()
    value.name = name
    value.type.tensorType.elemType = 1
    value.type.tensorType.shape.dim =
      [batch]
      + extents.map { extent in
        var dimension = PreluDist_Onnx_TensorShapeProto.Dimension()
        dimension.dimValue = Int64(extent)
        return dimension
      }
    return value
  }

  /// Adds a constant of single floats and returns its name.
  mutating func constant(_ name: String, shape: [Int], _ values: UnsafeBufferPointer<Float>) -> String {
    precondition(shape.reduce(1, *) == values.count, "\(values.count) values for \(name) \(shape)")
    return constant(name, shape: shape, type: 1, Data(buffer: values))
  }

  mutating func constant(_ name: String, shape: [Int], _ values: [Float]) -> String {
    values.withUnsafeBufferPointer { constant(name, shape: shape, $0) }
  }

  /// Adds a constant list of whole numbers and returns its name. Equal lists are added once.
  mutating func constant(integers values: [Int]) -> String {
    let name = "numbers_" + values.map(String.init).joined(separator: "_")
    guard !graph.initializer.contains(where: { $0.name == name }) else { return name }
    let bytes = values.map { Int64($0).littleEndian }.withUnsafeBufferPointer { Data(buffer: $0) }
    return constant(name, shape: [values.count], type: 7, bytes)
  }

  private mutating func constant(_ name: String, shape: [Int], type: Int32, _ bytes: Data) -> String {
    var tensor = PreluDist_Onnx_TensorProto()
    tensor.name = name
    tensor.dims = shape.map { Int64($0) }
    tensor.dataType = type
    tensor.rawData = bytes
    graph.initializer.append(tensor)
    return name
  }

  // MARK: - Nodes

  enum Attribute {
    case integer(Int)
    case integers([Int])
    case float(Float)
  }

  /// Adds a node and returns its output's name, which is the node's.
  mutating func node(
    _ kind: String, _ name: String, _ inputs: [String], _ attributes: KeyValuePairs<String, Attribute> = [:]
  ) -> String {
    var node = PreluDist_Onnx_NodeProto()
    node.opType = kind
    node.name = name
    node.input = inputs
    node.output = [name]
    node.attribute = attributes.map { name, value in
      var attribute = PreluDist_Onnx_AttributeProto()
      attribute.name = name
      switch value {
      case .integer(let number): (attribute.type, attribute.i) = (.int, Int64(number))
      case .integers(let numbers): (attribute.type, attribute.ints) = (.ints, numbers.map { Int64($0) })
      case .float(let number): (attribute.type, attribute.f) = (.float, number)
      }
      return attribute
    }
    graph.node.append(node)
    return name
  }
}
