import Evaluation
import Testing

@Test func errorsArePerCentOfTheImages() {
  let counts = ErrorCounts(images: 400, top1: 34, top5: 1)
  #expect(counts.top1Error == 8.5)
  #expect(counts.top5Error == 0.25)
  #expect(ErrorCounts().top1Error == 0)
}
