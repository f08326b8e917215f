import System

/// The filters' gradient: each place's sum over the pixels of a band.
extension ImageKernel {
  /// Writes dFilters[place][filter] = Σ image · dY over a band's pixels, for the places of some channels.
  ///
  /// - Parameters:
  ///   - dY: the gradient of the output before its activation for a panel of filters, [pixel][32].
  ///   - dFilters: the panel's gradient, [place][32]; what it has beyond the real filters is not written.
  func filterGradient(
    _ band: UnsafePointer<Float>, rows: Int, channels: Range<Int>, panel: Int, _ dY: UnsafePointer<Float>,
    into dFilters: UnsafeMutablePointer<Float>
  ) {
    let plane = bandCount(rows: rows) / shape.channels
    for channel in channels {
      let own = Sums(
        x: band + channel &* plane, rows: rows, dY: dY,
        dFilters: dFilters + channel &* shape.kernel &* shape.kernel &* PanelProduct.width)
      if isSingle(panel) {
        gradient(Single.self, own)
      } else if hasThirtyTwoRegisters {
        gradient(Double32.self, own)
      } else {
        gradient(Single.self, own)
        gradient(Single.self, own.secondBlock)
      }
    }
  }

  /// The things that the tiles of a channel have in common.
  private struct Sums {
    let x: UnsafePointer<Float>
    let rows: Int
    let dY: UnsafePointer<Float>
    let dFilters: UnsafeMutablePointer<Float>

    var secondBlock: Sums { Sums(x: x, rows: rows, dY: dY + blockWidth, dFilters: dFilters + blockWidth) }
  }

  /// The most columns under the filter of a tile: with two rows of it their sums fill the registers.
  private static var mostColumns: Int { hasThirtyTwoRegisters ? 7 : 5 }

  private func gradient<T: RegisterTile>(_ place: T.Type, _ own: Sums) {
    let parts = shape.kernel.dividedUp(by: Self.mostColumns)
    for part in 0..<parts {
      let columns = (0..<shape.kernel).part(part, of: parts)
      switch columns.count {
      case 7: gradient(Rows2<Pixels7<T>>.self, OneRow<Pixels7<T>>.self, columns.lowerBound, own)
      // The compiler does not keep two rows of six in registers.
      case 6: gradient(OneRow<Pixels6<T>>.self, OneRow<Pixels6<T>>.self, columns.lowerBound, own)
      case 5 where hasThirtyTwoRegisters:
        gradient(Rows2<Pixels5<T>>.self, OneRow<Pixels5<T>>.self, columns.lowerBound, own)
      case 5: gradient(OneRow<Pixels5<T>>.self, OneRow<Pixels5<T>>.self, columns.lowerBound, own)
      case 4 where hasThirtyTwoRegisters:
        gradient(Rows2<Pixels4<T>>.self, OneRow<Pixels4<T>>.self, columns.lowerBound, own)
      case 4: gradient(OneRow<Pixels4<T>>.self, OneRow<Pixels4<T>>.self, columns.lowerBound, own)
      case 3 where hasThirtyTwoRegisters:
        gradient(Rows3<Pixels3<T>>.self, OneRow<Pixels3<T>>.self, columns.lowerBound, own)
      case 3: gradient(OneRow<Pixels3<T>>.self, OneRow<Pixels3<T>>.self, columns.lowerBound, own)
      case 2: gradient(Rows2<Pixels2<T>>.self, OneRow<Pixels2<T>>.self, columns.lowerBound, own)
      default: gradient(OneRow<T>.self, OneRow<T>.self, columns.lowerBound, own)
      }
    }
  }

  /// Goes through the rows of the filter with tiles of several rows, and of one for the rest.
  @inline(__always)
  private func gradient<Several: TileRows, One: TileRows>(
    _ several: Several.Type, _ one: One.Type, _ column: Int, _ own: Sums
  ) {
    var r = 0
    while r &+ Several.count <= shape.kernel {
      gradientTile(Several.self, r, column, own)
      r &+= Several.count
    }
    while r < shape.kernel {
      gradientTile(One.self, r, column, own)
      r &+= 1
    }
  }

  @inline(__always)
  private func gradientTile<T: TileRows>(_ tile: T.Type, _ r: Int, _ column: Int, _ own: Sums) {
    var sums = T.zero
    var line = own.x + (r &* bandWidth &+ column)
    var dY = own.dY
    var row = 0
    while row < own.rows {
      var input = line
      var left = width
      while left > 0 {
        sums.add(input, 1, rowStep: bandWidth, T.Line.weights(dY, blockWidth))
        input += shape.stride
        dY += PanelProduct.width
        left &-= 1
      }
      line += shape.stride &* bandWidth
      row &+= 1
    }
    sums.put(
      TileOutput(
        manner: .write, pixelStep: PanelProduct.width, rowStep: shape.kernel &* PanelProduct.width,
        blockStep: blockWidth),
      at: own.dFilters + (r &* shape.kernel &+ column) &* PanelProduct.width)
  }
}
