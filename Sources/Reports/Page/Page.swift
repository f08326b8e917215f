import Foundation

/// A page in the making: one file that holds everything, loads nothing and runs no script.
struct Page {
  private var body = ""
  private var contents: [(id: String, title: String)] = []

  mutating func section(_ id: String, _ title: String, _ html: String) {
    guard !html.isEmpty else { return }
    contents.append((id, title))
    body += "<section id=\"\(id)\"><h2>\(escaped(title))</h2>\n\(html)\n</section>\n"
  }

  /// Returns a figure in its two sizes, with its numbers.
  static func figure(_ figure: Figure) -> String {
    let csv = Data(figure.table.csv.utf8).base64EncodedString()
    return """
      <figure id="figure-\(figure.name)"><h3>\(escaped(figure.title))</h3>
      <div class="wide">\(figure.svg(.wide))</div><div class="narrow">\(figure.svg(.narrow))</div>
      <figcaption>\(escaped(figure.caption))</figcaption>
      <details><summary>Numbers</summary>
      <p><a download="\(figure.name).csv" href="data:text/csv;base64,\(csv)">\(figure.name).csv</a></p>
      \(figure.table.html())
      </details></figure>

      """
  }

  func html(title: String, state: String) -> String {
    let links = contents.map { "<a href=\"#\($0.id)\">\(escaped($0.title))</a>" }.joined(separator: " ")
    return """
      \(Self.beginning)
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <meta name="color-scheme" content="light dark">
      <link rel="icon" href="data:,">
      <title>\(escaped(title))</title>
      <style>
      \(Palette.css(root: ":root"))\(Self.style)
      </style></head><body>
      <header><h1>\(escaped(title))</h1><p class="faint">\(escaped(state))</p><nav>\(links)</nav></header>
      <main>
      \(body)</main>
      </body></html>

      """
  }

  /// The text that every page begins with; it names the program, so that a page is known as its own.
  static let beginning = """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8">
    <meta name="generator" content="prelu-dist">
    """

  private static let style = """
    *{box-sizing:border-box}
    html{color-scheme:light dark}
    body{margin:0;background:var(--background);color:var(--ink);
      font:15px/1.5 system-ui,-apple-system,"Segoe UI","DejaVu Sans",sans-serif}
    header,main{max-width:940px;margin:0 auto;padding:16px 20px}
    h1{font-size:24px;margin:8px 0;overflow-wrap:anywhere}
    h2{font-size:19px;margin:36px 0 8px;border-bottom:1px solid var(--grid);padding-bottom:4px}
    h3{font-size:16px;margin:22px 0 6px;overflow-wrap:anywhere}
    a{color:var(--s0)}nav{display:flex;flex-wrap:wrap;gap:4px 16px}
    .faint,.note,.caption,figcaption{color:var(--faint)}.note,.caption,figcaption{font-size:14px;margin:6px 0}
    figure{margin:0 0 28px}.plot{display:block;width:100%;height:auto}
    .wide{display:block;max-width:860px}.narrow{display:none}
    .scroll{overflow-x:auto;max-height:560px;overflow-y:auto}
    /* A shadow shows at each side where there is more: covers of the background's color scroll with the content. */
    .scroll,pre{background:linear-gradient(90deg,var(--background) 50%,transparent) 0 0,
      linear-gradient(270deg,var(--background) 50%,transparent) 100% 0,
      linear-gradient(90deg,rgb(128 128 128/.6),transparent) 0 0,
      linear-gradient(270deg,rgb(128 128 128/.6),transparent) 100% 0;background-repeat:no-repeat;
      background-size:36px 100%,36px 100%,18px 100%,18px 100%;background-attachment:local,local,scroll,scroll}
    table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums}
    th,td{padding:3px 10px 3px 0;text-align:left;border-bottom:1px solid var(--grid);
      vertical-align:top;white-space:nowrap}
    th{font-weight:600}td.n{text-align:right}
    .pairs td{white-space:normal;overflow-wrap:anywhere}
    summary{cursor:pointer;font-size:14px;color:var(--s0);padding:6px 0}
    pre{font-size:13px;line-height:1.4;overflow-x:auto;padding:10px;border:1px solid var(--grid);border-radius:4px}
    .panel{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:14px}
    .card{border:1px solid var(--grid);border-radius:6px;padding:10px;min-width:0}
    .card img{width:84px;height:84px;object-fit:contain;image-rendering:pixelated;background:#000;border-radius:3px}
    .card .photo{image-rendering:auto}
    .card p{margin:4px 0;overflow-wrap:anywhere}
    .card ol{list-style:none;margin:0;padding:0;font-size:13px}
    .card li{position:relative;display:flex;justify-content:space-between;gap:6px;padding:1px 4px;margin:2px 0}
    .card .bar{position:absolute;left:0;top:0;bottom:0;border-radius:2px;opacity:.22;background:var(--faint)}
    .card .true .bar{background:var(--good);opacity:.38}.card .other:first-child .bar{background:var(--bad);opacity:.38}
    .card .name,.card .score{position:relative}.card .name{overflow-wrap:anywhere}
    .card .true .name{font-weight:600}.card .score{white-space:nowrap}
    @media(max-width:800px){header,main{padding:12px 16px}.wide{display:none}.narrow{display:block;max-width:520px}
      .panel{grid-template-columns:repeat(auto-fill,minmax(160px,1fr))}}
    """
}
