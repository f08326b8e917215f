import Kernels
import Testing

/// What would read or write beside its memory, or compute nothing in silence, ends the process instead. A map smaller
/// than its window is the case that integer division hides: (1 − 2) / 2 + 1 is 1.
@Test func shapesThatCannotBeEndTheProcess() async {
  await #expect(processExitsWith: .failure) {
    _ = MaxPooling(input: BlockedExtents(channels: 1, height: 1, width: 4), size: 2, stride: 2)
  }
  await #expect(processExitsWith: .failure) {
    _ = ConvolutionShape(channels: 1, height: 4, width: 1, filters: 1, kernel: 4, stride: 2, padding: 1)
  }
  await #expect(processExitsWith: .failure) {
    _ = DirectConvolution(inputBlocks: 1, filterBlocks: 1, kernel: 3, stride: 1, height: 0, width: 4)
  }
  await #expect(processExitsWith: .failure) {
    _ = PyramidPooling(input: BlockedExtents(channels: 1, height: 4, width: 4), levels: [2, 0])
  }
}

/// The smallest legal ones do not.
@Test func smallestShapesAreLegal() async {
  await #expect(processExitsWith: .success) {
    _ = MaxPooling(input: BlockedExtents(channels: 1, height: 2, width: 4), size: 2, stride: 2)
    _ = ConvolutionShape(channels: 1, height: 4, width: 2, filters: 1, kernel: 4, stride: 2, padding: 1)
    _ = DirectConvolution(inputBlocks: 1, filterBlocks: 1, kernel: 3, stride: 1, height: 1, width: 1)
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
    matrixProduct(
      [1, 2, 3, 4], .plain, leadingA: 1, [1, 2, 3, 4], .plain, leadingB: 2, into: &c, leadingC: 2, rows: 2, columns: 2,
      depth: 2)
  }
}
