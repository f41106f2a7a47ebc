"""A repository with a reviewed branch, the user's configuration, and deaf to whoever runs the tests."""
import json
import os
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAM = Path(os.environ.get("DEEP_REVIEW", ROOT / "target" / "debug" / "deep-review"))
BEFORE = 'fn main() {\n    println!("1");\n}\n'
AFTER = 'fn main() {\n    println!("{}", first());\n}\n\nfn first() -> u32 {\n    std::env::args().count() as u32\n}\n'
FIX = "-    std::env::args().count() as u32\n+    u32::try_from(std::env::args().count()).unwrap_or(0)"


class Bed:
    def __init__(self, allow=("read", "review", "apply", "dismiss")):
        self.folder = Path(tempfile.mkdtemp(prefix="deep-review-coding-"))
        self.repo, self.home, self.bin = self.folder / "repo", self.folder / "home", self.folder / "bin"
        for folder in (self.repo, self.home, self.bin):
            folder.mkdir()
        (self.bin / "deep-review").symlink_to(PROGRAM)
        answer = {
            "summary": "", "observations": [], "testing": "", "untested": [], "documentation": "", "commit_structure": "",
            "limitations": [], "covered": [], "verdicts": [],
            "findings": [{
                "severity": "critical", "title": "The count is cut", "body": "`as` cuts.", "evidence": "",
                "classification": "regression", "symbol": "",
                "places": [{"path": "main.rs", "start_line": 6, "end_line": 6, "quote": ""}],
                "fixes": [{"note": "", "path": "main.rs", "diff": FIX}],
            }],
        }
        (self.folder / "one.json").write_text(json.dumps(answer))
        allowed = ", ".join(f'"{right}"' for right in allow)
        (self.folder / "config.toml").write_text(
            f'[mcp]\nallow = [{allowed}]\n[agents.one]\nadapter = "recorded"\nlabel = "ONE"\npath = "{self.folder}/one.json"\n'
        )
        self.git("init", "-q", "-b", "main")
        self.write(BEFORE)
        self.git("add", "."), self.git("commit", "-qm", "Start"), self.git("checkout", "-qb", "topic")
        self.write(AFTER)
        self.git("add", "."), self.git("commit", "-qm", "Count")

    def write(self, text):
        (self.repo / "main.rs").write_text(text)

    def read(self):
        return (self.repo / "main.rs").read_text()

    def environment(self, **more):
        keep = {name: value for name, value in os.environ.items() if name in ("LANG", "TMPDIR")}
        git = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        for who in ("AUTHOR", "COMMITTER"):
            git |= {f"GIT_{who}_NAME": "Ada", f"GIT_{who}_EMAIL": "a@example.org"}
        path = f"{self.bin}:{os.environ['PATH']}"
        own = {"HOME": str(self.home), "PATH": path, "DEEP_REVIEW_CONFIG": str(self.folder / "config.toml")}
        return keep | git | own | more

    def git(self, *args):
        subprocess.run(["git", *args], cwd=self.repo, env=self.environment(), check=True)

    def run(self, *args, code=0):
        """Runs deep-review in the repository and gives what it says."""
        done = subprocess.run([PROGRAM, *args], cwd=self.repo, env=self.environment(), capture_output=True, text=True)
        assert done.returncode == code, f"{args}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout
