use crate::remark::tests::run;
use git::Snapshot;
use patch::{Hints, apply_edits, place};

fn found(base: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<(String, String)> {
    let findings = run("links", &Snapshot::in_memory(base, new));
    findings.iter().map(|f| (f.anchors[0].to_string(), f.title.clone())).collect()
}

#[test]
fn a_link_that_the_branch_adds_leads_somewhere() {
    let there = [("docs/a.md", "# One thing\n\n## Other: `x`\n"), ("img/logo.svg", "<svg/>"), ("src/lib.rs", "")];
    for (path, link, title) in [
        ("README.md", "[a](docs/a.md)", ""),
        ("README.md", "[a](docs/A.md)", "Link differs in case from the file's name: docs/A.md"),
        ("README.md", "[a](docs/b.md)", "Link leads nowhere: docs/b.md"),
        ("README.md", "![a](img/logo.png)", "Link leads nowhere: img/logo.png"),
        ("README.md", "[a](docs/a.md#other-x)", ""),
        ("README.md", "[a](docs/a.md#third)", "Link to a heading that is not there: docs/a.md#third"),
        ("README.md", "# Here\n[a](#here)", ""),
        ("README.md", "# Here\n[a](#TODO)", ""),
        ("README.md", "# Here\n[a](#there)", "Link to a heading that is not there: #there"),
        ("docs/b.md", "[a](../src/lib.rs) [b](a.md) [c](./a.md)", ""),
        ("docs/b.md", "[a](src/lib.rs)", "Link leads nowhere: src/lib.rs"),
        ("docs/b.md", "[a]\n\n[a]: ../gone.md", "Link leads nowhere: ../gone.md"),
        ("docs/b.rst", ".. include:: gone.rst\n", "Link leads nowhere: gone.rst"),
        ("docs/b.rst", ".. image:: ../img/logo.svg\n", ""),
        ("docs/b.rst", "See :doc:`gone` and :doc:`a`.\n", "Link leads nowhere: gone.rst"),
        ("docs/b.rst", "See :doc:`the other <a>`, :doc:`b` and :doc:`/index`.\n", ""),
        // Not a file of the repository, or not for certain.
        (
            "README.md",
            "[a](https://example.org/x.md) [b](mailto:a@b.md) [c](../other/x.md) [d](/guide) [e](page) [f](x.html)",
            "",
        ),
        ("README.md", "Ana <ana@example.org> and <ana@b.md>", ""),
        ("README.md", "`[a](gone.md)`\n\n```\n[a](gone.md)\n```\n", ""),
        ("README.md", "[a](docs) [b](docs/) [c]({{ x }}.md)", ""),
        ("templates/README.md", "[a](gone.md)", ""),
    ] {
        let new: Vec<(&str, &str)> = there.iter().copied().chain([(path, link)]).collect();
        let titles: Vec<String> = found(&there, &new).into_iter().map(|f| f.1).collect();
        assert_eq!(titles, if title.is_empty() { vec![] } else { vec![title.to_owned()] }, "{path}: {link}");
    }
}

#[test]
fn a_link_may_lead_somewhere_on_the_site_alone() {
    let site = [("docs/_sidebar.md", "x"), ("docs/start/env.md", "x"), ("guide/shot.png", "x")];
    for (path, link, is_found) in [
        // Docsify reads every link from the top of its site.
        ("docs/more/a.md", "[a](start/env.md)", false),
        ("docs/more/a.md", "[a](start/gone.md)", true),
        ("other/a.md", "[a](start/env.md)", true),
        // A page `guide/setup/`.
        ("guide/setup.md", "![a](../shot.png)", false),
        ("guide/setup.md", "![a](../gone.png)", true),
        ("guide/index.md", "![a](../shot.png)", true),
    ] {
        let new: Vec<(&str, &str)> = site.iter().copied().chain([(path, link)]).collect();
        assert_eq!(!found(&site, &new).is_empty(), is_found, "{path}: {link}");
    }
}

#[test]
fn what_a_tool_makes_may_be_linked_to() {
    for (ignored, link, is_found) in [
        ("docs/api\n", "[a](api/Chart.md)", false),
        ("/dist\n*.log.md\n", "[a](../dist/a.md) [b](b.log.md)", false),
        ("docs/api\n!docs/api/kept.md\n", "[a](other.md)", true),
    ] {
        let new = [(".gitignore", ignored), ("docs/a.md", link)];
        assert_eq!(!found(&[], &new).is_empty(), is_found, "{ignored}: {link}");
    }
    assert_eq!(found(&[], &[("docs/.gitignore", "api\n"), ("docs/a.md", "[a](api/b.md)")]), []);
    assert_eq!(found(&[], &[("docs/01-Scales.md", "# A\n[a](#getting-started-colors)")]), [], "a chapter of one page");
}

#[test]
fn links_that_were_broken_before_are_left_alone() {
    assert_eq!(found(&[("a.md", "[a](gone.md)\n")], &[("a.md", "[a](gone.md) more\n")]), []);
}

#[test]
fn a_heading_that_is_taken_away_is_missed_wherever_it_is_linked_to() {
    let links = ("b.md", "[x](docs/a.md#old-way)\n");
    let base = [("docs/a.md", "# A\n## Old way\n[up](#old-way)\n"), links];
    let new = [("docs/a.md", "# A\n## New way\n[up](#old-way)\n"), links];
    let title = |written: &str| format!("Link to a heading that this branch took away: {written}");
    let want = [("b.md:1".to_owned(), title("docs/a.md#old-way")), ("docs/a.md:3".to_owned(), title("#old-way"))];
    assert_eq!(found(&base, &new), want);
}

#[test]
fn a_page_that_is_taken_away_is_missed() {
    let links = ("docs/index.rst", "See :doc:`start` and :doc:`the end <end>`.\n");
    let base = [("docs/start.rst", "Start\n"), ("docs/end.rst", "End\n"), ("docs/conf.py", ""), links];
    let title = |page: &str| format!("Link to a page that this branch took away: {page}");
    for (new, want) in [
        (vec![("docs/conf.py", ""), ("docs/end.rst", "End\n"), links], vec![title("start")]),
        (vec![("docs/conf.py", ""), ("docs/end.md", "# Another\n"), ("docs/start.rst", "Start\n"), links], vec![]),
        (vec![("docs/conf.py", ""), links], vec![title("start"), title("end")]),
    ] {
        assert_eq!(found(&base, &new).into_iter().map(|f| f.1).collect::<Vec<_>>(), want);
    }
}

#[test]
fn a_file_at_the_top_is_named_without_a_folder() {
    for (path, text, is_found) in [
        (".github/workflows/a.yml", "- run: cp {README.md,GUIDE.md} out\n", true),
        ("Dockerfile", "COPY GUIDE.md /\n", true),
        ("package.json", "{\"files\": [\"GUIDE.md\"]}\n", true),
        ("pyproject.toml", "readme = \"GUIDE.md\"\n", true),
        ("sub/run.sh", "cat GUIDE.md\n", false),
        ("Makefile", "all:\n\trm GUIDE.md\n", false),
    ] {
        let base = [("GUIDE.md", "a\n"), ("README.md", "b\n"), (path, text)];
        let new = [("README.md", "b\n"), (path, text)];
        assert_eq!(!found(&base, &new).is_empty(), is_found, "{path}: {text}");
    }
}

#[test]
fn what_builds_names_files_that_are_there() {
    let old = ("scripts/build.sh", "echo a\n");
    for (path, text, is_found) in [
        (".github/workflows/ci.yml", "- run: ./scripts/build.sh\n", true),
        ("Makefile", "all:\n\tbash scripts/build.sh\n", true),
        ("package.json", "{\"scripts\": {\"a\": \"sh scripts/build.sh\"}}\n", true),
        ("tools/x.sh", "../scripts/build.sh\n", true),
        ("Makefile", "# scripts/build.sh\n", false),
        ("Makefile", "clean:\n\trm scripts/build.sh\n", false),
        ("Makefile", "all:\n\tbash other/scripts/build.sh\n", false),
        ("Makefile", "all:\n\tbash $(ROOT)/scripts/build.sh\n", false),
        ("src/a.rs", "// scripts/build.sh\n", false),
    ] {
        let findings = found(&[old, (path, text)], &[(path, text)]);
        assert_eq!(!findings.is_empty(), is_found, "{path}: {text}: {findings:?}");
    }
}

#[test]
fn what_a_build_makes_may_go() {
    let old = [("dist/index.js", "x\n"), ("lib/made.js", "x\n"), ("lib/kept.js", "x\n")];
    let package = "{\"main\": \"dist/index.js\", \"a\": \"lib/made.js\", \"b\": \"lib/kept.js\"}\n";
    let new = [("package.json", package), (".gitignore", "lib/made*\n")];
    let base: Vec<(&str, &str)> = old.iter().chain(&new).copied().collect();
    let titles: Vec<String> = found(&base, &new).into_iter().map(|f| f.1).collect();
    assert_eq!(titles, ["Names a file that this branch took away: lib/kept.js"]);
}

#[test]
fn fixes_lead_there() {
    let there = ("docs/a.md", "# A\n");
    let text = "See [a](docs/A.md).\n";
    let snapshot = Snapshot::in_memory(&[there], &[there, ("README.md", text)]);
    let finding = &run("links", &snapshot)[0];
    let edits = place(text, &finding.fixes[0].diff, &Hints::default()).unwrap().edits;
    assert_eq!(apply_edits(text, &edits), "See [a](docs/a.md).\n");
}

#[test]
fn any_text_is_read() {
    for text in ["[a](", "[a]: ", "[](#)", "![](%)", "[a](%zz)", "#\n", "[é](é.md#é)", ".. include::"] {
        for path in ["a.md", "a.rst", "a.adoc"] {
            let _ = found(&[], &[(path, text)]);
        }
    }
}
