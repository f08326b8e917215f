import System

extension ExportedNetwork {
  /// The modules that PyTorch and safetensors are made of or need. Python looks for a module in the folder of a program
  /// first, so that a file of such a name there would be imported in its place.
  private static let libraries: Set<Substring> = Set(
    """
    cython filelock fsspec functorch jinja2 markupsafe mpmath networkx numpy nvidia packaging safetensors setuptools
    sympy torch torchgen torchvision tqdm triton typing_extensions
    """.split(whereSeparator: \.isWhitespace))

  /// The modules of Python's standard library, of 3.11: `sys.stdlib_module_names`.
  private static let standardLibrary: Set<Substring> = Set(
    """
    abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect
    builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall
    concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm
    decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput
    fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq
    hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3
    linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt
    multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib
    pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd
    py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy
    sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd
    sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau
    symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap this threading time timeit
    tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo types typing unicodedata
    unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp
    zipfile zipimport zlib zoneinfo
    """.split(whereSeparator: \.isWhitespace))

  /// Refuses a path for a PyTorch module that would hide another module, such as `torch.py`.
  public static func checkModuleName(_ path: String) throws(Refusal) {
    let name = FileSystem.name(of: path)
    guard name.hasSuffix(".py") else { return }
    let stem = name.dropLast(3)
    let owner =
      libraries.contains(stem)
      ? "which PyTorch needs" : standardLibrary.contains(stem) ? "which is of Python's own library" : nil
    guard let owner else { return }
    throw Refusal(
      .usage,
      "\(path): expected a name that no other module of Python has, found that of the module \(stem), \(owner): Python "
        + "would import this file in its place. Give another name, such as \(stem)_network.py")
  }

  /// Python's words, which name no module: `keyword.kwlist`.
  private static let keywords: Set<Substring> = Set(
    """
    False None True and as assert async await break class continue def del elif else except finally for from global if
    import in is lambda nonlocal not or pass raise return try while with yield
    """.split(whereSeparator: \.isWhitespace))

  /// Returns the doubt whether Python can import a module by its file's name; nil if it can.
  public static func doubt(ofModuleName path: String) -> String? {
    let name = FileSystem.name(of: path)
    let stem = name.hasSuffix(".py") ? name.dropLast(3) : ""
    let isName =
      stem.first.map { $0.isLetter || $0 == "_" } == true && stem.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
    guard !isName || keywords.contains(stem) else { return nil }
    return "\(path): expected a name that Python can import, such as my_network.py, found \(name.quoted()): rename it, "
      + "and load the weights by the path of their file"
  }
}
