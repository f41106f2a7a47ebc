//! What a continuous integration says it builds for.

/// Variables in which the well-known ones name the branch that a change is to be merged into; the first that is set
/// counts. GitHub (also Gitea and Forgejo), GitLab, Bitbucket, Azure, Jenkins, Drone and Woodpecker, Buildkite, Travis.
const TARGETS: [&str; 8] = [
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "CHANGE_TARGET",
    "DRONE_TARGET_BRANCH",
    "CI_COMMIT_TARGET_BRANCH",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
];
/// Variables that name the default branch, and those that name the branch that is built.
const DEFAULTS: [(&str, &str); 2] = [("CI_DEFAULT_BRANCH", "CI_COMMIT_BRANCH"), ("DRONE_REPO_BRANCH", "DRONE_BRANCH")];

/// The base that the environment of a build names: where its pull request goes; else the repository's default branch,
/// unless that is what is built. `None` outside of a build, and where it says nothing.
#[must_use]
pub fn base_of_build(environment: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let get = |name: &str| environment(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    let is_build = ["CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "JENKINS_URL", "BITBUCKET_BUILD_NUMBER"];
    if !is_build.iter().any(|name| get(name).is_some_and(|value| !matches!(&*value, "false" | "0"))) {
        return None;
    }
    let short = |name: String| name.strip_prefix("refs/heads/").map(str::to_owned).unwrap_or(name);
    let default = || {
        DEFAULTS.iter().find_map(|(default, built)| get(default).filter(|default| get(built).as_ref() != Some(default)))
    };
    TARGETS.iter().find_map(|name| get(name)).or_else(default).map(short)
}

#[cfg(test)]
mod tests {
    use super::base_of_build;

    #[test]
    fn the_base_is_what_the_build_says() {
        for (variables, base) in [
            (&[("CI", "true"), ("GITHUB_BASE_REF", "main")][..], Some("main")),
            (&[("CI", "true"), ("GITHUB_BASE_REF", "")], None),
            (&[("GITHUB_BASE_REF", "main")], None),
            (&[("CI", "false"), ("GITHUB_BASE_REF", "main")], None),
            (
                &[("GITLAB_CI", "true"), ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "v2"), ("CI_DEFAULT_BRANCH", "m")],
                Some("v2"),
            ),
            (&[("CI", "true"), ("CI_DEFAULT_BRANCH", "production"), ("CI_COMMIT_BRANCH", "topic")], Some("production")),
            (&[("CI", "true"), ("CI_DEFAULT_BRANCH", "production"), ("CI_COMMIT_BRANCH", "production")], None),
            (&[("BITBUCKET_BUILD_NUMBER", "7"), ("BITBUCKET_PR_DESTINATION_BRANCH", "trunk")], Some("trunk")),
            (&[("TF_BUILD", "True"), ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main")], Some("main")),
            (&[("JENKINS_URL", "https://ci"), ("CHANGE_TARGET", "main")], Some("main")),
            (&[], None),
        ] {
            let get = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            assert_eq!(base_of_build(&get).as_deref(), base, "{variables:?}");
        }
    }
}
