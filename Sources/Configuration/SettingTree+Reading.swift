import Yams

extension SettingTree {
  /// The deepest nesting that is read. Settings need six levels.
  private static let deepest = 32

  /// Reads one YAML document. An empty text is an empty group.
  ///
  /// Anchors and aliases are refused: a few lines of them can stand for more values than any memory holds.
  ///
  /// - Parameter source: the text's name in messages.
  init(yaml text: String, source: String) throws(ConfigurationError) {
    if let (line, word) = Self.firstReference(in: text) {
      throw ConfigurationError(
        .malformed, source: source, line: line,
        problem: "expected no anchors and no aliases, found \(SettingTree.shortened(word)): "
          + "write the value out, and in a text put a space after & and *, or write \\u0026 and \\u002a in double "
          + "quotes")
    }
    let root: Node?
    do {
      // There is no resolver, because a word's meaning depends on the setting, not on its looks.
      root = try Parser(yaml: text, resolver: .basic, encoding: .utf8).singleRoot()
    } catch {
      throw ConfigurationError(error, source: source)
    }
    self = try root.map { node throws(ConfigurationError) in try Self(node, source: source, depth: 0) } ?? Self(.null)
    if content == .null { content = .group([]) }
  }

  private init(_ node: Node, source: String, depth: Int) throws(ConfigurationError) {
    let line = node.mark?.line
    guard depth <= Self.deepest else {
      throw ConfigurationError(
        .malformed, source: source, line: line,
        problem: "expected settings of at most \(Self.deepest) levels, found deeper ones")
    }
    switch node {
    case .scalar(let scalar):
      let isPlain = scalar.style == .plain || scalar.style == .any
      let isNull = isPlain && ["", "~", "null"].contains(scalar.string)
      self.init(isNull ? .null : isPlain ? .plain(scalar.string) : .text(scalar.string), line: line)
    case .sequence(let sequence):
      var values: [SettingTree] = []
      for value in sequence { values.append(try SettingTree(value, source: source, depth: depth + 1)) }
      self.init(.list(values), line: line)
    case .mapping(let mapping):
      var entries: [Entry] = []
      for (key, value) in mapping {
        guard case .scalar(let scalar) = key else {
          throw ConfigurationError(
            .malformed, source: source, line: key.mark?.line,
            problem: "expected a key of one word, found a list or a group")
        }
        let tree = try SettingTree(value, source: source, depth: depth + 1)
        entries.append(Entry(key: scalar.string, line: key.mark?.line, value: tree))
      }
      self.init(.group(entries), line: line)
    case .alias:
      throw ConfigurationError(
        .malformed, source: source, line: line, problem: "expected a value, found an alias: write the value out")
    }
  }

  /// Returns the first `&name` or `*name` that may be an anchor or an alias, with its line; nil where there is none.
  ///
  /// The search is in the text itself, because a parser already spends time on expanding them. It finds them in quoted
  /// texts too, and in comments that follow a quotation mark: only a parser can tell those apart.
  private static func firstReference(in text: String) -> (line: Int, word: String)? {
    var line = 1
    var afterQuotation = false
    var inComment = false
    var previous: Unicode.Scalar = "\n"
    for index in text.unicodeScalars.indices {
      let scalar = text.unicodeScalars[index]
      defer { previous = scalar }
      switch scalar {
      case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
        inComment = false
        if !(scalar == "\n" && previous == "\r") { line += 1 }
      case "#":
        if !afterQuotation, previous.properties.isWhitespace { inComment = true }
      case "'", "\"":
        if !inComment { afterQuotation = true }
      case "&", "*":
        // After a letter, a digit or _ the word has already begun, and before a space none begins.
        let rest = text.unicodeScalars[index...].dropFirst()
        guard !inComment, !isInsideWord(previous), let next = rest.first, !next.properties.isWhitespace
        else { continue }
        return (line, "\(scalar)\(String(rest.prefix { !$0.properties.isWhitespace }))")
      default: break
      }
    }
    return nil
  }

  private static func isInsideWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "A"..."Z", "0"..."9", "_": true
    default: false
    }
  }
}

extension ConfigurationError {
  /// Puts the parser's error on one line.
  fileprivate init(_ error: any Error, source: String) {
    self.init(.malformed, source: source, problem: "\(error)")
    switch error as? YamlError {
    case .scanner(let context, let text, let mark, _), .parser(let context, let text, let mark, _),
      .composer(let context, let text, let mark, _):
      line = mark.line
      let begun = context.map { "\($0.text) that begins in line \($0.mark.line), " } ?? ""
      problem = "not YAML: \(begun)\(text)"
    case .reader(let text, let offset, _, let yaml):
      line = offset.map { offset in 1 + yaml.prefix(offset).count(where: \.isNewline) }
      problem = "not YAML: \(text)"
    case .duplicatedKeysInMapping(let keys, let context):
      line = context.mark.line
      problem = "expected each key once in a group, found \(keys.joined(separator: ", ")) twice: leave one out"
    default: break
    }
  }
}
