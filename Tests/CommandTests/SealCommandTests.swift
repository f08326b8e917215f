import Foundation
import TestSupport
import Testing

/// Checkpoints that were changed on purpose, which `seal` makes whole.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI)) struct SealCommandTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
  }

  private func digest(_ run: String) throws -> String { try Program.inspect(run, in: directory).digest }

  @Test(.enabled(if: hasH5py, "python3-h5py is not installed")) func aChangedCheckpointIsSealed() throws {
    try folder.train("base", iterations: 2)
    try folder.python("h5py.File('base/checkpoint-2.h5', 'r+')['data/fc2/0'][0] = 0")
    let refused = try Program.run(["inspect", "base/checkpoint-2.h5"], in: directory)
    #expect(
      refused.exitCode == 65
        && refused.errors.contains(
          "Use another one. A deliberate change is sealed by `prelu-dist seal FILE -o NEW.h5`"),
      "\(refused.errors)")
    let sealed = try Program.run(["seal", "base/checkpoint-2.h5", "-o", "sealed.h5"], in: directory)
    #expect(sealed.exitCode == 0 && sealed.output == "changed   fc2/0\nsealed.h5: sealed\n", "\(sealed.errors)")
    #expect(try Program.run(["inspect", "sealed.h5"], in: directory).exitCode == 0)
    let again = try Program.run(["seal", "sealed.h5", "-o", "again.h5"], in: directory)
    #expect(again.output == "nothing has changed\nagain.h5: sealed\n", "\(again.errors)")
    #expect(try digest("sealed.h5") == digest("again.h5"))

    let twice = try Program.run(["seal", "base/checkpoint-2.h5", "-o", "sealed.h5"], in: directory)
    #expect(
      twice.exitCode == 73
        && twice.errors.contains(
          "sealed.h5: expected a new name for a sealed checkpoint, found an HDF5 file that would be lost. Give another "
            + "name, or --overwrite to replace it"),
      "\(twice.errors)")
    try folder.python(
      """
      with h5py.File('base/checkpoint-2.h5', 'r+') as file:
          values = file['data/fc2/0'][:5]
          del file['data/fc2/0']
          file['data/fc2/0'] = values
          momentum = [i for i, name in enumerate(file['prelu_dist/parameter_names'].asstr()) if name == 'fc2/0'][0]
          del file[f'history/{momentum}']
          file[f'history/{momentum}'] = values
      """)
    let narrow = try Program.run(["seal", "base/checkpoint-2.h5", "-o", "narrow.h5"], in: directory)
    #expect(
      narrow.exitCode == 65
        && narrow.errors.contains(": change the layers in /prelu_dist/configuration as well"), "\(narrow.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("narrow.h5")))
  }

  /// Most commands take a run's moving average, which a change of the weights alone does not reach.
  @Test(.enabled(if: hasH5py, "python3-h5py is not installed")) func aChangeBesideTheAverageIsTold() throws {
    let images = URL(filePath: try smallFashion()).deletingLastPathComponent().path + "/images"
    let recipe = """
      recipe: fashion
      model: { width: 4 }
      data: { directory: \(images), validation: 1000 }
      training: { epochs: 1000 }
      regularization: { averageDecay: 0.9 }
      """
    try folder.write(Array(recipe.utf8), to: "own.yaml")
    let trained = try Program.run(
      ["--recipe", "own.yaml", "--run", "base", "--iterations", "2", "--threads", "1"], in: directory)
    #expect(trained.exitCode == 0, "\(trained.errors)")
    func sealed(_ names: [String]) throws -> Program.Outcome {
      try folder.python(
        """
        import shutil
        shutil.copy('base/checkpoint-2.h5', 'changed.h5')
        with h5py.File('changed.h5', 'r+') as file:
            for name in \(names): file[name][0] = 0
        """)
      let outcome = try Program.run(
        ["seal", "changed.h5", "-o", "sealed-\(names.count).h5", "--overwrite"], in: directory)
      #expect(outcome.exitCode == 0, "\(outcome.errors)")
      return outcome
    }
    #expect(try sealed(["data/fc2/0", "average/fc2/0"]).errors.isEmpty)
    #expect(
      try sealed(["data/fc2/0"]).errors == """
        prelu-dist: warning: sealed-1.h5: expected the same change in /average/fc2/0, found none: evaluate, predict, \
        export and train --weights take the moving average, and so not this change. Change the average as well, or \
        give --plain-weights where a command has it

        """)
    #expect(
      try sealed(["average/fc2/0"]).errors == """
        prelu-dist: warning: sealed-1.h5: expected the same change in /data/fc2/0, found none: train --resume goes on \
        from these, without this change. Change them as well if the run is to be continued

        """)
  }

  @Test func aFolderIsNotSealed() throws {
    try folder.train("base", iterations: 2)
    let outcome = try Program.run(["seal", "base", "-o", "sealed.h5"], in: directory)
    #expect(
      outcome.exitCode == 65
        && outcome.errors == """
          prelu-dist: base: expected the checkpoint that was changed, found a folder: name one of its checkpoints, \
          base/checkpoint-2.h5, base/checkpoint-0.h5

          """,
      "\(outcome.errors)")
    let empty = try Program.run(["seal", ".", "-o", "sealed.h5"], in: directory)
    #expect(
      empty.exitCode == 65
        && empty.errors.hasSuffix(": expected the checkpoint that was changed, found a folder: name a checkpoint\n"),
      "\(empty.errors)")
  }

  @Test(
    .enabled(if: hasH5py, "python3-h5py is not installed"),
    arguments: [
      ("file['data/fc2/0'][0, 0] = float('nan')", "expected finite numbers in fc2/0, found nan"),
      ("file['history/0'][...] = float('inf')", "expected finite numbers in the momentum of conv1_1/0, found inf"),
      ("file['prelu_dist/mean'][...] = float('-inf')", "expected finite numbers in the mean, found -inf"),
      ("state('\"iteration\":2', '\"iteration\":-5')", "expected iteration of 0 to 1099511627776, found -5"),
      (
        "state('\"samplesSeen\":256', '\"samplesSeen\":4611686018427387904')",
        "expected samplesSeen of 0 to 1099511627776, found 4611686018427387904"
      ),
      (
        "state('\"iterationInEpoch\":2', '\"iterationInEpoch\":9')",
        "expected iterationInEpoch of 0 to the 2 of iteration, found 9"
      ),
    ]) func whatNoTrainingCanGoOnFromIsNotSealed(change: String, words: String) throws
  {
    try folder.train("base", iterations: 2)
    try folder.python(
      """
      file = h5py.File('base/checkpoint-2.h5', 'r+')
      def state(old, new):
          text = file['prelu_dist/training_state'][()].decode()
          assert old in text, text
          del file['prelu_dist/training_state']
          file['prelu_dist/training_state'] = numpy.bytes_(text.replace(old, new))
      \(change)
      file.close()
      """)
    let outcome = try Program.run(["seal", "base/checkpoint-2.h5", "-o", "sealed.h5"], in: directory)
    #expect(outcome.exitCode == 65 && outcome.errors.contains(words), "\(outcome.errors)")
    #expect(!FileManager.default.fileExists(atPath: folder.file("sealed.h5")))
  }

  /// Trains a run of no iterations, changes its checkpoint by the statements, and seals it.
  private func seal(_ statements: String, name: String = "sealed.h5") throws -> Program.Outcome {
    if !FileManager.default.fileExists(atPath: folder.file("base")) { try folder.train("base", iterations: 0) }
    try folder.python(
      """
      import shutil
      shutil.copy('base/checkpoint-0.h5', 'changed.h5')
      with h5py.File('changed.h5', 'r+') as file:
          own = file['prelu_dist']
          \(statements.replacing("\n", with: "\n    "))
      """)
    return try Program.run(["seal", "changed.h5", "-o", name], in: directory)
  }

  @Test(
    .enabled(if: hasH5py, "python3-h5py is not installed"),
    arguments: [
      ("own['mean'][0, 3, 3] += 1", "changed   the mean of the inputs"),
      (
        """
        text = own['configuration'][()].decode().replace('"scale":0.015625', '"scale":0.5')
        del own['configuration']
        own['configuration'] = numpy.bytes_(text)
        """, "changed   one of the texts: the settings, the classes' names or the state of the training"
      ),
      ("file['data/new/0'] = numpy.zeros(3, dtype='f4')", "left out  /data/new/0"),
      ("file['data/conv1_1/2'] = numpy.zeros(3, dtype='f4')", "left out  /data/conv1_1/2"),
      ("file['history/99'] = numpy.zeros(3, dtype='f4')", "left out  /history/99"),
      ("file['notes'] = numpy.zeros(3)", "left out  /notes"),
      ("own['notes'] = numpy.zeros(3)", "left out  /prelu_dist/notes"),
      ("file['iter'][...] = 7", "left out  /iter, which the state of the training says is 0"),
    ]) func whatChangedIsNamed(statements: String, line: String) throws
  {
    let outcome = try seal(statements)
    #expect(outcome.exitCode == 0 && outcome.output == "\(line)\nsealed.h5: sealed\n", "\(outcome)")
    #expect(try Program.run(["inspect", "sealed.h5", "--verify"], in: directory).exitCode == 0)
    let again = try Program.run(["seal", "sealed.h5", "-o", "again.h5"], in: directory)
    #expect(again.output == "nothing has changed\nagain.h5: sealed\n", "\(again)")
  }

  @Test(
    .enabled(if: hasH5py, "python3-h5py is not installed"),
    arguments: [
      (
        """
        values = file['data/conv1_1/0'][()].astype('f8')
        del file['data/conv1_1/0']
        file['data/conv1_1/0'] = values
        """, "/data/conv1_1/0 does not hold floating-point numbers of 4 bytes"
      ),
      (
        """
        text = own['configuration'][()].decode()
        del own['configuration']
        own['configuration'] = text
        """, "/prelu_dist/configuration"
      ),
      (
        """
        values = file['data/fc2/0'][:5]
        del file['data/fc2/0']
        file['data/fc2/0'] = values
        """, "the momentum of fc2/0 has the shape"
      ),
    ]) func theMistakesOfAHandAreExplained(statements: String, words: String) throws
  {
    let outcome = try seal(statements)
    #expect(
      outcome.exitCode == 65 && outcome.errors.contains(words)
        && outcome.errors.hasSuffix(
          ". Correct it, then seal it again: tensors are of float32, texts numpy.bytes_, and what is cut from a tensor "
            + "in /data is cut from the same one in /history and /average\n"),
      "\(outcome)")
  }

  @Test(.enabled(if: hasH5py, "python3-h5py is not installed")) func aMeanOfAnotherShapeIsNotSealed() throws {
    let outcome = try seal("del own['mean']\nown['mean'] = numpy.zeros((1, 14, 14), dtype='f4')")
    #expect(
      outcome.exitCode == 65
        && outcome.errors.contains(
          "changed.h5: expected a mean of the shape [1, 28, 28] in /prelu_dist/mean, as the network's input has, found "
            + "[1, 14, 14]: write one of that shape"),
      "\(outcome)")
  }

  /// The same tensors with another mean are another function, and so another source.
  @Test(.enabled(if: hasH5py, "python3-h5py is not installed")) func anotherMeanIsAnotherSource() throws {
    #expect(try seal("own['mean'][...] += 1").exitCode == 0)
    #expect(try digest("sealed.h5") == digest("base"))
    let (own, other) = (try folder.sourceDigest("base"), try folder.sourceDigest("sealed.h5"))
    #expect(own != other)
    #expect(try folder.sourceDigest("base/checkpoint-0.h5") == own)
  }
}
