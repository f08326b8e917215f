import System
import Testing

/// Beginnings of files that other bundles do not try: every kind has its name here or in the messages of its reader.
@Test(
  arguments: [
    ([], "an empty file"), ([0], "a file of zeros"), ([0, 0, 8], "a file of an unknown kind"),
    ([0, 0, 0x0D, 3], "an IDX file"), ([0, 0, 0x0A, 3], "a file of an unknown kind"),
    ([0, 0, 8, 0], "a file of an unknown kind"), (Array("P6 1 1 255\n".utf8), "a PPM picture"),
    (Array("....ftypheic".utf8), "a HEIF or AVIF picture"), (Array("RIFF....WEBP".utf8), "a WebP picture"),
    (Array("RIFF....WAVE".utf8), "a text file"), ([0x89, 0x48, 0x44, 0x46], "an HDF5 file"),
    (Array("\n <?xml version".utf8), "a web page or other markup"), (Array("a < b".utf8), "a text file"),
    (Array("café".utf8), "a text file"), ([0x63, 0x61, 0x66, 0xE9], "a text file"),
    ([0xA2, 0x06, 1], "a Caffe model in its own binary form (protobuf)"),
    ([0x0A, 2, 0x61, 0x62, 0x12], "a Caffe model in its own binary form (protobuf)"),
    ([0x0A, 2, 0x61, 0x62, 0x63], "a file of an unknown kind"),
    ([0x80, 2, 0, 0, 0, 0, 0, 0] + Array("{\"a\":".utf8), "a safetensors file"),
    (Array("BM".utf8) + [0, 0, 0, 0, 0, 0] + Array("{}".utf8), "a safetensors file"),
    ([0x80, 2, 0, 0, 0, 0, 0, 0] + Array("{.".utf8), "a Python pickle, as older PyTorch writes it"),
  ] as [([UInt8], String)])
func filesAreNamedByTheirFirstBytes(head: [UInt8], name: String) {
  #expect(FileKind(head).name == name)
}

@Test func theSignatureOfHDF5IsOneOfItsKind() {
  #expect(FileKind(FileKind.hdf5Signature) == .hdf5)
}
