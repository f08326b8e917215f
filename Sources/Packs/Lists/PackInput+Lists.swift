import Images
import System

extension PackInput {
  /// Finds the pictures of list files.
  func listFileListing(_ exclusion: Exclusion, _ files: SourceFiles) throws(DataError) -> PackListing {
    guard split.isEmpty else {
      throw DataError(
        .invalid, path: source, expected: "a folder, whose folders --split tells apart", found: "a file",
        advice: "Name the lists of the other splits with --validation and --test.")
    }
    var parts: [PackPart] = [.training]
    var lists = [try ListFile(source, exclusion, in: files)]
    for (part, path) in [(PackPart.validation, validation), (.test, withoutTest ? nil : test)] {
      guard let path else { continue }
      parts.append(part)
      lists.append(try ListFile(path, exclusion, in: files))
    }
    let named = try classNames.map { path throws(DataError) in try ClassNamesFile.lines(path, in: files) }
    let labels = try ListLabels(lists, names: named)
    var listing = PackListing(classNames: labels.names, classFolders: labels.names, parts: [:])
    if let note = labels.note { listing.account.note(note) }
    for warning in labels.warnings { listing.account.warn(warning) }
    listing.account.labelsArePlaces = labels.arePlaces
    for (part, (list, labels)) in zip(parts, zip(lists, labels.labels)) {
      let folder = root ?? FileSystem.folder(of: list.path)
      var (list, paths) = (list, ListPaths(root: folder, in: files))
      try paths.resolve(&list)
      if let header = list.header {
        listing.account.note(
          "line \(list.headerLine) of \(list.path) is taken for a header; the columns are \(header)")
      }
      if let first = list.comments.first {
        let count = list.comments.count
        listing.account.note(
          "\(count.counted("line", grouped: true)) of \(list.path) that \(count.verb("begins", "begin")) with # "
            + "\(count.verb("is a comment", "are comments")): line \(first)\(count > 1 ? ", …" : "")")
      }
      if !list.emptyColumns.isEmpty {
        let names = list.emptyColumns.prefix(4).joined(separator: ", ") + (list.emptyColumns.count > 4 ? ", …" : "")
        listing.account.note(
          "\(list.emptyColumns.count.counted("column", grouped: true)) of \(list.path) without a 1 in any line: "
            + "\(names)"
        )
      }
      if paths.withSlashes > 0 {
        listing.account.note("\(paths.withSlashes.counted("path", grouped: true)) of \(list.path) with backslashes")
      }
      if paths.withEndings > 0 {
        listing.account.note(
          "\(paths.withEndings.counted("path", grouped: true)) of \(list.path) without the files' extensions")
      }
      if paths.withOtherForms > 0 {
        listing.account.note(
          "\(paths.withOtherForms.counted("path", grouped: true)) of \(list.path) with accented letters in the other "
            + "form of Unicode")
      }
      var entries = list.entries
      entries.relabel(labels)
      listing.parts[part] = PackListing.Part(folder: folder, entries: entries)
    }
    return listing
  }
}
