import Foundation
import Packs
import System

/// Shows a person the progress of a packing, and what came of it.
final class PackingReporter {
  private let quiet: Bool
  private let line: LiveLine

  init(terminal: Terminal?, quiet: Bool) {
    self.quiet = quiet
    line = LiveLine(terminal)
  }

  func show(_ event: PackingEvent) {
    if case .listed(let listing, _) = event { warn(listing) }
    guard !quiet else { return }
    switch event {
    case .listed(let listing, let finished):
      let parts = PackPart.allCases.compactMap { part in
        listing.parts[part].map { "\($0.entries.count.grouped) to \(part.verb)" }
      }
      Console.say(
        "pictures   \(parts.joined(separator: ", ")), "
          + listing.classNames.count.counted("class", grouped: true))
      for line in PackAccountText(listing).lines { Console.say(line) }
      if finished > 0 {
        Console.say(
          "resumed    \(finished.counted("picture", grouped: true)) \(finished.verb("is", "are")) done already")
      }
    case .progress(let p): show(p)
    case .assembling(let bytes):
      line.clear()
      Console.say("writing    \(byteText(bytes))")
    case .copying(let bytes, let all, let secondsLeft):
      line.show(pauses: (terminal: 0.2, elsewhere: 15)) { _ in
        String(
          format: "writing    %@ of %@ (%.1f %%)  ETA %@", byteText(bytes), byteText(all),
          100 * Double(bytes) / Double(max(all, 1)), clockText(secondsLeft))
      }
    }
  }

  /// Warns of what is probably a mistake, and of classes without pictures. Labels that count from 1 leave class 0
  /// empty, and the network with one output too many; classes that are names are empty only where a person names them.
  private func warn(_ listing: PackListing) {
    for sentence in PackAccountText(listing).warnings { Console.complain("warning: \(sentence)") }
    let empty = listing.emptyClasses
    guard !empty.isEmpty else { return }
    let names = empty.prefix(5).map { listing.classNames[$0].shown() } + (empty.count > 5 ? ["…"] : [])
    Console.complain(
      "warning: \(empty.count.grouped) of \(listing.classNames.count.counted("class", grouped: true)) "
        + "\(empty.count.verb("has", "have")) no picture to train on: \(names.joined(separator: ", "))"
        + (listing.account.labelsArePlaces
          ? ". Labels of a list count from 0"
          : ". Leave what is not meant out of --class-names"))
  }

  func show(_ summary: PackingSummary) {
    line.clear()
    for (name, reason) in summary.skipped.prefix(20) { Console.complain("skipped \(name): \(reason)") }
    if summary.skipped.count > 20 {
      let more = summary.skipped.count - 20
      Console.complain(
        "\(more.counted("more file", grouped: true)) \(more.verb("was", "were")) skipped; prelu-dist inspect "
          + "\(summary.paths[0]) names them all")
    }
    for part in PackPart.allCases {
      let names = summary.emptied.filter { $0.part == part }.map(\.className)
      guard !names.isEmpty else { continue }
      let shown = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
      Console.complain(
        "warning: every picture to \(part.verb) of \(names.count.counted("class", grouped: true)) was skipped: \(shown)"
      )
    }
    if !summary.isNameSynced {
      Console.complain(
        "warning: \(FileSystem.folder(of: summary.paths[0])): expected a file system that syncs folders, found one "
          + "that syncs files only: after a power loss the pack may be missing, not damaged")
    }
    guard !quiet else { return }
    let parts = PackPart.allCases.compactMap { part in
      summary.pictures[part].map { "\($0.grouped) to \(part.verb)" }
    }
    Console.say("packed     \(parts.joined(separator: ", ")); \(summary.skipped.count.grouped) skipped")
    Console.say(
      String(
        format: "pack       %@%@, %@ in %@", summary.paths[0],
        summary.paths.count > 1 ? " and \(summary.paths.count - 1) more" : "", byteText(summary.bytes),
        clockText(summary.seconds)))
    for sentence in Self.sentences(summary.copies) { Console.say("note       \(sentence)") }
    let suggestion = PackSuggestion(summary)
    if let doubt = suggestion.doubt { Console.say("note       \(doubt)") }
    Console.say("train on it with: \(suggestion.command)")
  }

  /// Returns sentences on pictures that are there several times under different names.
  private static func sentences(_ copies: PackingSummary.Copies) -> [String] {
    var sentences = PackPart.allCases.compactMap { part in
      copies.ofOtherParts[part].map {
        "\($0.counted("picture", grouped: true)) to \(part.verb) \($0.verb("has", "have")) the same bytes as pictures "
          + "of another split: what they measure was learned by heart"
      }
    }
    if copies.ofOtherClasses > 0 {
      sentences.append(
        "\(copies.ofOtherClasses.counted("picture", grouped: true)) "
          + "\(copies.ofOtherClasses.verb("has", "have")) the same bytes as pictures of another class")
    }
    return sentences
  }

  private func show(_ p: PackingProgress) {
    line.show(pauses: (terminal: 0.2, elsewhere: 15)) { _ in
      String(
        format: "packing    %@ of %@ (%.1f %%)  %@ skipped  %.0f pictures/s  ETA %@", p.pictures.grouped,
        p.of.grouped, 100 * Double(p.pictures) / Double(max(p.of, 1)), p.skipped.grouped,
        p.picturesPerSecond, clockText(p.secondsLeft))
    }
  }
}

extension PackPart {
  /// The purpose of the part's pictures, behind "to".
  fileprivate var verb: String {
    switch self {
    case .training: "train on"
    case .validation: "validate"
    case .test: "test"
    }
  }
}
