import COpenBLAS

/// A row-major matrix operand, read as it is or transposed.
public enum Operand: Sendable {
  case plain
  case transposed

  fileprivate var blas: CBLAS_TRANSPOSE { self == .plain ? CblasNoTrans : CblasTrans }
}

/// C = A·B, or C += A·B where `accumulates`, by OpenBLAS on the calling thread: C is `rows`×`columns`, the inner extent `depth`. Leading dimensions are
/// the row strides in floats of A, B and C as they lie in memory.
public func matrixProduct(
  _ a: UnsafePointer<Float>, _ operandA: Operand, leadingA: Int, _ b: UnsafePointer<Float>, _ operandB: Operand,
  leadingB: Int, into c: UnsafeMutablePointer<Float>, leadingC: Int, rows: Int, columns: Int, depth: Int,
  accumulates: Bool = false
) {
  guard rows > 0, columns > 0 else { return }
  // OpenBLAS would print a line and return with C unwritten.
  let least = (a: operandA == .plain ? depth : rows, b: operandB == .plain ? columns : depth, c: columns)
  precondition(
    depth >= 0 && leadingA >= max(least.a, 1) && leadingB >= max(least.b, 1) && leadingC >= least.c,
    "leading dimensions \(leadingA), \(leadingB), \(leadingC) where \(least) are the least")
  cblas_sgemm(
    CblasRowMajor, operandA.blas, operandB.blas, blasint(rows), blasint(columns), blasint(depth), 1, a,
    blasint(leadingA), b, blasint(leadingB), accumulates ? 1 : 0, c, blasint(leadingC))
}

/// OpenBLAS and the form it takes on this processor.
public enum MatrixLibrary {
  /// Keeps OpenBLAS on the calling thread: `ThreadPool` is what threads here. To be called once, at start.
  public static func useCallingThreadOnly() {
    openblas_set_num_threads(1)
  }

  /// Threads that OpenBLAS would use for one product.
  public static var threadCount: Int { Int(openblas_get_num_threads()) }

  /// The name of OpenBLAS's kernels, such as "SkylakeX" or "Zen".
  public static var kernelName: String { String(cString: openblas_get_corename()) }

  /// "OpenBLAS 0.3.21 …".
  public static var version: String { String(cString: openblas_get_config()) }
}
