import System

/// Names of folders and files that NAS servers, operating systems, file systems, notebook servers and tools leave among
/// people's pictures. Hidden names, which begin with a dot, are left out anyway.
enum Leftovers {
  /// Returns whether a folder's name is one of them.
  static func isFolder(_ name: String) -> Bool {
    let lower = name.lowercased()
    return folders.contains(lower) || lower.hasPrefix("found.") && lower.dropFirst(6).allSatisfy(\.isNumber)
      || lower.hasPrefix("recycler.") || lower.hasSuffix("@synoeastream") || lower.hasSuffix("@synoresource")
  }

  /// Returns whether a file's name is one of them.
  static func isFile(_ name: String) -> Bool {
    let lower = name.lowercased()
    return files.contains(lower) || lower.hasPrefix("~$") || lower.hasSuffix("@synoeastream")
      || lower.hasSuffix("@synoresource")
  }

  private static let folders: Set<String> = [
    // NAS servers: Synology, QNAP, NetApp, Netatalk.
    "@eadir", "#recycle", "#snapshot", "@tmp", "@recycle", "@recently-snapshot", "@sharebin", "@transcode", "@database",
    "@appstore", "@synoresource", "@synoeastream", "@download", "@quarantine", "~snapshot", "network trash folder",
    "temporary items", "thevolumesettingsfolder", "#recycle_bin", "lost.dir",
    // macOS and its archives.
    "__macosx",
    // Windows.
    "system volume information", "$recycle.bin", "recycler", "recycled", "$winreagent", "config.msi", "msocache",
    // File systems.
    "lost+found",
    // Notebooks, and packages of Python and JavaScript.
    "__pycache__", "ipynb_checkpoints", "node_modules", "site-packages",
  ]

  private static let files: Set<String> = [
    "thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r", "desktop db", "desktop df",
    "iconcache.db",
    "aquota.user", "aquota.group", "quota.user", "quota.group", "zbthumbnail.info", "picasa.ini", "folder.htt",
  ]
}
