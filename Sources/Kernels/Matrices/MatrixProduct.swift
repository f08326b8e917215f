import COpenBLAS
import Glibc

/// A row-major matrix that a product reads, as it is or transposed.
public struct MatrixOperand {
  public var base: UnsafePointer<Float>
  /// The distance in floats of two rows as they lie in memory.
  public var leading: Int
  public var isTransposed: Bool

  public init(_ base: UnsafePointer<Float>, leading: Int, isTransposed: Bool = false) {
    self.base = base
    self.leading = leading
    self.isTransposed = isTransposed
  }

  fileprivate var form: CBLAS_TRANSPOSE { isTransposed ? CblasTrans : CblasNoTrans }
}

/// A row-major matrix that a product writes, or adds to.
public struct MatrixResult {
  public var base: UnsafeMutablePointer<Float>
  /// The distance in floats of two rows as they lie in memory.
  public var leading: Int
  /// Whether the product is added to what is there.
  public var accumulates: Bool

  public init(_ base: UnsafeMutablePointer<Float>, leading: Int, accumulates: Bool = false) {
    self.base = base
    self.leading = leading
    self.accumulates = accumulates
  }
}

/// The extents of a matrix product: the rows and columns of the result, and the inner extent.
public struct ProductExtents {
  public var rows: Int
  public var columns: Int
  public var depth: Int

  public init(rows: Int, columns: Int, depth: Int) {
    self.rows = rows
    self.columns = columns
    self.depth = depth
  }
}

/// Computes C = A·B, or C += A·B if `c` accumulates, by OpenBLAS on the calling thread.
public func matrixProduct(
  _ a: MatrixOperand, _ b: MatrixOperand, into c: MatrixResult, _ extents: ProductExtents
) {
  let (rows, columns, depth) = (extents.rows, extents.columns, extents.depth)
  guard rows > 0, columns > 0 else { return }
  // OpenBLAS would print a line and return with C unwritten.
  let least = (a: a.isTransposed ? rows : depth, b: b.isTransposed ? depth : columns, c: columns)
  precondition(
    depth >= 0 && a.leading >= max(least.a, 1) && b.leading >= max(least.b, 1) && c.leading >= least.c,
    "leading dimensions \(a.leading), \(b.leading), \(c.leading) where \(least) are the least")
  cblas_sgemm(
    CblasRowMajor, a.form, b.form, blasint(rows), blasint(columns), blasint(depth), 1, a.base,
    blasint(a.leading), b.base, blasint(b.leading), c.accumulates ? 1 : 0, c.base, blasint(c.leading))
}

/// OpenBLAS and the form that it takes on this processor.
public enum MatrixLibrary {
  /// Keeps OpenBLAS on the calling thread, since `ThreadPool` is what threads here. It is called once, at start.
  public static func useCallingThreadOnly() {
    openblas_set_num_threads(1)
  }

  /// Has OpenBLAS take the same kernel on all processors of level v3 or higher, so that a product has the same bits on
  /// each, and on one that is newer than the library, which would take a kernel for a very old one there. It is called
  /// once, at start, when no product has run. A kernel that the environment names stays.
  public static func takePortableKernel() {
    guard getenv(kernelVariable) == nil, ProcessorLevel.ofProcessor >= .v3, kernelName != portableKernel,
      setenv(kernelVariable, portableKernel, 1) == 0
    else { return }
    _ = openblas_choose_kernel()
  }

  private static let kernelVariable = "OPENBLAS_CORETYPE"

  /// The kernel with AVX2 and fused multiply-add, which is about as fast as those with AVX-512 on most processors. The
  /// launcher of an installation names it, too, before the library is loaded.
  package static let portableKernel = "Haswell"

  /// The number of threads that OpenBLAS would use for one product.
  public static var threadCount: Int { Int(openblas_get_num_threads()) }

  /// The name of OpenBLAS's kernels, such as "SkylakeX" or "Zen".
  public static var kernelName: String { String(cString: openblas_get_corename()) }

  /// The library's own description, such as "OpenBLAS 0.3.21 …".
  public static var version: String { String(cString: openblas_get_config()) }
}
