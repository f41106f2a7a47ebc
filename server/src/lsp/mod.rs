//! The language server: projects rounds into an editor over LSP.
