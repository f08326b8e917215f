import Synchronization

/// Renderers that are not in use. There are as many as threads have rendered at once.
final class IdleRenderers: Sendable {
  private let idle = Mutex<[Idle]>([])

  /// Sendable: a renderer is used only by the thread that has taken it off the list.
  private struct Idle: @unchecked Sendable {
    let renderer: PhotoRenderer
  }

  /// Writes `view` of picture `index` to `output`, (3, crop height, crop width).
  func render(
    _ index: Int, of images: any EncodedImages, view: PhotoView, finish: CropResampling.Finish,
    output: UnsafeMutablePointer<Float>
  ) throws(DataError) {
    let renderer = idle.withLock { $0.popLast() }?.renderer ?? PhotoRenderer()
    defer {
      let idle = Idle(renderer: renderer)
      self.idle.withLock { $0.append(idle) }
    }
    let count = images.byteCount(of: index)
    let bytes = renderer.fileMemory(count)
    try images.read(index, into: bytes)
    do throws(DataError) {
      try renderer.render(
        PictureFile(path: "", bytes: UnsafeBufferPointer(start: bytes, count: count)), of: images.extents(of: index),
        view: view, finish: finish, output: output)
    } catch {
      throw error.named(images.name(of: index))
    }
  }
}
