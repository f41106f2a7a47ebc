"""What building, verifying and publishing share: the table of targets, versions, reproducible archives."""

import gzip
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
OUT = ROOT / "target" / "artefacts"


def manifest() -> dict:
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]


VERSION = manifest()["version"]


def targets() -> list[dict]:
    return tomllib.loads((HERE / "targets.toml").read_text())["target"]


def target(triple: str) -> dict:
    for known in targets():
        if known["triple"] == triple:
            return known
    sys.exit(f"no target {triple} in release/targets.toml; there are {', '.join(t['triple'] for t in targets())}")


def host() -> str:
    said = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    return re.search(r"^host: (.*)$", said, re.M)[1]


def runner(triple: str) -> list[str] | None:
    """What a program of a target is started by on this machine: by nothing, or by qemu for another processor's Linux."""
    (processor, _, system), (own, _, here) = triple.split("-")[:3], host().split("-")[:3]
    if system != here:
        return None
    if processor == own:
        return []
    emulator = shutil.which(f"qemu-{processor}-static")
    libraries = pathlib.Path(f"/usr/{processor}-linux-gnu")
    if emulator is None or not (triple.endswith("-musl") or libraries.is_dir()):
        return None
    return [emulator, "-L", str(libraries)]


def program_of(triple: str) -> str:
    return "deep-review.exe" if "windows" in triple else "deep-review"


def archive_of(triple: str) -> str:
    return f"deep-review-{VERSION}-{triple}.{'zip' if 'windows' in triple else 'tar.gz'}"


def epoch() -> int:
    """The time of everything in an archive, in seconds since 1970: that of the commit, so that two builds are equal."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    return int(run(["git", "log", "-1", "--format=%ct"], capture=True))


def run(words: list, capture: bool = False, **options) -> str:
    """Runs a program, says what it said if it failed, and ends then."""
    words = [str(word) for word in words]
    options.setdefault("cwd", ROOT)
    done = subprocess.run(words, text=True, stdout=subprocess.PIPE, stderr=None if capture else subprocess.STDOUT, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} ended with {done.returncode}:\n{(done.stdout or '')[-4000:]}")
    return done.stdout


def need(program: str, remedy: str) -> str:
    found = shutil.which(program)
    if found is None:
        sys.exit(f"MISSING: {program}. {remedy}")
    return found


def fresh(folder: pathlib.Path) -> pathlib.Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def files_of(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def mode_of(path: pathlib.Path) -> int:
    return 0o755 if os.access(path, os.X_OK) else 0o644


def tar_gz(folder: pathlib.Path, inside: str, to: pathlib.Path) -> None:
    """Packs a folder's files below `inside`, with nothing in it that differs from one machine to the next."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in files_of(folder):
            entry = tarfile.TarInfo(f"{inside}/{path.relative_to(folder).as_posix()}")
            entry.size, entry.mode, entry.mtime = path.stat().st_size, mode_of(path), epoch()
            with path.open("rb") as file:
                tar.addfile(entry, file)
    with to.open("wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(raw.getvalue())


def zip_of(folder: pathlib.Path, inside: str, to: pathlib.Path) -> None:
    """As `tar_gz`. Zip knows no time before 1980."""
    import time

    when = time.gmtime(max(epoch(), 315532800))[:6]
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for path in files_of(folder):
            entry = zipfile.ZipInfo(f"{inside}/{path.relative_to(folder).as_posix()}", when)
            entry.external_attr, entry.compress_type = mode_of(path) << 16, zipfile.ZIP_DEFLATED
            packed.writestr(entry, path.read_bytes())


def sha256(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_json(path: pathlib.Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=2) + "\n")


def filled(template: str, values: dict[str, str]) -> str:
    """A text with `@NAME@` filled in; a name that is not known ends the build."""
    def value(found: re.Match) -> str:
        if found[1] not in values:
            sys.exit(f"a template names @{found[1]}@, and only {', '.join(values)} are known")
        return values[found[1]]

    return re.sub(r"@([A-Z0-9_]+)@", value, template)
