use super::*;
use agent::fleet::CacheUse;
use std::io::Write;

fn loaded(user: &str, repository: Option<&str>, environment: &[(&str, &str)]) -> Result<Loaded, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(user.as_bytes()).unwrap();
    let get = |name: &str| environment.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    load(Some(file.path()), repository, &get)
        .map_err(|e| e.to_string().replace(&file.path().display().to_string(), "FILE"))
}

#[test]
fn later_layers_replace_values_and_add_patterns() {
    let user = "base = 'a'\nexclude = ['x']\nfail_on = 'critical'\n[agents.claude]\nadapter = 'recorded'\npath = '/p'";
    let repository = "base = 'b'\nexclude = ['y']";
    let l = loaded(user, Some(repository), &[("DEEP_REVIEW_FAIL_ON", "important")]).unwrap();
    assert_eq!(l.config.base.as_deref(), Some("b"));
    assert_eq!(l.config.exclude, ["x", "y"]);
    assert_eq!(l.config.fail_on, Some(Severity::Important));
    assert_eq!(l.config.agents["claude"].path.as_deref(), Some(std::path::Path::new("/p")));
    assert_eq!(l.origins["base"], [Origin::Repository]);
    assert_eq!(l.origins["fail_on"], [Origin::Environment("DEEP_REVIEW_FAIL_ON")]);
    assert_eq!(l.origins["exclude"].len(), 2);
    assert!(!l.origins.contains_key("timeout"));
}

#[test]
fn what_is_wrong_is_named_with_its_line_and_the_nearest_name() {
    for (user, repository, expected) in [
        ("\nbse = 'x'", None, "FILE:2: unknown field `bse`"),
        ("\nbse = 'x'", None, "; did you mean 'base'?"),
        ("base = 5", None, "FILE:1: invalid type: integer `5`, expected a string"),
        ("fail_on = 'bad'", None, "FILE:1: unknown variant `bad`"),
        ("a = \n", None, "FILE:1:"),
        // How agents are steered: what would do nothing, or something else than is meant.
        ("effort = 'hard'", None, "unknown variant `hard`, expected one of `quick`, `normal`, `deep`"),
        ("min_confidence = 90", None, "FILE:1: 90 is no share: it is a number from 0 to 1"),
        ("", Some("min_confidence = -1.5"), "-1.5 is no share"),
        (
            "[agents.a]\nadapter = 'claude'\nlens = 'secuirty'",
            None,
            "FILE:3: the lens 'secuirty' is not known; name one of",
        ),
        ("[agents.a]\nadapter = 'claude'\nlens = 'my.md'", None, "tests, or the absolute path of a Markdown file"),
        (
            "[agents.a]\nadapter = 'claude'\neffort = 'hard'",
            None,
            "FILE:3: unknown variant `hard`, expected one of `low`",
        ),
        ("[[instructions]]\ntext = 'x'\npaths = ['a[']", None, "FILE:3: 'a[' is no pattern of paths"),
        ("[[instructions]]\npaths = ['a']", None, "missing field `text`"),
        ("language = 7", None, "FILE:1: invalid type"),
        // What could run or send something is not the repository's to say.
        (
            "",
            Some("[agents.x]\nadapter = 'command'"),
            ".deep-review.toml (of the base commit):1: unknown field `agents`",
        ),
        ("", Some("timeout = 1"), "unknown field `timeout`"),
        ("", Some("[fix]\ncheck = 'make'"), "unknown field `fix`"),
        ("", Some("[fleet]\nurl = 's3://theirs'"), "unknown field `fleet`"),
        (
            "[fleet]\ncache = 'some'",
            None,
            "FILE:2: unknown variant `some`, expected one of `read-write`, `read`, `off`",
        ),
    ] {
        let error = loaded(user, repository, &[]).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
    let error = loaded("", None, &[("DEEP_REVIEW_TIMEOUT", "soon")]).unwrap_err();
    assert_eq!(error, "DEEP_REVIEW_TIMEOUT=soon: it should be a number of seconds");
}

#[test]
fn what_a_fleet_shares_is_said_by_the_user_and_the_environment_alone() {
    let user = "[fleet]\nurl = 's3://team/reviews'\nkey_file = '/k'\nrunners = 4";
    let environment = [("DEEP_REVIEW_FLEET_CACHE", "read"), ("DEEP_REVIEW_FLEET_RUNNERS", "8")];
    let l = loaded(user, None, &environment).unwrap();
    let fleet = &l.config.fleet;
    assert_eq!((fleet.url.as_deref(), fleet.cache, fleet.runners), (Some("s3://team/reviews"), CacheUse::Read, 8));
    assert_eq!(l.origins["fleet"].len(), 3);
    let error = loaded("", None, &[("DEEP_REVIEW_FLEET_CACHE", "mine")]).unwrap_err();
    assert_eq!(error, "DEEP_REVIEW_FLEET_CACHE=mine: it should be read-write, read or off");
}

#[test]
fn without_a_file_everything_is_at_its_default() {
    let nothing = |_: &str| None;
    let l = load(Some(std::path::Path::new("/nowhere/config.toml")), None, &nothing).unwrap();
    assert_eq!(l.config, Config::default());
}

#[test]
fn the_file_is_where_people_expect_it() {
    let at = |pairs: &'static [(&str, &str)]| {
        user_file(&|name| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned())).unwrap()
    };
    assert_eq!(at(&[("XDG_CONFIG_HOME", "/c")]), std::path::Path::new("/c/deep-review/config.toml"));
    assert_eq!(at(&[("XDG_CONFIG_HOME", "/c"), ("DEEP_REVIEW_CONFIG", "/x.toml")]), std::path::Path::new("/x.toml"));
}

#[test]
fn the_schema_that_is_checked_in_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../docs/config.schema.json");
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    if checked_in != schema() && std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, schema()).unwrap();
    }
    assert!(checked_in == schema(), "run the test with UPDATE=1 and commit docs/config.schema.json");
}
