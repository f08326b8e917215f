import Diagnostics
import Foundation
import TestSupport
import Testing

@Suite struct FolderProbeTests {
  @Test func aGoodFolderIsTriedAndLeftAsItWas() throws {
    let folder = try ScratchFolder()
    let probe = FolderProbe(folder.path, bytes: 3_000_001)
    #expect(probe.failure == nil)
    #expect(probe.writtenBytes == 3_000_001)
    #expect(probe.locks && probe.syncsFolders)
    #expect(try #require(probe.freeBytes) > 0)
    #expect(probe.fileSystem != "unknown")
    #expect(try folder.names() == [])
  }

  @Test func aFolderThatIsNotThereYet() throws {
    let folder = try ScratchFolder()
    let probe = FolderProbe(folder.file("runs/first"), bytes: 1000)
    #expect(probe.path == folder.path && probe.failure == nil)
    #expect(try folder.names() == [])
  }

  @Test func aFolderThatCannotBeWritten() {
    // Not even root creates files in /proc.
    let probe = FolderProbe("/proc", bytes: 1000)
    #expect(probe.failure?.hasPrefix("a file cannot be created: ") == true)
    let findings = probe.findings(neededBytes: 0, hostsWithout: [])
    #expect(findings.map(\.severity) == [.problem])
    #expect(findings[0].text.hasPrefix("/proc: a file cannot be created: "))
    #expect(findings[0].advice == "Choose a run folder that can be written, with --run")
  }

  private func sound(_ change: (inout FolderProbe) -> Void = { _ in }) -> FolderProbe {
    var probe = FolderProbe(path: "/runs", fileSystem: "nfs4", freeBytes: 1_000_000)
    probe.locks = true
    (probe.writtenBytes, probe.writeSeconds, probe.syncSeconds) = (16_000_000, 0.1, 0.1)
    change(&probe)
    return probe
  }

  @Test func soundFolder() {
    #expect(sound().findings(neededBytes: 1_000_000, hostsWithout: []).isEmpty)
  }

  @Test func tooLittleRoom() {
    let findings = sound().findings(neededBytes: 2_000_000, hostsWithout: [])
    #expect(findings.map(\.severity) == [.problem])
    #expect(findings[0].text == "/runs: 1.0 MB are free, but a run's checkpoints take 2.0 MB")
    let advice = "Make room, keep fewer checkpoints (checkpoint.keep), or choose another folder with --run"
    #expect(findings[0].advice == advice)
  }

  @Test func slowOrForgetfulOrPrivate() {
    let slow = sound { $0.syncSeconds = 4 }.findings(neededBytes: 0, hostsWithout: [])
    #expect(slow.map(\.severity) == [.warning])
    #expect(slow[0].text == "/runs: writing and syncing 16.0 MB took 4.1 s")
    let often = "Checkpoints will hold up training: choose a faster folder, or save less often"
    #expect(slow[0].advice == "\(often) (--checkpoint-every)")
    let memory = sound { $0.fileSystem = "tmpfs" }.findings(neededBytes: 0, hostsWithout: [])
    #expect(memory.map(\.severity) == [.warning])
    #expect(memory[0].text == "/runs is in the host's memory: its checkpoints are lost with the host")
    #expect(memory[0].advice == "Choose a run folder on a disk that outlives the job, with --run")
    let unsynced = sound { $0.syncsFolders = false }.findings(neededBytes: 0, hostsWithout: [])
    #expect(unsynced.map(\.severity) == [.warning])
    #expect(
      unsynced[0].text == "/runs: this file system (nfs4) syncs files, but not the folders that name them")
    #expect(
      unsynced[0].advice
        == "After a power loss the newest checkpoint may be missing, not damaged: the run goes on from the one before")
    let unlocked = sound { $0.locks = false }.findings(neededBytes: 0, hostsWithout: [])
    #expect(unlocked.map(\.severity) == [.note])
    #expect(unlocked[0].text == "/runs: this file system (nfs4) gives no locks")
    #expect(
      unlocked[0].advice
        == "prelu-dist does without; for h5py and other readers export HDF5_USE_FILE_LOCKING=FALSE")
    let elsewhere = sound().findings(neededBytes: 0, hostsWithout: ["node3"])
    #expect(elsewhere.map(\.severity) == [.warning])
    #expect(elsewhere[0].text == "/runs is not the same folder on node3")
    let shared = "A run whose first rank starts on another host would not find its checkpoints: choose a shared folder"
    #expect(elsewhere[0].advice == "\(shared) with --run")
  }

  @Test func fileSystemsByTheTableOfMounts() {
    let table = """
      proc /proc proc rw 0 0
      /dev/sda1 / ext4 rw 0 0
      10.0.0.1@tcp:/scratch /scratch lustre rw 0 0
      server:/home /home nfs4 rw 0 0
      tmpfs /home/two\\040words tmpfs rw 0 0
      overlay /home nfs rw 0 0
      """
    func kind(_ path: String) -> String? { FolderProbe.fileSystem(of: path, mounts: table) }
    #expect(kind("/scratch/me/runs") == "lustre")
    #expect(kind("/scratchy") == "ext4")
    #expect(kind("/home/me") == "nfs")
    #expect(kind("/home/two words/x") == "tmpfs")
    #expect(kind("/") == "ext4")
    #expect(FolderProbe.fileSystem(of: "/x", mounts: "") == nil)
  }
}
