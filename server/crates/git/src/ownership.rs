//! Whether a repository that somebody else owns may be opened. libgit2 asks `safe.directory`, but does not know the form
//! `/path/*`, which git takes for all that is below.

use git2::{Config, Error, Repository};
use std::path::Path;
use std::sync::{PoisonError, RwLock};

/// libgit2's switch is one for the whole process: nobody opens anything while it is off for one repository.
static SWITCH: RwLock<()> = RwLock::new(());

/// Opens a repository as libgit2 does: only if the user owns it, or names it in `safe.directory`.
pub(crate) fn checked(open: impl FnOnce() -> Result<Repository, Error>) -> Result<Repository, Error> {
    let _others = SWITCH.read().unwrap_or_else(PoisonError::into_inner);
    open()
}

/// Opens one that [`is_trusted`].
pub(crate) fn unchecked(open: impl FnOnce() -> Result<Repository, Error>) -> Result<Repository, Error> {
    let _alone = SWITCH.write().unwrap_or_else(PoisonError::into_inner);
    set_check(false)?;
    let opened = open();
    set_check(true)?;
    opened
}

fn set_check(is_on: bool) -> Result<(), Error> {
    #[expect(unsafe_code, reason = "libgit2 keeps the switch without a lock; `SWITCH` is one")]
    // SAFETY: every opening of this crate goes through this module, and the lock keeps them apart.
    unsafe {
        git2::opts::set_verify_owner_validation(is_on)
    }
}

/// Whether the user's or the system's configuration names the folder, as git reads it.
pub(crate) fn is_trusted(top: &Path) -> bool {
    let Ok(config) = Config::open_default() else { return false };
    let Ok(mut entries) = config.multivar("safe.directory", None) else { return false };
    let mut values = Vec::new();
    while let Some(Ok(entry)) = entries.next() {
        values.push(entry.value().unwrap_or_default().to_owned());
    }
    names(values.iter().map(String::as_str), top)
}

/// An empty value takes back all before it, `*` is everything, and `/path/*` all below a folder.
fn names<'v>(values: impl Iterator<Item = &'v str>, top: &Path) -> bool {
    let mut is_named = false;
    for value in values {
        is_named = match value {
            "" => false,
            "*" => true,
            value => is_named || is_one(value, top),
        };
    }
    is_named
}

fn is_one(value: &str, top: &Path) -> bool {
    let real = |path: &str| dunce::canonicalize(path).unwrap_or_else(|_| Path::new(path).to_owned());
    match value.strip_suffix("/*") {
        Some(folder) => Path::new(value).is_absolute() && top != real(folder) && top.starts_with(real(folder)),
        None => Path::new(value).is_absolute() && top == real(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_safe_directory_are_read_as_git_reads_them() {
        for (values, is_named) in [
            (&["/srv/*"][..], true),
            (&["/srv/git/*"], true),
            (&["/srv/git/r"], true),
            (&["*"], true),
            (&["/srv/git/r/*"], false),
            (&["/srv/gi*"], false),
            (&["/other/*", "srv/*", "."], false),
            (&["*", ""], false),
            (&["*", "", "/srv/*"], true),
            (&[], false),
        ] {
            assert_eq!(names(values.iter().copied(), Path::new("/srv/git/r")), is_named, "{values:?}");
        }
    }
}
