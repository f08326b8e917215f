import ArgumentParser
import System

/// The names of the commands. The parser takes a misspelled one for a stray argument of the default command, and shows
/// the general help for one after `help`.
enum CommandNames {
  /// Returns the refusal of a word that stands where a command's name should, and is none; nil where there is no such
  /// word.
  ///
  /// - Parameter arguments: the arguments of the program, without its name.
  static func refusal(of arguments: [String]) -> Refusal? {
    var command: any ParsableCommand.Type = PreluDist.self
    for word in arguments.first == "help" ? arguments.dropFirst() : arguments[...] {
      let commands = command.configuration.subcommands
      guard !commands.isEmpty, !word.hasPrefix("-") else { return nil }
      if let inner = commands.first(where: { $0.configuration.commandName == word }) {
        command = inner
        continue
      }
      let names = commands.compactMap { $0.configuration.commandName }
      let meant = nearMiss(word, among: names).map { " Did you mean \($0)?" } ?? ""
      let place = command == PreluDist.self ? "" : " of \(command.configuration.commandName ?? "")"
      return Refusal(
        .usage,
        "expected a command\(place), found \(String(word.prefix(60))).\(meant) There are "
          + "\(names.joined(separator: ", ")).")
    }
    return nil
  }
}
