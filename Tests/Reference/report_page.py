#!/usr/bin/env python3
"""The report as a web page, opened in headless Chromium: `edgeopt quantize --report r.html` and `edgeopt report`.

usage: report_page.py BINARY [--only REGEX] [--screenshots FOLDER]

Pages of the digits example; of the same report with everything a report can hold; of a large model (240 layers, 60
classes); of names that try to be markup; and of a report that holds hardly anything. Each at 390 and 1,280 pixels, light
and dark, as it opens and with everything unfolded. It fails on
- anything on the console, any exception, any request for more than the page itself;
- a page that scrolls sideways, text that leaves its picture or covers other text, contrast below 4.5 to 1, text below 11
  pixels, headings that skip a level, tables and pictures without what those need who hear them (report_audit.js);
- a missing section, and one that has nothing to say;
- markup in names that the browser takes for such;
- a page that says less without its script, a table that does not sort, a page that does not print.
Screenshots stay in .build/report-screenshots.
"""
import base64
import copy
import json
import os
import pathlib
import re
import sys
import tempfile

import browser
import reference

AUDIT = (pathlib.Path(__file__).parent / "report_audit.js").read_text()
WIDTHS, SCHEMES = (390, 1280), ("light", "dark")
SECTIONS = ["summary", "gates", "target", "warnings", "numbers", "accuracy", "sizes", "errors", "layers", "memory", "work",
            "origin", "run"]
HOSTILE = "\"'><img src=x onerror=\"window.ran=1\"></title></style><script>window.ran=1</script><!--{{7*7}}\u202e\x1b[31m"
LIMIT = 2_000_000


def digits(binary, folder):
    """The report of quantizing the digits example for a device."""
    data, document = reference.DIGITS, folder / "digits.json"
    reference.call(binary, [
        "quantize", data / "digits_cnn.onnx", "--calib", data / "calib_x.npy", "--scale", "1/16", "--data", data / "test_x.npy",
        "--labels", data / "test_y.npy", "--target", "stm32f746", "-o", folder / "digits.tflite", "--report", document])
    return json.loads(document.read_text())


def everything(report):
    """What a recipe and its gates add, and a device that is too small."""
    report = copy.deepcopy(report)
    report["verb"] = "optimize"
    report["warnings"] = [{"message": "a warning", "hint": "what to do\nand how"}, {"message": "another"}]
    report["notes"] = ["something to know"]
    report["gates"] = [
        {"gate": "max-size", "limit": "32 kB", "found": "26.9 kB", "outcome": "holds", "margin": "5,120 B to spare"},
        {"gate": "max-drop", "limit": "0.1 points", "found": "0.34 points", "outcome": "within_noise",
         "margin": "0.24 points too much", "remark": "within the noise of 597 samples"},
        {"gate": "max-arena", "limit": "4 kB", "found": "7,568 B", "outcome": "fails", "margin": "3,568 B too much"},
        {"gate": "max-latency", "limit": "20 ms", "found": "", "outcome": "unknown", "margin": ""},
    ]
    report["stages"] = [{"name": "quantize", "options": [{"name": "calib", "value": "x.npy"}], "file_bytes": 26_880,
                         "sha256": "ab" * 32}]
    report["changes"] += [{"kind": "transpose", "what": f"transpose {index}", "nodes": [f"t{index}"]} for index in range(40)]
    memory = report["target"]["memory"]
    memory.update(available=memory["reserved"] + 5_000, fits=False)
    return report


def large(report):
    """240 layers, 60 classes."""
    report = everything(report)
    layers, arena = report["layers"], report["after"]["arena"]
    report["layers"], moments, buffers = [], arena["timeline"][:1], []
    for block in range(20):
        for layer in layers:
            layer = copy.deepcopy(layer)
            layer["name"] = f"model/encoder/stage_{block}/{layer['name']}"
            layer["error_share"] = layer.get("error_share", 0) / 20
            tick = len(report["layers"]) + 1
            report["layers"].append(layer)
            moments.append({"name": f"{layer['operator']} '{layer['name']}'", "bytes": layer["activation_bytes"] * 2})
            buffers.append({"name": layer["name"], "bytes": layer["activation_bytes"], "offset": tick % 3 * 1024,
                            "first": tick, "last": min(tick + 1, 240)})
    arena["timeline"], arena["buffers"] = moments, buffers
    quality = report["quality"]
    quality["classes"] = [{"index": index, "name": f"a class with the number {index}", "samples": 60, "correct_before": 50,
                           "correct_after": 50 - index % 4, "broken": index % 4, "mended": 0} for index in range(60)]
    rows = [[50 if row == column else (row * column) % 11 == 5 for column in range(60)] for row in range(60)]
    rows = [[int(count) for count in row] for row in rows]
    quality["confusion"] = {"before": rows, "after": rows}
    return report


def hostile(report):
    """Every text is an attack but those that mean something to the program."""
    report = everything(report)

    def attack(value, key=""):
        if isinstance(value, dict):
            return {name: attack(inner, name) for name, inner in value.items()}
        if isinstance(value, list):
            return [attack(inner, key) for inner in value]
        meant = ("kind", "outcome", "type", "sha256")
        return value + HOSTILE if isinstance(value, str) and key not in meant else value

    attacked = attack(report)
    attacked["tool"]["name"] = report["tool"]["name"]
    attacked["quality"]["classes"][0]["name"] = HOSTILE
    return attacked


def bare(report):
    """One model, and nothing that was measured."""
    report = copy.deepcopy(report)
    for key in ("after", "quality", "calibration", "target"):
        report.pop(key, None)
    for key in ("layers", "changes", "notes", "warnings", "gates", "stages", "outputs"):
        report[key] = []
    report["run"].update(seconds=0, steps=[])
    return report


def sections(page):
    return page.evaluate("[...document.querySelectorAll('main > section')].filter((s) => s.offsetHeight > 30).map((s) => s.id)")


def problems(page, wanted):
    found = page.complaints()
    missing = [name for name in wanted if name not in sections(page)]
    unasked = [name for name in sections(page) if name not in wanted]
    found += [f"no section {name}" for name in missing] + [f"a section {name} of nothing" for name in unasked]
    found += page.evaluate(AUDIT)
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    return found + [f"unfolded: {problem}" for problem in page.evaluate(AUDIT)] + page.complaints()


def shortened(found):
    """The first few of what may be a problem of every line."""
    unique = list(dict.fromkeys(found))
    return "; ".join(unique[:4]) + (f"; and {len(unique) - 4} more" if len(unique) > 4 else "") if unique else None


def view(chromium, path, name, wanted, width, scheme, screenshots):
    with chromium.page(width, scheme=scheme) as page:
        page.open(path.as_uri())
        page.screenshot(screenshots / f"{name}-{width}-{scheme}.png")
        return shortened(problems(page, wanted))


def runs_nothing(chromium, path):
    with chromium.page(1280) as page:
        page.open(path.as_uri())
        if page.evaluate("window.ran"):
            return "a name ran as a script"
        counts = page.evaluate("['script', 'style', 'img', 'title'].map((tag) => document.querySelectorAll(tag + ':not(svg *)').length)")
        return None if counts == [1, 1, 0, 1] else f"scripts, styles, images, titles: {counts}"


def without_script(chromium, path):
    texts = []
    for scripts in (True, False):
        with chromium.page(390, scripts=scripts) as page:
            page.open(path.as_uri())
            page.evaluate("document.querySelector('.filter')?.remove()")
            texts.append(page.evaluate("document.body.innerText"))
    return None if texts[0] == texts[1] and len(texts[0]) > 2000 else f"{len(texts[1])} characters, {len(texts[0])} with it"


def sorts(chromium, path):
    with chromium.page(1280) as page:
        page.open(path.as_uri())
        column = """(() => {
          const table = document.querySelector('#layers table');
          const header = [...table.tHead.rows[0].cells].find((cell) => cell.textContent === 'MACs');
          const values = () => [...table.tBodies[0].rows].map((row) => Number(row.cells[header.cellIndex].dataset.value));
          const before = values();
          header.querySelector('button').click();
          const falling = [header.getAttribute('aria-sort'), values()];
          header.querySelector('button').click();
          return [before, falling, [header.getAttribute('aria-sort'), values()]];
        })()"""
        before, falling, rising = page.evaluate(column)
        wanted = [["descending", sorted(before, reverse=True)], ["ascending", sorted(before)]]
        if [falling, rising] != wanted or before in (falling[1], rising[1]):
            return f"{falling}, {rising} of {before}"
        shown = page.evaluate("""(() => {
          const search = document.querySelector('.filter input');
          search.value = 'max_pool';
          search.dispatchEvent(new Event('input'));
          return [...document.querySelectorAll('.layers > details')].filter((each) => each.offsetHeight).length;
        })()""")
        return None if shown == 1 else f"{shown} layers instead of 1 contain 'max_pool'"


def prints(chromium, path, screenshots):
    with chromium.page(794) as page:
        page.open(path.as_uri())
        document = base64.b64decode(page.call("Page.printToPDF", printBackground=True)["data"])
        (screenshots / "digits.pdf").write_bytes(document)
        pages = len(re.findall(rb"/Type\s*/Page\b", document))
        return None if document.startswith(b"%PDF") and 3 <= pages <= 30 else f"{pages} pages"


def main():
    options = reference.arguments(__doc__.splitlines()[0], only="", screenshots=str(reference.REPOSITORY / ".build/report-screenshots"))
    binary = os.path.abspath(options.binary)
    tally = reference.Tally("report_page")
    if browser.program() is None:
        tally.check("a browser", "no Chromium on the PATH; 'make deps' installs it on Debian")
        return tally.finish()
    screenshots = pathlib.Path(options.screenshots)
    screenshots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, browser.Browser() as chromium:
        folder = pathlib.Path(name)
        report = digits(binary, folder)
        quiet = [section for section in SECTIONS if section != "gates" and (section != "warnings" or report["warnings"] or report["notes"])]
        pages = {
            "digits": (report, quiet), "everything": (everything(report), SECTIONS), "large": (large(report), SECTIONS),
            "hostile": (hostile(report), SECTIONS), "bare": (bare(report), ["summary", "numbers", "origin"]),
        }
        paths = {}
        for name, (document, wanted) in pages.items():
            source, paths[name] = folder / f"{name}.json", folder / f"{name}.html"
            source.write_text(json.dumps(document))
            reference.call(binary, ["report", source, "-o", paths[name], "--force"])
            size = paths[name].stat().st_size
            tally.check(f"{name} is small", None if size < LIMIT else f"{size} bytes")
            for width in WIDTHS:
                for scheme in SCHEMES:
                    if re.search(options.only, f"{name} {width} {scheme}"):
                        tally.attempt(
                            f"{name} at {width} pixels, {scheme}",
                            lambda: view(chromium, paths[name], name, wanted, width, scheme, screenshots))
        tally.attempt("no name runs", lambda: runs_nothing(chromium, paths["hostile"]))
        tally.attempt("all is said without the script", lambda: without_script(chromium, paths["digits"]))
        tally.attempt("tables sort, lists shorten", lambda: sorts(chromium, paths["digits"]))
        tally.attempt("it prints", lambda: prints(chromium, paths["digits"], screenshots))
    print(f"screenshots: {screenshots}")
    return tally.finish()


if __name__ == "__main__":
    sys.exit(main())
