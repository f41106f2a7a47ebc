//! Documents of all kinds, and what is read of them.

mod styles;

pub(crate) fn fixtures() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../fixtures/reports")
}
