import Kernels

extension Inference {
  /// Returns the scores of all windows of one image, row by row, each window cut out of the last map, pooled and scored
  /// by itself: slowly what `WindowScorer` does at once, for comparison with it.
  ///
  /// - Parameter image: A planar image, (channels, height, width).
  package func scoresWindowByWindow(_ image: UnsafePointer<Float>, form: DenseForm) -> [[Float]] {
    let memory = FrameMemory()
    memory.reserve(form.tower, images: 1)
    memory.images.update(from: image, count: form.tower.imageCount)
    let maps = form.tower.output(images: 1, memory, filters: filters)
    let (map, window) = (form.map, form.shape.window)
    let cut = BlockedExtents(window)
    let layer = form.kind.layer(TowerPlace(input: window, isFirst: false))
    let (values, features) = (FloatBuffer(cut.count), FloatBuffer(layer.outputCount))
    let (kept, scratch) = (IndexBuffer(layer.keptCount), FloatBuffer(layer.scratchCount(images: 1, members: 1)))
    let none = FloatBuffer(0)
    let one = ThreadPool(threads: 1)
    let head = HeadMemory(network.head, rows: 1, threads: 1, forTraining: false)
    var scores: [[Float]] = []
    for row in form.shape.allWindows.rows {
      for column in form.shape.allWindows.columns {
        for block in 0..<map.blocks {
          for y in 0..<window.height {
            let source = maps.values + block * map.planeCount + ((row + y) * map.width + column) * blockWidth
            (values.base + block * cut.planeCount + y * window.width * blockWidth)
              .update(from: source, count: window.width * blockWidth)
          }
        }
        layer.forward(
          LayerPass(
            images: 1, input: PendingMap(values: values.base, slopes: maps.slopes),
            parameters: PassParameters(prepared: none.base, filters: none.base),
            output: LayerOutput(values: features.base, kept: kept.base), scratch: scratch.base,
            team: .alone))
        let own = network.head.forward(
          features.base, HeadPass(rows: 1, parameters: network.parameters, memory: head, on: one))
        scores.append(Array(UnsafeBufferPointer(start: own, count: network.head.classes)))
      }
    }
    return scores
  }
}
