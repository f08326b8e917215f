import SystemPackage

extension Errno {
  /// Returns what a person can usually do where the system refuses a file with this error. The text may be empty.
  ///
  /// - Parameter writing: true where something was to be made or changed, false where it was to be read.
  package func advice(writing: Bool) -> String {
    switch self {
    case .noSpace, .diskQuotaExceeded: "Make room there"
    case .permissionDenied, .notPermitted:
      writing ? "Change its permissions, or choose another place" : "Change its permissions"
    case .readOnlyFileSystem: "Choose a place that can be written"
    case .isDirectory, .fileExists, .directoryNotEmpty: writing ? "Move away what has that name now" : ""
    case .noSuchFileOrDirectory, .notDirectory: writing ? "Make the folder first" : ""
    case .fileTooLarge: "Raise the limit of a file's size (ulimit -f)"
    case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "Raise the limit of open files (ulimit -n)"
    case .tooManySymbolicLinkLevels: "A symbolic link leads back to itself"
    case .ioError, .staleNFSFileHandle, .noSuchAddressOrDevice: "The device or the network behind it fails"
    default: ""
    }
  }
}
