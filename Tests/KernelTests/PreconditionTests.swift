import Kernels
import System
import Testing

/// Calls that would read or write beside their memory, or compute nothing in silence, end the process instead. A map
/// smaller than its window is the case that integer division hides: (1 − 2) / 2 + 1 is 1.
@Test func shapesThatCannotBeEndTheProcess() async {
  await #expect(processExitsWith: .failure) {
    _ = MaxPooling(input: BlockedExtents(channels: 1, height: 1, width: 4), size: 2, stride: 2)
  }
  await #expect(processExitsWith: .failure) {
    _ = AveragePooling(input: BlockedExtents(channels: 1, height: 4, width: 1), size: 2, stride: 2)
  }
  await #expect(processExitsWith: .failure) {
    _ = ConvolutionShape(Extents(channels: 1, height: 4, width: 1), filters: 1, kernel: 4, stride: 2, padding: 1)
  }
  await #expect(processExitsWith: .failure) {
    _ = DirectKernel(
      inputBlocks: 1, output: BlockedExtents(channels: 1, height: 0, width: 4), kernel: 3, stride: 1)
  }
  await #expect(processExitsWith: .failure) {
    _ = PyramidPooling(input: BlockedExtents(channels: 1, height: 4, width: 4), levels: [2, 0])
  }
}

/// The smallest legal ones do not.
@Test func smallestShapesAreLegal() async {
  await #expect(processExitsWith: .success) {
    _ = MaxPooling(input: BlockedExtents(channels: 1, height: 2, width: 4), size: 2, stride: 2)
    _ = AveragePooling(input: BlockedExtents(channels: 1, height: 4, width: 2), size: 2, stride: 2)
    _ = ConvolutionShape(Extents(channels: 1, height: 4, width: 2), filters: 1, kernel: 4, stride: 2, padding: 1)
    _ = DirectKernel(
      inputBlocks: 1, output: BlockedExtents(channels: 1, height: 1, width: 1), kernel: 3, stride: 1)
    _ = PyramidPooling(input: BlockedExtents(channels: 1, height: 1, width: 1), levels: [2])
  }
}

@Test func aLabelBeyondTheClassesEndsTheProcess() async {
  await #expect(processExitsWith: .failure) {
    var dScores: [Float] = [0, 0]
    _ = softmaxLoss([1, 2], labels: [2], rows: 1, classes: 2, dScores: &dScores)
  }
}

@Test func aLeadingDimensionTooSmallEndsTheProcess() async {
  await #expect(processExitsWith: .failure) {
    var c: [Float] = [0, 0, 0, 0]
    let (a, b) = (FloatBuffer(4), FloatBuffer(4))
    matrixProduct(
      MatrixOperand(a.base, leading: 1), MatrixOperand(b.base, leading: 2), into: MatrixResult(&c, leading: 2),
      ProductExtents(rows: 2, columns: 2, depth: 2))
  }
}
