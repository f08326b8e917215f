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
    let (map, window) = (form.pooling.map, form.shape.window)
    let cut = BlockedExtents(window)
    let pooling = PyramidPooling(input: cut, levels: form.levels)
    let (values, features) = (FloatBuffer(cut.count), FloatBuffer(pooling.featureCount))
    let chosen = IndexBuffer(pooling.featureCount)
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
        for block in 0..<map.blocks {
          pooling.forward(
            PendingMap(values: values.base, slopes: maps.slopes), block: block, features: features.base,
            chosen: chosen.base)
        }
        let own = network.head.forward(
          features.base, HeadPass(rows: 1, parameters: network.parameters, memory: head, on: one))
        scores.append(Array(UnsafeBufferPointer(start: own, count: network.head.classes)))
      }
    }
    return scores
  }
}
