//! What the client can do, looked up once; and what we offer it.

use super::commands::CommandName;
use super::encoding::Encoding;
use lsp_types::*;
use serde_json::Value;

/// The kind of code action that applies every fix of a file which applies without doubt.
pub(crate) const FIX_ALL: &str = "source.fixAll.deepReview";

/// The client's capabilities that matter to us.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is one independent capability of the protocol")]
pub(crate) struct ClientCapabilities {
    pub(crate) encoding: Encoding,
    /// It asks for diagnostics; nothing is pushed to it.
    pub(crate) pulls: bool,
    pub(crate) diagnostic_refresh: bool,
    pub(crate) lens_refresh: bool,
    pub(crate) related_information: bool,
    pub(crate) code_description: bool,
    pub(crate) diagnostic_tags: bool,
    pub(crate) action_literals: bool,
    pub(crate) action_disabled: bool,
    /// `codeAction/resolve` may bring the edit later.
    pub(crate) action_resolve: bool,
    pub(crate) document_changes: bool,
    pub(crate) annotations: bool,
    pub(crate) create_files: bool,
    pub(crate) delete_files: bool,
    pub(crate) rename_files: bool,
    pub(crate) apply_edit: bool,
    pub(crate) progress: bool,
    pub(crate) show_document: bool,
    pub(crate) link_tooltips: bool,
    /// Its hover shows the diagnostic with its related places beside ours, and folds `<details>`.
    pub(crate) rich_hover: bool,
    pub(crate) configuration: bool,
    pub(crate) watches: bool,
    pub(crate) configuration_registration: bool,
}

impl ClientCapabilities {
    pub(crate) fn of(params: &InitializeParams) -> Self {
        let client = &params.capabilities;
        let workspace = client.workspace.clone().unwrap_or_default();
        let document = client.text_document.clone().unwrap_or_default();
        let window = client.window.clone().unwrap_or_default();
        let action = document.code_action.clone().unwrap_or_default();
        let edit = workspace.workspace_edit.clone().unwrap_or_default();
        let publish = document.publish_diagnostics.clone();
        let refresh = workspace.diagnostics.as_ref().and_then(|d| d.refresh_support).unwrap_or(false);
        let options = params.initialization_options.as_ref();
        let option = |name| options.and_then(|options| options.get(name)).and_then(Value::as_str);
        // Pushed findings appear at once, in files that are not open too; so a client that takes them gets them
        // pushed, unless it asks for the other way.
        let pulls = document.diagnostic.is_some() && (publish.is_none() || option("diagnostics") == Some("pull"));
        let publish = publish.unwrap_or_default();
        let operations = edit.resource_operations.unwrap_or_default();
        let can = |operation| edit.document_changes.unwrap_or(false) && operations.contains(&operation);
        Self {
            encoding: Encoding::negotiate(client.general.as_ref().and_then(|g| g.position_encodings.as_deref())),
            pulls,
            diagnostic_refresh: refresh,
            lens_refresh: workspace.code_lens.and_then(|l| l.refresh_support).unwrap_or(false),
            related_information: pulls || publish.related_information.unwrap_or(false),
            code_description: pulls || publish.code_description_support.unwrap_or(false),
            diagnostic_tags: pulls || publish.tag_support.is_some(),
            action_literals: action.code_action_literal_support.is_some(),
            action_disabled: action.disabled_support.unwrap_or(false),
            action_resolve: action.data_support.unwrap_or(false)
                && action.resolve_support.is_some_and(|r| r.properties.iter().any(|p| p == "edit")),
            document_changes: edit.document_changes.unwrap_or(false),
            annotations: edit.change_annotation_support.is_some()
                && action.honors_change_annotations.unwrap_or(false)
                && edit.document_changes.unwrap_or(false),
            create_files: can(ResourceOperationKind::Create),
            delete_files: can(ResourceOperationKind::Delete),
            rename_files: can(ResourceOperationKind::Rename),
            apply_edit: workspace.apply_edit.unwrap_or(false),
            progress: window.work_done_progress.unwrap_or(false),
            link_tooltips: document.document_link.and_then(|l| l.tooltip_support).unwrap_or(false),
            rich_hover: option("hover") == Some("rich"),
            show_document: window.show_document.is_some_and(|s| s.support),
            configuration: workspace.configuration.unwrap_or(false),
            watches: workspace.did_change_watched_files.is_some_and(|w| w.dynamic_registration.unwrap_or(false)),
            configuration_registration: workspace
                .did_change_configuration
                .is_some_and(|c| c.dynamic_registration.unwrap_or(false)),
        }
    }

    /// What we offer this client.
    pub(crate) fn server(&self) -> ServerCapabilities {
        let files = FileOperationRegistrationOptions {
            filters: vec![FileOperationFilter {
                scheme: Some("file".into()),
                pattern: FileOperationPattern { glob: "**/*".into(), matches: None, options: None },
            }],
        };
        ServerCapabilities {
            position_encoding: Some(self.encoding.kind()),
            text_document_sync: Some(TextDocumentSyncCapability::Options(TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::INCREMENTAL),
                will_save: None,
                will_save_wait_until: None,
                save: Some(TextDocumentSyncSaveOptions::Supported(true)),
            })),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            code_lens_provider: Some(CodeLensOptions { resolve_provider: Some(false) }),
            document_link_provider: Some(DocumentLinkOptions {
                resolve_provider: Some(false),
                work_done_progress_options: WorkDoneProgressOptions::default(),
            }),
            code_action_provider: self.action_literals.then(|| {
                CodeActionProviderCapability::Options(CodeActionOptions {
                    code_action_kinds: Some(vec![CodeActionKind::QUICKFIX, CodeActionKind::new(FIX_ALL)]),
                    resolve_provider: Some(self.action_resolve),
                    work_done_progress_options: WorkDoneProgressOptions::default(),
                })
            }),
            execute_command_provider: Some(ExecuteCommandOptions {
                commands: CommandName::ALL.iter().map(|name| name.as_str().to_owned()).collect(),
                work_done_progress_options: WorkDoneProgressOptions { work_done_progress: Some(true) },
            }),
            diagnostic_provider: self.pulls.then(|| {
                DiagnosticServerCapabilities::Options(DiagnosticOptions {
                    identifier: Some("deep-review".into()),
                    inter_file_dependencies: true,
                    workspace_diagnostics: true,
                    work_done_progress_options: WorkDoneProgressOptions::default(),
                })
            }),
            workspace: Some(WorkspaceServerCapabilities {
                workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                    supported: Some(true),
                    change_notifications: Some(OneOf::Left(true)),
                }),
                file_operations: Some(WorkspaceFileOperationsServerCapabilities {
                    did_rename: Some(files.clone()),
                    did_delete: Some(files),
                    ..WorkspaceFileOperationsServerCapabilities::default()
                }),
            }),
            ..ServerCapabilities::default()
        }
    }
}
