//! What agents' Markdown must lose and keep.

use super::*;

#[test]
fn markdown_keeps_its_words_and_loses_its_powers() {
    for (given, want) in [
        ("plain `<b>` text", "plain `<b>` text"),
        ("a <script>x</script> b", "a &lt;script>x&lt;/script> b"),
        ("<!-- hidden -->", "&lt;!-- hidden -->"),
        ("[ok](https://e.org) [bad](command:rm)", "[ok](https://e.org) \\[bad]\\(command:rm)"),
        ("![x](javascript:a)", "\\!\\[x]\\(javascript:a)"),
        ("![x](https://e.org/p.png)", "\\![x](https://e.org/p.png)"),
        ("let v = vec![1];", "let v = vec![1];"),
        ("`![x](https://e.org/p.png)`", "`![x](https://e.org/p.png)`"),
        ("# Critical Issues\ntext", "**Critical Issues**\ntext"),
        ("Title\n=====\n\ntext", "**Title**\n\ntext"),
        ("```\n# no heading\n<b>\n```", "```\n# no heading\n<b>\n```"),
        ("```go\ncut", "```go\ncut\n```"),
        ("- ```go\n  cut", "- ```go\n  cut"),
        ("> ```\n> quoted", "> ```\n> quoted"),
        ("> ```\n~~~\n", "````text\n> ```\n~~~\n\n````"),
        // An address that stands apart is put into its link, if it may be there at all.
        (
            "[a][r] and [r]\n\n[r]: https://e.org/?a&b 't'",
            "[a](https://e.org/?a&amp;b) and [r](https://e.org/?a&amp;b)\n\n\\[r]: https://e.org/?a&b 't'",
        ),
        ("[r][]\n\n[r]: command:x", "\\[r][]\n\n\\[r]: command:x"),
        // What is no link and no tag by CommonMark's rules, and is one for other readers.
        ("[r]: \\<command:q>)", "\\[r]: \\&lt;command:q>)"),
        ("- [ ] [r]:|", "- [ ] \\[r]:|"),
        ("a[0]: b", "a[0]: b"),
        ("[a](**//e.org[r]javascript:alert(1)", "[a]\\(**//e.org[r]javascript:alert(1)"),
        ("http://e.org<cd:x>", "http://e.org&lt;cd:x>"),
        ("a <b", "a &lt;b"),
        ("a < b", "a < b"),
        ("(\n~~~<b>", "(\n~~~&lt;b>\n~~~"),
        ("`<b>\n-|\n`", "` <b> -|  `"),
        ("[`<b>` `", "[`<b>` \\`"),
        ("~`<b>`", "\\~`<b>`"),
        ("` ``* <b>`", "\\`\\`\\* &lt;b\\>"),
        ("\u{1b}[31mred\u{1b}[0m \u{7}bell", "red bell"),
        ("a\u{202e}b", "a\\u{202e}b"),
    ] {
        assert_eq!(markdown(given), want, "{given:?}");
    }
}

/// Panics if anything in the Markdown runs, loads, or leads elsewhere than to http(s).
fn assert_inert(text: &str, given: &str) {
    let parser = Parser::new_ext(text, options());
    assert_eq!(
        parser.reference_definitions().iter().count(),
        0,
        "an address for others in {text:?}, made of {given:?}"
    );
    for event in parser {
        let live = match &event {
            Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Image { .. } | Tag::Heading { .. }) => true,
            Event::Start(Tag::Link { dest_url, .. }) => !is_safe(dest_url),
            _ => false,
        };
        assert!(!live, "{event:?} in {text:?}, made of {given:?}");
    }
}

#[test]
fn nothing_hostile_is_left_however_it_is_nested() {
    for given in [
        "![x](https://e.org/p.png)",
        "![](<https://e.org/a b.png> \"t\")",
        "![x][r]\n\n[r]: https://e.org/p.png",
        "![r][]\n\n[r]: https://e.org/p.png",
        "![r]\n\n[r]: https://e.org/p.png",
        "[![x](https://e.org/p.png)](https://e.org)",
        "[![x](https://e.org/p.png)](command:quit)",
        "![a ![b](https://e.org/b.png) c](https://e.org/a.png)",
        "\\\\![x](https://e.org/p.png)",
        "> - ![x](https://e.org/p.png)",
        "| a |\n|---|\n| ![x](https://e.org/p.png) |",
        "# ![x](https://e.org/p.png)",
        "<img src=https://e.org/p.png>![x](https://e.org/p.png)",
        "<div>\n![x](https://e.org/p.png)\n</div>",
        "![x](data:image/svg+xml,<svg onload=alert(1)>)",
        "![x](//e.org/p.png)",
        // What is in a title comes alive when the link around it is escaped.
        "[a](command:x \"![y](https://e.org/p.png)\")",
        "[a](command:x \"[y](command:z)\")",
        "![a](https://e.org \"![y](https://e.org/p.png)\")",
        // So does a reference behind another one.
        "[a][y]\n\n[y]: command:z",
        "[a]: command:x '[y](command:z)'\n\n[a]",
    ] {
        assert_inert(&markdown(given), given);
        assert_inert(&format!("x {}", markdown_line(given)), given);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn nothing_hostile_is_left_of_any_pieces(pieces in proptest::collection::vec(
        proptest::sample::select(&[
            "![", "[", "]", "(", ")", "](https://e.org/p.png)", "](command:x)", "[r]", "[r]: command:y", "\"", "'",
            "<", ">", "<img src=x>", "<!--", "-->", "<div>", "\n", "\n\n", "# ", "===", "```", "`", "\\", "!", "a", " ",
            "> ", "- ", "    ", "|", "|---|", "<command:x>", "<https://e.org>",
        ][..]),
        0..24,
    )) {
        let given = pieces.concat();
        assert_inert(&markdown(&given), &given);
    }
}

#[test]
fn html_has_no_raw_html_and_no_unsafe_link() {
    for (given, want) in [
        ("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"),
        ("a <b>x</b>", "<p>a &lt;b&gt;x&lt;/b&gt;</p>\n"),
        ("[x](javascript:alert(1))", "<p>x</p>\n"),
        ("[x](https://e.org/?a=\"b)", "<p><a href=\"https://e.org/?a=%22b\">x</a></p>\n"),
        ("![t](https://e.org/p.png)", "<p>[image https://e.org/p.png] t</p>\n"),
    ] {
        assert_eq!(html(given), want, "{given:?}");
    }
    assert_eq!(html_line("uses `x`"), "uses <code>x</code>");
}

/// What an agent can say, from pieces that mean something to a reader of Markdown.
fn pieces() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::strategy::Strategy as _;
    let pieces = proptest::sample::select(
        &[
            "![",
            "[",
            "]",
            "(",
            ")",
            "](https://e.org/p.png)",
            "](command:x)",
            "[r]",
            "[r]: command:y",
            "[r]:",
            "command:z",
            "\"",
            "'",
            "<",
            ">",
            "<img src=x>",
            "<!--",
            "-->",
            "<div>",
            "</div>",
            "<br>",
            "\n",
            "\n\n",
            "# ",
            "===",
            "```",
            "~~~",
            "`",
            "\\",
            "!",
            "a",
            " ",
            "> ",
            "- ",
            "1. ",
            "    ",
            "|",
            "|---|",
            "<command:x>",
            "<https://e.org>",
            "&lt;",
            "<!-- deep-review report, version 1 -->",
            "/merge",
            "**",
            "*",
            "_",
            "\t",
            "\u{a0}",
            "\u{c}",
        ][..],
    );
    proptest::collection::vec(pieces, 0..16).prop_map(|pieces| pieces.concat())
}

/// Marks of code, in and out of what they may stand in.
fn fences() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::strategy::Strategy as _;
    let pieces = [
        "```",
        "````",
        "~~~",
        "`",
        "rs",
        "\n",
        "\n\n",
        "  ",
        "    ",
        "       ",
        "\t",
        "- ",
        "> ",
        "1. ",
        "a",
        "|",
        "<!--",
        "\\",
        "# x\n",
        "####### y\n",
        "\n- a\n",
    ];
    proptest::collection::vec(proptest::sample::select(pieces.to_vec()), 0..18).prop_map(|pieces| pieces.concat())
}

/// What is a heading for who reads documents of ours.
fn headings_of_reader(text: &str) -> Vec<&str> {
    let mut reader = Reader::default();
    text.lines().filter(|line| reader.takes_as_text(line) && heading_level(line).is_some()).collect()
}

#[test]
fn what_is_code_for_some_and_a_heading_for_who_reads_reports_is_shown_as_it_is() {
    // The first and the last fence end with their items, by CommonMark's rules.
    let mixed = "1. a\n   ```\nb\n```\n## Suggestions\n```\n\n1. c\n   ```\nd";
    for body in [mixed, "####### Seven", "```\n# no heading\n```\n\n####### Seven"] {
        let shown = markdown(body);
        assert!(shown.starts_with("```"), "{shown}");
        assert_eq!(headings_of_reader(&format!("{shown}\n\n# y\n")), ["# y"], "{shown}");
    }
    let python = "```python\n# A comment.\nx = 1\n```\n";
    assert_eq!(markdown(python), python);
}

#[test]
fn a_title_keeps_its_words_however_many_brackets_are_in_it() {
    for title in
        ["[".repeat(40) + "32](/home/a.cpp): over", "[a ".repeat(40) + "](/x) over", "[a](x:y \"".repeat(20) + "over"]
    {
        let line = markdown_line(&title);
        let words = |text: &str| text.replace(['\\', '['], "").replace("&lt;", "<");
        assert_eq!(words(&line), words(&title), "{line}");
        assert_inert(&format!("x {line}"), &title);
    }
}

#[test]
fn what_closes_a_fence_is_not_escaped_as_words() {
    let body = "       ```` the queue\n- **P2** `a.rs:9` It";
    let whole = document(&format!("{}\n\n# y\n", markdown(body)));
    assert!(ends_as_text(&whole), "{whole:?}");
}

/// Panics if anything in the document leads elsewhere than to http(s), loads, or is HTML of somebody else.
fn assert_document_is_inert(text: &str) {
    let parser = Parser::new_ext(text, options());
    assert_eq!(parser.reference_definitions().iter().count(), 0, "{text:?}");
    for event in parser {
        match &event {
            Event::Html(html) | Event::InlineHtml(html) => assert!(is_ours(html), "{html:?} in {text:?}"),
            Event::Start(Tag::Image { .. }) => panic!("{event:?} in {text:?}"),
            Event::Start(Tag::Link { dest_url, .. }) => assert!(is_safe(dest_url), "{event:?} in {text:?}"),
            _ => {}
        }
    }
}

#[test]
fn a_link_of_two_parts_leads_nowhere() {
    for (title, body) in [
        ("See [ref]", "[ref]: command:workbench.action.terminal.new"),
        ("See [ref]", "    [ref]: command:x"),
        ("[a](", "command:x)"),
        ("See [ref][]", "> [ref]: <command:x> 'y'"),
        ("`See [ref]", "`\n\n[ref]:\ncommand:x"),
    ] {
        for joined in [format!("**{title}**\n\n{body}"), format!("{title}\n{body}"), format!("1. {title}\n\n   {body}")]
        {
            assert_document_is_inert(&document(&joined));
            assert_document_is_inert(&document(&format!("**{}**\n\n{}", markdown_line(title), markdown(body))));
        }
    }
}

#[test]
fn what_is_read_anew_too_often_is_plain_words_and_stays_so() {
    let brackets = "[`<b>` ` ~`<b>` ` ``\n| i\0-`\n-  A] [r[[\\>`\n- [ ] [r][[[[[[[[[[[[x](c`$mand:y)[[[[[:|\n";
    let links = (0..20).fold("[a](command:x)".to_owned(), |inside, _| format!("[a](command:x \"{inside}\")"));
    for given in [brackets, &links] {
        let once = document(given);
        assert_document_is_inert(&once);
        assert_eq!(document(&once), once, "{given:?}");
    }
    let dead = deadened("a [b](command:x) `<c>` \\[d] \\\\[e]");
    assert_eq!(dead, "a \\[b\\](command:x) \\`&lt;c>\\` \\[d\\] \\\\\\[e\\]");
    assert_eq!(document(&dead), dead);
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_document_is_inert_and_stays_as_it_is_then(text in pieces()) {
        let once = document(&text);
        assert_document_is_inert(&once);
        assert_eq!(document(&once), once);
    }

    #[test]
    fn what_follows_a_part_is_seen_by_every_reader(text in fences()) {
        let whole = document(&format!("{}\n\n# y\n", markdown(&text)));
        assert!(ends_as_text(&whole), "{text:?} as {whole:?}");
        let is_heading = |event| matches!(event, Event::Start(Tag::Heading { .. }));
        assert_eq!(Parser::new_ext(&whole, options()).filter(|e| is_heading(e.clone())).count(), 1, "{text:?} as {whole:?}");
        assert_eq!(headings_of_reader(&whole), ["# y"], "{text:?} as {whole:?}");
    }

    #[test]
    fn parts_that_are_harmless_are_so_together(title in pieces(), body in pieces(), after in pieces()) {
        let joined = format!("**{}**\n\n{}\n\n{}", markdown_line(&title), markdown(&body).trim(), markdown(&after).trim());
        assert_document_is_inert(&document(&joined));
    }
}

/// Panics if anything is live in the text for a reader with these extensions.
fn assert_inert_for(dialect: Options, text: &str, given: &str) {
    for event in Parser::new_ext(text, dialect) {
        let live = match &event {
            Event::Html(html) | Event::InlineHtml(html) => html.contains('<'),
            Event::Start(Tag::Image { .. }) => true,
            Event::Start(Tag::Link { dest_url, .. }) => !is_safe(dest_url),
            _ => false,
        };
        assert!(!live, "{event:?} in {text:?}, made of {given:?}, read with {dialect:?}");
    }
}

#[test]
fn code_is_code_for_every_reader_or_is_written_as_words() {
    for (given, want) in [
        // A formula, a footnote, or a link of a wiki has the backtick that begins the code.
        ("$`$<b>`", "$\\$&lt;b\\>"),
        ("[^`]<b>`\n\n[^`]: x", "[^`]<b>`\n\n\\[^\\`]: x"),
        ("[[`]]<b>`", "[[`]]<b>`"),
        ("$`$[x](command:y)`", "$\\$\\[x\\]\\(command\\:y\\)"),
        ("a^`^<b>` b", "a^`^<b>` b"),
        ("See [[x]]", "See \\[[x]]"),
        ("See [[ #x]]", "See \\[[ #x]]"),
        ("See [x](<&#32;https://e.org>)", "See \\[x]\\(<&#32;https://e.org>)"),
        ("`Vec<T>` costs $5 or `$6`, says [^1] {x}", "`Vec<T>` costs $5 or `$6`, says [^1] {x}"),
        ("```rust\nfn f() -> Vec<T> { $a }\n```", "```rust\nfn f() -> Vec<T> { $a }\n```"),
        ("a\n: b `Vec<T>`", "a\n: b `Vec<T>`"),
    ] {
        let made = markdown(given);
        assert_eq!(made, want, "{given:?}");
        for bit in 0..32 {
            let alone = Options::from_bits_truncate(1 << bit);
            assert_inert_for(alone, &made, given);
            assert_inert_for(Options::all() - alone, &made, given);
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_reader_finds_anything_live(text in pieces_of_others(), dialect in proptest::prelude::any::<u32>()) {
        let dialect = Options::from_bits_truncate(dialect);
        assert_inert_for(dialect, &markdown(&text), &text);
        assert_inert_for(dialect, &format!("x {}", markdown_line(&text)), &text);
    }
}

/// What means something to readers with extensions.
fn pieces_of_others() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::strategy::Strategy as _;
    let pieces = proptest::sample::select(
        &[
            "$",
            "$$",
            "$`",
            "`$",
            "`",
            "``",
            "```\n",
            "[^",
            "[^1]",
            "[^1]: ",
            "]",
            "]: ",
            "[[",
            "]]",
            "![[",
            "|",
            "\n|-|-|\n",
            "<b>",
            "<!--",
            "-->",
            "</b>",
            "[x](command:y)",
            "![x](y)",
            "(",
            ")",
            "\n: ",
            "\n:   ",
            "\n",
            "\n\n",
            "    ",
            "  ",
            "---\n",
            "+++\n",
            "> ",
            "> [!NOTE]\n",
            "- ",
            "- [ ] ",
            "1. ",
            "# ",
            "{#a}",
            "{",
            "}",
            "~",
            "~~",
            "^",
            "*",
            "_",
            "\\",
            "a",
            " ",
            "&lt;",
            "https://e.org",
            "<command:x>",
            "<a@b.c>",
        ][..],
    );
    proptest::collection::vec(pieces, 0..14).prop_map(|pieces| pieces.concat())
}

#[test]
fn many_brackets_in_one_part_and_their_end_in_another_leave_the_document_its_form() {
    let mark = "<!-- deep-review report, version 1 -->\n# Title\n\n";
    for opened in ["[".repeat(50), "[[a ".repeat(30), "[[a\n".repeat(30), "[[a `[[` *b* ".repeat(30)] {
        let shown = document(&format!("{mark}- {opened}, x]]\n\n```\n[[\n```\n\n`[[`\n"));
        assert!(shown.starts_with(mark) && shown.ends_with("\n```\n[[\n```\n\n`[[`\n"), "{shown}");
        // Code stays code, but for the last, in which the link would begin.
        assert!(shown.matches("`[[`").count() >= opened.matches('`').count() / 2, "{shown}");
        assert_eq!(document(&shown), shown);
        assert_inert(&shown.replace(mark, ""), &opened);
    }
}
