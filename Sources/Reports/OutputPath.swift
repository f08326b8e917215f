/// The names of files that are to be written when a long computation ends.
public enum OutputPath {
  /// Refuses a name under which no file can be written, without changing what is there.
  public static func check(_ path: String) throws(ReportError) { try TextFile.checkWritable(path) }
}
