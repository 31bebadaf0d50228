"""Run Lighthouse over the pages of a running site; print medians as a table.

scripts/lighthouse calls it, and says where Lighthouse and the browser are.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from statistics import median
from urllib.request import Request, urlopen

CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
CHROME = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)


def main() -> None:
    origin, runs = sys.argv[1].rstrip("/"), int(sys.argv[2])
    columns = ("performance", "accessibility", "best practices", "SEO", "LCP, ms", "CLS", "TBT, ms")
    print(f"| median of {runs} | {' | '.join(columns)} | largest element | HTML gzipped, KB |")
    print("| --- " * (len(columns) + 3) + "|")
    for name, path in pages(origin):
        reports = [lighthouse(origin + path) for _ in range(runs)]
        scores = [median(scores_of(one)[place] for one in reports) for place in range(len(columns))]
        cells = [f"{score:.3g}" if score < 1 else f"{score:.0f}" for score in scores]
        size = f"{len(fetch(origin + path, gzip=True)) / 1000:.1f}"
        print("|", " | ".join([name, *cells, largest_element(reports[-1]), size]), "|", flush=True)
        for audit in sorted({one for report in reports for one in failed(report)}):
            print(f"    {name}: {audit}", file=sys.stderr, flush=True)


def pages(origin: str) -> list[tuple[str, str]]:
    """Return what is measured: the first photo of the newest, the first album."""
    photo = re.search(r'href="(/photos/\w+/)', fetch(origin + "/photos/").decode())
    album = re.search(r'href="(/albums/[^"/]+/)"', fetch(origin + "/albums/").decode())
    if not photo or not album:
        sys.exit("The site needs a photo and an album to measure.")
    return [
        ("home", "/"),
        ("search", "/search/?q=mountain"),
        ("photo", photo[1]),
        ("album", album[1]),
    ]


def fetch(address: str, *, gzip: bool = False) -> bytes:
    with urlopen(Request(address, headers={"Accept-Encoding": "gzip"} if gzip else {})) as answer:
        return answer.read()


def lighthouse(address: str) -> dict:
    """Return the report of one run with Lighthouse's own mobile settings, in an empty browser."""
    with tempfile.TemporaryDirectory(prefix="lighthouse-") as profile:
        command = [
            *(os.environ["LIGHTHOUSE"], address, "--output=json", "--quiet"),
            f"--only-categories={','.join(CATEGORIES)}",
            f"--chrome-flags={CHROME} --user-data-dir={profile}",
        ]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"Lighthouse failed for {address}:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def scores_of(report: dict) -> list[float]:
    """Return categories in percent, then largest contentful paint, shift and blocking time."""
    audits = ("largest-contentful-paint", "cumulative-layout-shift", "total-blocking-time")
    return [
        *(100 * (report["categories"][name]["score"] or 0) for name in CATEGORIES),
        *(report["audits"][name]["numericValue"] for name in audits),
    ]


def failed(report: dict) -> list[str]:
    """Return what costs points."""
    said = []
    for name in CATEGORIES:
        for one in report["categories"][name]["auditRefs"]:
            audit = report["audits"][one["id"]]
            if one["weight"] and audit["score"] is not None and audit["score"] < 0.9:
                said.append(f"{name}: {audit['title']}")
    return said


def largest_element(report: dict) -> str:
    """Return the tag of the element that was painted last of the large ones."""
    found = re.search(
        r'"type":"node".*?"snippet":"<(\w+)',
        json.dumps(report["audits"]["largest-contentful-paint-element"], separators=(",", ":")),
    )
    return f"<{found[1]}>" if found else "?"


if __name__ == "__main__":
    main()
