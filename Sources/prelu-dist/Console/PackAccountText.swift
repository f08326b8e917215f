import Packs
import System

/// The account of a source in words: what was taken for what, and what was left out.
struct PackAccountText {
  private let listing: PackListing

  init(_ listing: PackListing) { self.listing = listing }

  /// The lines for a person who looks on before anything is packed.
  var lines: [String] {
    folders + classes + listing.account.notes.map { "note       \($0)" } + leftOut
  }

  /// The sentences on what is probably a mistake, which also a person hears who does not look on.
  var warnings: [String] {
    listing.account.warnings
      + Self.warnedOf.compactMap { reason in
        listing.account.leftOut[reason].map { "left out \(sentence(reason, $0))" }
      }
  }

  /// The reasons for which pictures may be missing that a person counts on.
  private static let warnedOf: [PackAccount.Reason] = [.archive, .otherFormat, .emptyFolder, .withoutClass, .unlabeled]

  private var folders: [String] {
    PackPart.allCases.compactMap { part in
      listing.parts[part].map { own in
        "\(part.rawValue.padded(to: 11))\(own.entries.count.counted("picture", grouped: true)) in \(own.folder)"
      }
    }
  }

  /// The largest number of classes of which each is shown.
  private static let shownClasses = 24

  private var classes: [String] {
    let counts = listing.parts.mapValues { part in
      part.entries.labels.reduce(into: [Int](repeating: 0, count: listing.classNames.count)) { $0[Int($1)] += 1 }
    }
    func line(_ label: Int) -> String {
      let (name, folder) = (listing.classNames[label], listing.classFolders[label])
      let numbers = PackPart.allCases.compactMap { part in counts[part].map { "\($0[label].grouped) \(part.rawValue)" }
      }
      return "class \("\(label)".padded(to: 5))\(folder.onOneLine)"
        + "\(name == folder ? "" : " is \(name.onOneLine)"): \(numbers.joined(separator: ", "))"
    }
    let all = listing.classNames.indices
    guard all.count > Self.shownClasses else { return all.map(line) }
    let training = counts[.training] ?? []
    let (least, most) = (training.min() ?? 0, training.max() ?? 0)
    let pictures = (least == most ? "" : "\(least.grouped) to ") + most.counted("picture", grouped: true)
    let between = (all.count - 4).counted("more class", grouped: true)
    return all.prefix(2).map(line)
      + ["class …    \(between); each class has \(pictures) to train on"]
      + all.suffix(2).map(line)
  }

  private var leftOut: [String] {
    PackAccount.Reason.allCases.compactMap { reason in
      // Warnings say the others.
      guard !Self.warnedOf.contains(reason) else { return nil }
      return listing.account.leftOut[reason].map { "left out   \(sentence(reason, $0))" }
    }
  }

  private func sentence(_ reason: PackAccount.Reason, _ left: PackAccount.LeftOut) -> String {
    let examples =
      left.examples.map(\.onOneLine).joined(separator: ", ") + (left.count > left.examples.count ? ", …" : "")
    func items(_ noun: String, _ plural: String? = nil) -> String { left.count.counted(noun, plural, grouped: true) }
    switch reason {
    case .leftover:
      return "\(items("entry", "entries")) that a NAS, a system or a tool keeps for itself: \(examples)"
    case .hidden: return "\(items("hidden entry", "hidden entries")): \(examples)"
    case .own: return "\(items("entry", "entries")) that this program wrote: \(examples)"
    case .excluded: return "\(items("entry", "entries")) by --exclude or --no-test: \(examples)"
    case .archive: return "\(items("archive")) that lie among other files and are not opened: \(examples)"
    case .otherFile: return "\(items("file")) whose names are not those of pictures (\(left.endingText)): \(examples)"
    case .otherFormat:
      return "\(items("picture")) of formats that are not read (\(left.endingText)): \(examples). "
        + FileEnding.advice(left.endings.keys)
    case .emptyFolder: return "\(items("folder")) without pictures: \(examples)"
    case .withoutClass:
      return "\(items("picture")) without a class of the training split: \(examples)"
    case .unlabeled: return "\(items("picture")) to test without labels: \(examples)"
    }
  }
}

extension String {
  /// Returns the string with blanks after it, as wide as a column.
  fileprivate func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
