import Testing
import prelu_dist

@Suite struct ProgressLineTests {
  private var line: ProgressLine {
    ProgressLine(
      epoch: 3, epochs: 16, iteration: 1234, iterations: 6875, loss: 0.43219, error: 15.678, learningRate: 0.01,
      imagesPerSecond: 1871.4, secondsLeft: 3725, waiting: 0.071, data: 0.012)
  }

  @Test func wholeWithoutWidth() {
    #expect(
      line.text()
        == "epoch 3/16  iteration 1234/6875  loss 0.4322  error 15.68 %  rate 0.01  1871 images/s  ETA 1:02:05  "
        + "waiting 7 %  data 1 %")
  }

  @Test func keepsToTheWidth() {
    for width in 0...140 {
      let text = line.text(width: width)
      #expect(text.count <= width && text.allSatisfy(\.isASCII) && !text.contains("\n"), "\(width): \(text)")
      if width >= 34 { #expect(text.contains("loss 0.432") && text.contains("ETA 1:02:05"), "\(width): \(text)") }
    }
    #expect(line.text(width: 80).count > 60)
    #expect(line.text(width: 140) == line.text())
  }

  @Test func nanAndInfinity() {
    var line = line
    (line.loss, line.secondsLeft, line.waiting) = (.nan, .infinity, 0)
    #expect(line.text().contains("loss nan") && line.text().contains("ETA ?"))
    line.secondsLeft = 50 * 3600
    #expect(line.text().contains("ETA 2d2h"))
  }
}
