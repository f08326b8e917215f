/// sum[i] += addend[i]
public func add(_ addend: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>, count: Int) {
  var index = 0
  while index &+ blockWidth <= count {
    store(load(sum + index) + load(addend + index), sum + index)
    index &+= blockWidth
  }
  while index < count {
    sum[index] += addend[index]
    index &+= 1
  }
}

/// SGD with momentum, the rate inside the momentum (Eqn 4's form), in one pass:
/// v := μv − ε(g + λw), w := w + v.
public func momentumUpdate(
  weights: UnsafeMutablePointer<Float>, momentum: UnsafeMutablePointer<Float>, gradient: UnsafePointer<Float>,
  count: Int, learningRate: Float, momentumFactor: Float, weightDecay: Float
) {
  let (rate, mu, lambda) =
    (Vector(repeating: -learningRate), Vector(repeating: momentumFactor), Vector(repeating: weightDecay))
  var index = 0
  while index &+ blockWidth <= count {
    let w = load(weights + index)
    let decayed = load(gradient + index).addingProduct(lambda, w)
    let v = (mu * load(momentum + index)).addingProduct(rate, decayed)
    store(v, momentum + index)
    store(w + v, weights + index)
    index &+= blockWidth
  }
  while index < count {
    let w = weights[index]
    let decayed = gradient[index].addingProduct(weightDecay, w)
    let v = (momentumFactor * momentum[index]).addingProduct(-learningRate, decayed)
    momentum[index] = v
    weights[index] = w + v
    index &+= 1
  }
}
