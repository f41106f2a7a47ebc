//! Changes of many kinds in many languages, made by script, to show that a look at the words of a change loses nothing: what
//! it passes over has nothing in it.

use crate::{planted, rules};
use git::{ChangedFile, Snapshot};
use std::path::Path;

/// Numbers that are the same in each run (a linear congruential generator, as in Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit.max(1)
    }
}

/// So many changes are made of each text, and of each with what few others have.
const EACH: usize = 12;
const OF_MORE: usize = 200;

/// Texts with what few others have: formats, habits, documented parameters, settings that are read.
const MORE: &[(&str, &str)] = &[
    (
        "a.go",
        "package a\n\n// load prints.\nfunc load(a, b int) error {\n\tfmt.Printf(\"%s %d\\n\", a, b)\n\treturn fmt.Errorf(\"a: %w\", err)\n}\n\nfunc f(ctx context.Context) {\n\tdb.Get(ctx, 1)\n\tdb.Get(ctx, 2)\n\tdb.Get(ctx, 3)\n\tdb.Get(context.Background(), 4)\n\tos.Getenv(\"APP_PORT\")\n}\n",
    ),
    (
        "a.py",
        "import requests\n\n\ndef load_all(first, second=1, *, third):\n    \"\"\"Loads.\n\n    :param first: where\n    :param second: what\n    \"\"\"\n    x = '%s %s' % (first,)\n    y = \"{} {}\".format(second)\n    logger.info('%s of %s', third)\n    requests.get(x, timeout=1)\n    requests.get(y, timeout=1)\n    requests.get(third, timeout=1)\n    requests.get(first)\n    return os.environ['APP_NAME']\n",
    ),
    (
        "a.ts",
        "/**\n * @param {string} from where\n * @param {number} to until\n */\nexport function loadAll(from: string, to: number) {\n  fetch(from, { signal })\n  fetch(to, { signal })\n  fetch(from, { signal })\n  fetch(to)\n}\n\nclass Store {\n  open(from: string, to: number) {\n  }\n}\n",
    ),
    (
        "a.java",
        "class Store {\n    /**\n     * @param from where\n     */\n    void loadAll(String from, int to) {\n        String s = String.format(\"%s %s\", from);\n    }\n}\n",
    ),
    (
        "a.c",
        "/** @param from where */\nint load_all(char *from, int to)\n{\n    printf(\"%d %s\\n\", to);\n    return 0;\n}\n",
    ),
];

/// Texts in all languages that have a grammar here, with their names: the repository's own, the planted ones, the rules' cases.
fn texts() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..");
    let own = [
        "server/crates/check/src/contracts/signature.rs",
        "server/crates/lines/src/lib.rs",
        "editors/vscode/src/extension.ts",
    ];
    let read = |path: &&str| Some(((*path).to_owned(), std::fs::read_to_string(root.join(path)).ok()?));
    let of_rules = rules::to_find().into_iter().enumerate();
    let of_rules =
        of_rules.map(|(n, (_, language, code))| (format!("case_{n}.{}", planted::ending_of(&language)), code));
    let more = MORE.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    own.iter().filter_map(read).chain(planted::texts()).chain(more).chain(of_rules).collect()
}

/// A line as somebody may have changed it.
fn edited(line: &str, numbers: &mut Numbers) -> Option<String> {
    let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| w.len() > 1).collect();
    let word = words.get(numbers.below(words.len())).copied().unwrap_or("");
    Some(match numbers.below(10) {
        0 => return None,
        1 => format!("{line}\n{line}"),
        2 if !word.is_empty() => line.replace(word, "renamed_there"),
        3 => line.replacen('(', "(extra, ", 1),
        4 => line.replacen(',', ",\n    extra: u8,", 1),
        5 => line.replacen(", ", ",\n        ", 1),
        6 => format!("// {line}"),
        7 => format!("/*\n{line}\n*/"),
        8 => {
            line.split_once(", ").and_then(|(a, b)| Some(format!("{}({b}", a.rsplit_once('(')?.0))).unwrap_or_default()
        }
        _ => line.replacen('(', "(\n    ", 1).replacen(')', "\n)", 1),
    })
}

/// The changes, each of one file: all of it is new, or one to four of its lines changed.
pub(crate) fn changes() -> Vec<ChangedFile> {
    let mut numbers = Numbers(11);
    let mut all = Vec::new();
    for (path, old) in texts() {
        all.extend(Snapshot::in_memory(&[(&path, "")], &[(&path, &old)]).files().iter().cloned());
        let is_rare = MORE.iter().any(|(_, text)| *text == old);
        for _ in 0..if is_rare { OF_MORE } else { EACH } {
            let mut lines: Vec<Option<String>> = old.lines().map(|line| Some(line.to_owned())).collect();
            for _ in 0..=numbers.below(4) {
                let at = numbers.below(lines.len());
                if let Some(line) = lines.get_mut(at) {
                    *line = line.as_deref().and_then(|line| edited(line, &mut numbers));
                }
            }
            let new = lines.into_iter().flatten().map(|line| line + "\n").collect::<String>();
            for (old, new) in [(old.as_str(), new.as_str()), (new.as_str(), old.as_str())] {
                all.extend(Snapshot::in_memory(&[(&path, old)], &[(&path, new)]).files().iter().cloned());
            }
        }
    }
    all
}

/// Checks that where `may_find` says no, nothing is found; and that it says no and yes often enough to mean something.
pub(crate) fn nothing_is_lost(may_find: &dyn Fn(&ChangedFile) -> bool, found: &dyn Fn(&ChangedFile) -> usize) {
    let (mut passed_over, mut with_findings) = (0, 0);
    for file in changes() {
        let (may, found) = (may_find(&file), found(&file));
        assert!(may || found == 0, "{found} in a change that was passed over: {file:#?}");
        passed_over += usize::from(!may);
        with_findings += usize::from(found > 0);
    }
    assert!(passed_over > 100 && with_findings > 0, "{passed_over} passed over, {with_findings} with findings");
}
