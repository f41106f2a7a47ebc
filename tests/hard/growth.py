#!/usr/bin/env python3
"""How time and memory grow with what there is to do, at five sizes each, beside git and ripgrep on the same input.

    tests/hard/growth.py            all curves; writes docs/growth.svg, and the table into docs/reliability.md
    tests/hard/growth.py --small    sizes a hundredth as large, to see that it works; writes nothing
    tests/hard/growth.py --only WORD
    tests/hard/growth.py --divide 4  repositories a quarter as large, for a machine that is busy; said on the page

The program is target/release/deep-review if that is there, or what DEEP_REVIEW names. Time is that of the processor, on all
cores: others that use the machine do not change it much. The exponent is that of the upper half of
the curve (third to fifth size): 1 is linear. Beside each figure, a curve has the same of other programs where there are such.
"""
from __future__ import annotations

import argparse
import datetime
import json
import math
import os
import platform
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.dont_write_bytecode = True
RELEASE = Path(__file__).resolve().parents[2] / "target/release/deep-review"
if "DEEP_REVIEW" not in os.environ and RELEASE.exists():
    os.environ["DEEP_REVIEW"] = str(RELEASE)
from bed import PROGRAM, TOP, Bed, finding, must  # noqa: E402
from lsp import Client  # noqa: E402

PAGE, PICTURE = TOP / "docs/reliability.md", TOP / "docs/growth.svg"
BEGIN, END = "<!-- figures of tests/hard/growth.py: begin -->", "<!-- figures of tests/hard/growth.py: end -->"
OURS = "deep-review"
Figures = dict[str, tuple[float, float]]  # of each program: seconds of the processor, MiB at most


def ran(command: tuple[str, ...], root: Path, environment: dict[str, str], told: Path) -> tuple[int, float, float]:
    """Runs it: how it ended, what it took of the processor, and of memory at most; the children's included."""
    with told.open("wb") as out:
        process = subprocess.Popen(command, cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def measured(bed: Bed, *command: str) -> tuple[float, float]:
    """What it takes of the processor and of memory. A process counts what its parent had when it began: it is begun by a small one."""
    told = bed.folder / "out"
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as small:
        code, seconds, mib = small.submit(ran, command, bed.root, bed.environment(), told).result()
    must(code in (0, 1, 3), f"{command} ends with {code}: {told.read_text(errors='replace')[-500:]}")
    return seconds, mib


def beside(bed: Bed) -> Figures:
    """git's difference of the branch, and a search of the work tree."""
    found = {"git diff": measured(bed, "git", "--no-pager", "diff", "-p", "main")}
    if shutil.which("rg"):
        found["ripgrep"] = measured(bed, "rg", "--no-config", "-c", "take|old_name_of_it", ".")
    return found


def review(bed: Bed, *more: str) -> tuple[float, float]:
    return measured(bed, str(PROGRAM), "review", "--fresh", "-o", "/dev/null", *more)


def fill(bed: Bed, stream: str) -> None:
    """Makes commits by git's own quick way, and checks the branch out."""
    bed.git("config", "gc.auto", "0")
    subprocess.run(["git", "fast-import", "--quiet", "--force"], cwd=bed.root, input=stream.encode(), check=True, env=bed.environment())
    bed.git("reset", "-q", "--hard")


def commit(branch: str, mark: int, parent: str, files: dict[str, str]) -> str:
    """One commit for git's fast-import, with these files changed."""
    lines = [f"commit refs/heads/{branch}", f"mark :{mark}", f"committer A <a@example.org> {1700000000 + mark} +0000", "data 1\nx", *([f"from {parent}"] if parent else [])]
    for name, text in files.items():
        lines += [f"M 644 inline {name}", f"data {len(text.encode())}", text]
    return "\n".join(lines) + "\n"


def files(size: int) -> Figures:
    with Bed(lines=1, files=1) as bed:
        tree = {f"d{n // 500}/f{n}.js": f"export const v{n} = take({n});\n" for n in range(size)}
        changed = {name: text + "old();\n" for name, text in list(tree.items())[:: max(1, size // 10)]}
        fill(bed, commit("main", 1, "", tree) + commit("topic", 2, ":1", changed))
        return {OURS: review(bed), **beside(bed)}


def changed_lines(size: int) -> Figures:
    with Bed(lines=1, files=1) as bed:
        each = min(5_000, size)
        names = [f"src/f{n}.js" for n in range(max(1, size // each))]
        text = lambda word: "".join(f"let v{n} = {word}({n}, 'some text of a usual length');\n" for n in range(each))
        fill(bed, commit("main", 1, "", {"a": "a\n"}) + commit("topic", 2, ":1", dict.fromkeys(names, text("take"))))
        return {OURS: review(bed), **beside(bed)}


def agents(size: int) -> Figures:
    with Bed(lines=400) as bed:
        chosen = []
        for number in range(size):
            said = [finding("src/f0.js", line, bed.line("src/f0.js", line), f"let w{line} = {number};", f"Value {line} is not what agent {number} wants")
                    for line in range(1 + number, 400, 13)]
            bed.answers(f"a{number}", said)
            chosen += ["--agent", f"a{number}"]
        return {OURS: review(bed, *chosen)}


def findings(size: int) -> Figures:
    with Bed(lines=1_000, files=20) as bed:
        report = bed.sarif(size)
        taken = measured(bed, str(PROGRAM), "import", str(report), "-o", "/dev/null")
        written = measured(bed, str(PROGRAM), "report", "--format", "markdown", "--output", "/dev/null")
        return {OURS: (taken[0] + written[0], max(taken[1], written[1]))}


def again(size: int) -> Figures:
    """Remarks of many agents, each on something of its own, reviewed a second time: all are known again."""
    with Bed(lines=1_000, files=20) as bed:
        # All files in one brief.
        bed.config.write_text("brief_bytes = 10000000\n")
        places = [(bed.files[n % 20], 1 + n // 20 % 1_000) for n in range(size)]
        said = [finding(path, line, bed.line(path, line), f"let w{n} = {n};", f"Value {n * 7919} is not used") for n, (path, line) in enumerate(places)]
        chosen = []
        for start in range(0, len(said), 500):
            bed.answers(f"a{start}", said[start:start + 500])
            chosen += ["--agent", f"a{start}"]
        review(bed, *chosen)
        return {OURS: review(bed, *chosen)}


def long_files(size: int) -> Figures:
    """1,000 findings with quotes and fixes, in 20 files of so many lines: the sum of both counts, not the product."""
    with Bed(lines=size, files=20) as bed:
        places = [(bed.files[n % 20], 1 + n // 20 * size // 50) for n in range(1_000)]
        said = [finding(path, line, bed.line(path, line), f"let w{n} = {n};", f"Value {n * 7919} is not used") for n, (path, line) in enumerate(places)]
        chosen = []
        for start in range(0, len(said), 400):
            bed.answers(f"a{start}", said[start:start + 400])
            chosen += ["--agent", f"a{start}"]
        return {OURS: review(bed, *chosen), **beside(bed)}


def documents(size: int) -> Figures:
    with Bed(lines=200, files=size) as bed:
        must(bed.run("import", str(bed.sarif(10 * size)), "-o", "/dev/null").returncode == 0, "no round")
        client = Client(bed).start()
        uris = [client.open(name, (bed.root / name).read_text()) for name in bed.files]
        client.until(lambda: all(client.shown.get(uri) for uri in uris), "all diagnostics")
        # The clock of that process (clock_getcpuclockid on Linux): what /proc tells is in hundredths of a second.
        took = time.clock_gettime((~client.process.pid << 3) | 2)
        most = int(next(line for line in Path(f"/proc/{client.process.pid}/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
        client.exit()
        return {OURS: (took, most / 1024)}


def commits(size: int) -> Figures:
    with Bed(lines=1, files=1) as bed:
        stream = [commit("main", 1, "", {"src/a.js": "a();\n"})]
        stream += [commit("topic", n, f":{n - 1}", {f"src/f{n % 50}.js": f"take({n});\n" * 20}) for n in range(2, size + 2)]
        fill(bed, "".join(stream))
        return {OURS: review(bed), **beside(bed)}


CURVES = {
    "files in the repository": (files, [12_500, 25_000, 50_000, 100_000, 200_000]),
    "changed lines": (changed_lines, [125_000, 310_000, 780_000, 2_000_000, 5_000_000]),
    "agents, 30 findings each": (agents, [1, 3, 8, 20, 50]),
    "findings, imported and reported": (findings, [10, 70, 450, 3_000, 20_000]),
    "findings of many agents, reviewed again": (again, [10, 70, 450, 3_000, 20_000]),
    "lines in each of 20 files, 1,000 findings": (long_files, [200, 500, 1_300, 3_200, 8_000]),
    "open documents, until all is shown": (documents, [1, 4, 17, 70, 300]),
    "commits on the branch": (commits, [1, 12, 140, 1_700, 20_000]),
}

# What takes git and the disk minutes to be made, before anything is measured.
LARGE = ("files in the repository", "changed lines", "commits on the branch")


def exponent(sizes: list[int], values: list[float]) -> float:
    """The slope of the upper half of the curve, both axes logarithmic, by least squares."""
    points = [(math.log(size), math.log(max(value, 1e-4))) for size, value in list(zip(sizes, values))[len(sizes) // 2:]]
    mx, my = (sum(axis) / len(points) for axis in zip(*points))
    return sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)


# The most that a curve's exponent may be in seconds of the processor.
MOST = 1.1


def too_steep(curves: dict[str, tuple[list[int], list[Figures]]]) -> list[str]:
    """What grows faster than it may."""
    slopes = {name: exponent(sizes, [row[OURS][0] for row in found]) for name, (sizes, found) in curves.items()}
    return [f"{name} grows with an exponent of {slope:.2f}" for name, slope in slopes.items() if slope > MOST]


COLOURS = {OURS: "#2563eb", "git diff": "#b45309", "ripgrep": "#4d7c0f"}


def panel(name: str, sizes: list[int], found: list[Figures], at: tuple[int, int]) -> str:
    """One curve, both axes logarithmic: seconds as lines, memory of ours as a dotted line on the same decades, in units of 100 MiB."""
    width, height, left = 300, 170, 44
    x0, x1, y0, y1 = math.log10(sizes[0]), math.log10(sizes[-1]), -3.0, 3.0
    place = lambda size, value: (left + (math.log10(size) - x0) / (x1 - x0) * width, height - (math.log10(max(value, 1e-3)) - y0) / (y1 - y0) * height)
    out = [f'<g transform="translate({at[0]} {at[1]})"><text x="{left}" y="-10" font-weight="bold">{name}</text>']
    for decade in range(-3, 4):
        y = place(sizes[0], 10.0**decade)[1]
        out.append(f'<line x1="{left}" x2="{left + width}" y1="{y:.0f}" y2="{y:.0f}" stroke="#ccc" stroke-width=".5"/>'
                   f'<text x="{left - 5}" y="{y + 4:.0f}" text-anchor="end">{10.0**decade:g} s</text>')
    for size in sizes:
        out.append(f'<text x="{place(size, 1)[0]:.0f}" y="{height + 14}" text-anchor="middle">{size:,}</text>')
    lines = {program: ([row[program][0] for row in found], COLOURS[program], "") for program in found[0]}
    lines["memory"] = ([row[OURS][1] / 100 for row in found], COLOURS[OURS], ' stroke-dasharray="3 3"')
    for values, colour, dash in lines.values():
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(size, value) for size, value in zip(sizes, values)))
        out.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="1.5"{dash}/>')
    return "\n".join([*out, "</g>"])


def draw(curves: dict[str, tuple[list[int], list[Figures]]]) -> str:
    panels = [panel(name, sizes, found, (10 + 370 * (n % 2), 40 + 230 * (n // 2))) for n, (name, (sizes, found)) in enumerate(curves.items())]
    bottom = 40 + 230 * ((len(panels) + 1) // 2)
    key = "".join(f'<text x="{60 + 130 * n}" y="{bottom}" fill="{colour}">{name}</text>' for n, (name, colour) in enumerate(COLOURS.items()))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 750 {bottom + 15}" font-family="sans-serif" font-size="10">'
            f'<title>Time and memory by size</title><rect width="100%" height="100%" fill="#fff"/>\n' + "\n".join(panels)
            + f'\n{key}<text x="450" y="{bottom}" fill="{COLOURS[OURS]}">dotted: its memory, 1 s = 100 MiB</text></svg>\n')


def table(curves: dict[str, tuple[list[int], list[Figures]]]) -> str:
    rows = ["| | sizes | seconds of the processor | exponent | MiB | exponent | seconds of others at the largest |", "|---|---|---|---|---|---|---|"]
    for name, (sizes, found) in curves.items():
        seconds, mib = [row[OURS][0] for row in found], [row[OURS][1] for row in found]
        others = ", ".join(f"{program} {took:.2f}" for program, (took, _) in found[-1].items() if program != OURS)
        told = lambda values, form: ", ".join(format(value, form) for value in values)
        rows.append(f"| {name} | {told(sizes, ',')} | {told(seconds, '.2f')} | {exponent(sizes, seconds):.2f} | {told(mib, '.0f')} | {exponent(sizes, mib):.2f} | {others} |")
    return "\n".join(rows)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--divide", type=int, default=1)
    asked = parser.parse_args()
    curves = {}
    began = time.monotonic()
    for name, (measure, sizes) in CURVES.items():
        if asked.only in name:
            by = 100 if asked.small else asked.divide if name in LARGE else 1
            sizes = sorted({max(n + 1, size // by) for n, size in enumerate(sizes)})
            curves[name] = (sizes, [measure(size) for size in sizes])
            seconds = [row[OURS][0] for row in curves[name][1]]
            print(f"{name}: {json.dumps(curves[name][1])}, exponent {exponent(sizes, seconds):.2f}", flush=True)
    if asked.small or asked.only:
        print(table(curves))
        must(draw(curves).count("<polyline") >= 2 * len(curves), "a curve is not drawn")
        # Of a hundredth, the start of the program is most.
        must(asked.small or not too_steep(curves), "; ".join(too_steep(curves)))
        return 0
    PICTURE.write_text(draw(curves))
    kind = "a release build" if {"release", "dist"} & set(PROGRAM.parts) else "a debug build"
    share = f"; files, changed lines and commits a {asked.divide}th of what is measured on an idle machine, since this one did other work" if asked.divide > 1 else ""
    head = (f"{datetime.date.today()}, {kind}, {os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}, load "
            f"{os.getloadavg()[0]:.0f}; {(time.monotonic() - began) / 60:.0f} minutes{share}.")
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{head}\n\n{table(curves)}\n\n![Time and memory by size]({PICTURE.name})\n{END}{rest.partition(END)[2]}")
    steep = too_steep(curves)
    print("\n".join(f"BROKEN: {line}" for line in steep), end="\n" if steep else "")
    return 1 if steep else 0


if __name__ == "__main__":
    sys.exit(main())
