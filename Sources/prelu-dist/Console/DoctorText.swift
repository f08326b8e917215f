import Communication
import Diagnostics
import Foundation
import Kernels
import System

/// The lines of a doctor's report as a person reads them.
struct DoctorText {
  private(set) var lines: [String] = []

  init(_ report: DoctorReport) {
    addRanks(report)
    addMemory(report)
    addFolder(report)
    addLinks(report)
    addFindings(report)
  }

  private mutating func addRanks(_ report: DoctorReport) {
    lines.append("\(PreluDist.program), \(report.mpiVersion), HDF5 \(report.hdf5Version)")
    let hosts = World.hosts(ofRanks: report.ranks.map(\.host))
    lines.append(
      "ranks        \(report.ranks.count) on \(hosts.count.counted("host")): \(report.threads)")
    for host in hosts {
      let ranks = host.ranks.map { report.ranks[$0] }
      let first = ranks[0]
      let masks = ranks.map(\.allowedProcessors)
      let binding =
        Set(masks).count == 1
        ? "each on processors \(masks[0])" : "on processors \(masks.joined(separator: " | "))"
      lines.append(
        "  \(host.name): \(ranks.count.counted("rank")), \(binding) "
          + "(\(first.localProcessors) to use, \(first.hostProcessors) there; "
          + "\(first.localCores.counted("core")))")
      lines.append(
        "    \(first.processor.isEmpty ? "a processor without a name" : first.processor); instructions "
          + "\(InstructionSets(rawValue: first.hasInstructions).summary), program of level \(first.level), built for "
          + "\(InstructionSets(rawValue: first.builtFor).summary); BLAS kernel \(first.blasKernel), "
          + "\(first.blasThreads.counted("thread")); program \(first.program)")
      let transports = Transports(layer: first.messageLayer, carriers: first.carriers)
      let devices = first.fastDevices.isEmpty ? "" : "; fast network \(first.fastDevices.joined(separator: ", "))"
      lines.append("    messages by \(transports)\(devices)")
    }
  }

  private mutating func addMemory(_ report: DoctorReport) {
    for demand in report.memory {
      let left = demand.left.map { "; \(byteText($0.available)) are left of \(byteText($0.total))" } ?? ""
      lines.append(
        "memory       \(demand.host): training takes about \(byteText(demand.peak)) for "
          + "\(demand.ranks.counted("rank"))\(left)")
    }
  }

  private mutating func addFolder(_ report: DoctorReport) {
    guard let folder = report.folder else { return }
    let locking = report.hdf5FileLocking.map { ", HDF5_USE_FILE_LOCKING=\($0)" } ?? ""
    lines.append("run folder   \(folder.path): \(folder.fileSystem)\(locking)")
    let free = folder.freeBytes.map { byteText($0) } ?? "unknown"
    lines.append("  \(free) free; the checkpoints of a run take up to \(byteText(report.checkpointBytes))")
    if let failure = folder.failure {
      lines.append("  \(failure)")
      return
    }
    lines.append(
      String(
        format: "  %@ written in %.3f s, synced in %.3f s, read back in %.3f s, renamed in %.3f s; locks: %@",
        byteText(folder.writtenBytes), folder.writeSeconds, folder.syncSeconds, folder.readSeconds,
        folder.renameSeconds, folder.locks ? "yes" : "no"))
  }

  private mutating func addLinks(_ report: DoctorReport) {
    if !report.links.isEmpty {
      lines.append("links        half a round trip of 8 bytes, and the bandwidth of messages that go back and forth")
      for link in report.links {
        let place = link.from == link.to ? "within \(link.from)" : "\(link.from) – \(link.to)"
        lines.append(
          "  " + Self.padded(place, 28)
            + String(format: "%10.1f µs %10.1f MB/s", link.latency * 1e6, link.bandwidth / 1e6))
      }
    }
    if !report.allreduce.isEmpty {
      lines.append("allreduce    over all ranks, as a step does it")
      for sum in report.allreduce {
        lines.append("  " + Self.padded(byteText(sum.bytes), 28) + String(format: "%10.3f ms", sum.seconds * 1e3))
      }
    }
    if !report.clocks.isEmpty {
      lines.append("clocks       ahead of rank 0's host")
      for clock in report.clocks {
        lines.append(
          "  " + Self.padded(clock.host, 28)
            + String(format: "%+10.3f ms ± %.3f", clock.offset * 1e3, clock.uncertainty * 1e3))
      }
    }
  }

  private mutating func addFindings(_ report: DoctorReport) {
    guard !report.findings.isEmpty else {
      lines.append("findings     none")
      return
    }
    lines.append("findings")
    for finding in report.findings {
      lines.append("  \(finding.severity.rawValue): \(finding.text)")
      lines.append("    \(finding.advice)")
    }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
