/// Returns the name that somebody who wrote `word` most likely meant, or `nil` if none of `names` is near.
public func nearMiss(_ word: String, among names: [String]) -> String? {
  let word = Array(word.lowercased().prefix(64))
  let allowed = max(1, word.count / 3)
  let distances = names.map { editDistance(word, Array($0.lowercased())) }
  // A one-letter name is one edit away from every other: only its other case is a near miss.
  guard let best = distances.indices.min(by: { distances[$0] < distances[$1] }),
    distances[best] <= allowed, distances[best] < max(1, word.count)
  else { return nil }
  return names[best]
}

/// Returns the number of insertions, removals, replacements and swaps of neighbors that turn `left` into `right`.
private func editDistance(_ left: [Character], _ right: [Character]) -> Int {
  var previous = [Int](repeating: 0, count: right.count + 1)
  var row = Array(0...right.count)
  for i in left.indices {
    var next = [Int](repeating: i + 1, count: right.count + 1)
    for j in right.indices {
      next[j + 1] = min(row[j + 1] + 1, next[j] + 1, row[j] + (left[i] == right[j] ? 0 : 1))
      if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
        next[j + 1] = min(next[j + 1], previous[j - 1] + 1)
      }
    }
    (previous, row) = (row, next)
  }
  return row[right.count]
}
