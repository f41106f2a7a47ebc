"""What `release/manifests --sample` wrote, read as those who take it read it; started in its folder."""

import pathlib
import re
import tomllib

import yaml
from artefacts import ROOT, VERSION, archive_of, targets

ARCHIVES = {archive_of(at["triple"]): at["triple"] for at in targets()}


def winget() -> None:
    """Three files that agree. A checksum of digits alone must stay a text."""
    parts = [yaml.safe_load(path.read_text()) for path in sorted(pathlib.Path("winget").iterdir())]
    assert sorted(part["ManifestType"] for part in parts) == ["defaultLocale", "installer", "version"]
    assert {(part["PackageIdentifier"], part["PackageVersion"]) for part in parts} == {("DeepReview.DeepReview", VERSION)}
    [installers] = [part["Installers"] for part in parts if "Installers" in part]
    for installer in installers:
        assert isinstance(installer["InstallerSha256"], str) and len(installer["InstallerSha256"]) == 64, installer
        archive = installer["InstallerUrl"].rsplit("/", 1)[1]
        [nested] = installer["NestedInstallerFiles"]
        assert nested["RelativeFilePath"] == f"deep-review-{VERSION}-{ARCHIVES[archive]}\\deep-review.exe", nested


def mason() -> None:
    """The registry's own updates put another version into the names, so they are not written by the template."""
    package = yaml.safe_load(pathlib.Path("mason/deep-review/package.yaml").read_text())
    files = {asset["file"].replace('{{ version | strip_prefix "v" }}', VERSION) for asset in package["source"]["asset"]}
    assert files == set(ARCHIVES), files ^ set(ARCHIVES)
    assert package["source"]["id"].endswith(f"@v{VERSION}") and package["neovim"]["lspconfig"] == "deep_review"
    assert pathlib.Path("nvim-lspconfig/lsp/deep_review.lua").exists()


def binstall() -> None:
    """Where `cargo binstall` looks for each platform's program is where the release has it."""
    about = tomllib.loads((ROOT / "server/Cargo.toml").read_text())["package"]["metadata"]["binstall"]
    for archive, triple in ARCHIVES.items():
        known = about | about["overrides"].get(triple, {})
        suffix = {"tgz": "tar.gz", "zip": "zip"}[known["pkg-fmt"]]
        values = {"repo": "R", "version": VERSION, "target": triple, "archive-suffix": f".{suffix}", "bin": "deep-review"}
        values["binary-ext"] = ".exe" if "windows" in triple else ""
        url, inside = (re.sub(r"\{ ([a-z-]+) \}", lambda found: values[found[1]], known[key]) for key in ("pkg-url", "bin-dir"))
        assert url == f"R/releases/download/v{VERSION}/{archive}", url
        assert inside == f"deep-review-{VERSION}-{triple}/deep-review{values['binary-ext']}", inside


winget()
mason()
binstall()
