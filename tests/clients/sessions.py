"""Sessions of an independent client, in the profiles of Neovim and VS Code: what each can do decides what it is given.

SERVER is the server's path; WORK a folder in which each session makes its repository and leaves its record.
"""
from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities, make_test_lsp_client

HERE = Path(__file__).parent
SERVER, WORK = os.environ["SERVER"], Path(os.environ["WORK"])
PATIENCE = 60  # seconds that anything may take
PROFILES = ["neovim", "visual_studio_code"]
OWN = {"review": {"auto": "off"}}


class Editor:
    """What an editor of that profile has: a repository, open documents, and what it was asked for."""

    def __init__(self, client: LanguageClient, profile: str):
        self.client, self.profile = client, profile
        folder = Path(tempfile.mkdtemp(dir=WORK))
        subprocess.run([HERE.parent / "sample", folder], check=True)
        self.root = folder / "sample"
        self.registered: list[str] = []
        self.applied: list[lsp.WorkspaceEdit] = []
        self.versions: dict[str, int] = {}

    def answers(self) -> None:
        """Answers what pytest-lsp does not, as editors do."""
        @self.client.feature(lsp.CLIENT_REGISTER_CAPABILITY)
        def register(_: LanguageClient, params: lsp.RegistrationParams) -> None:
            self.registered += [registration.method for registration in params.registrations]

        @self.client.feature(lsp.WORKSPACE_APPLY_EDIT)
        def apply(_: LanguageClient, params: lsp.ApplyWorkspaceEditParams) -> lsp.ApplyWorkspaceEditResult:
            self.applied.append(params.edit)
            return lsp.ApplyWorkspaceEditResult(applied=True)

        @self.client.feature(lsp.WORKSPACE_CODE_LENS_REFRESH)
        def refresh_lenses(_: LanguageClient, __: None) -> None:
            pass

        @self.client.feature("deepReview/roundChanged")
        def round_changed(_: LanguageClient, __: object) -> None:
            pass

    async def start(self) -> None:
        self.client.set_configuration({"deepReview": OWN})
        root = self.root.as_uri()
        self.capabilities = client_capabilities(self.profile)
        result = await self.client.initialize_session(lsp.InitializeParams(
            capabilities=self.capabilities, root_uri=root, initialization_options=OWN,
            workspace_folders=[lsp.WorkspaceFolder(uri=root, name="sample")],
        ))
        self.server = result.capabilities

    def uri(self, name: str) -> str:
        return (self.root / name).as_uri()

    def text(self, name: str) -> str:
        return (self.root / name).read_bytes().decode()

    def open(self, name: str) -> None:
        self.versions[name] = 1
        item = lsp.TextDocumentItem(uri=self.uri(name), language_id="python", version=1, text=self.text(name))
        self.client.text_document_did_open(lsp.DidOpenTextDocumentParams(text_document=item))

    def change(self, name: str, at: lsp.Range, text: str) -> None:
        self.versions[name] += 1
        document = lsp.VersionedTextDocumentIdentifier(uri=self.uri(name), version=self.versions[name])
        event = lsp.TextDocumentContentChangePartial(range=at, text=text)
        self.client.text_document_did_change(lsp.DidChangeTextDocumentParams(
            text_document=document, content_changes=[event],
        ))

    async def command(self, name: str, argument: dict, token: str | None = None) -> object:
        if token:
            self.client.progress_reports[token] = []
        return await asyncio.wait_for(self.client.workspace_execute_command_async(lsp.ExecuteCommandParams(
            command=name, arguments=[argument], work_done_token=token,
        )), PATIENCE)

    def shown(self, name: str, title: str = "") -> list[lsp.Diagnostic]:
        return [d for d in self.client.diagnostics.get(self.uri(name), []) if title in d.message]

    async def until(self, what: str, done: Callable[[], bool]) -> None:
        """Waits for diagnostics that make it so. The client may tell of the last ones before it has put them away, so
        that a look is taken now and then without news."""
        end = time.monotonic() + PATIENCE
        while not done():
            more = self.client.wait_for_notification(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
            try:
                await asyncio.wait_for(more, 0.2)
            except TimeoutError:
                if time.monotonic() > end:
                    pytest.fail(f"waited in vain for {what}: {self.client.diagnostics}")

    async def review(self) -> None:
        """Has the branch reviewed by the recorded agents, and waits for what they say."""
        await self.found()
        agents = {"agents": ["claude", "codex", "gemini"]}
        answer = await self.command("deepReview.review", agents, token="review")
        assert (answer["changed"], answer["number"], answer["failed"]) == (True, 1, []), answer
        await self.until("the merged findings", lambda: all(
            found and "not yet merged" not in found[0].message
            for found in (self.shown("src/pool.py"), self.shown("src/windows.py"), self.shown("src/emoji.py"))
        ))

    async def found(self) -> None:
        """The server looks for the repository in the background."""
        for _ in range(PATIENCE * 50):
            status = await self.client.protocol.send_request_async("deepReview/status", {})
            if any(getattr(repository, "branch", None) for repository in status.repositories):
                return
            await asyncio.sleep(0.02)
        pytest.fail("the repository was not found")


@pytest_lsp.fixture(
    params=PROFILES,
    config=ClientServerConfig(
        server_command=[sys.executable, "-B", str(HERE / "relay.py"), str(WORK), SERVER, "lsp"],
        client_factory=make_test_lsp_client,
    ),
)
async def client(request: pytest.FixtureRequest, lsp_client: LanguageClient):
    lsp_client.editor = Editor(lsp_client, request.param)
    lsp_client.editor.answers()
    await lsp_client.editor.start()
    yield
    await lsp_client.shutdown_session()


@pytest.mark.asyncio
async def test_a_review_shows_merged_findings_and_balanced_progress(client: LanguageClient):
    editor: Editor = client.editor
    editor.open("src/pool.py")
    await editor.review()
    [found] = editor.shown("src/pool.py")
    assert (found.source, found.severity) == ("deep-review · Claude (recorded), Codex (recorded)", lsp.DiagnosticSeverity.Warning)
    assert found.code == "I1" and found.data
    # The file that is not open is shown too.
    assert editor.shown("src/emoji.py", "LIMIT is never used")
    titles = []
    for token, reports in client.progress_reports.items():
        kinds = [report.kind for report in reports]
        assert kinds[0] == "begin" and kinds[-1] == "end", (token, kinds)
        assert set(kinds[1:-1]) <= {"report"}, (token, kinds)
        titles.append(reports[0].title)
    assert sorted(titles) == ["Review: Claude (recorded)", "Review: Codex (recorded)", "Review: Gemini (recorded)", "deepReview.review"]


@pytest.mark.asyncio
async def test_findings_follow_edits_and_are_closed_by_their_fix(client: LanguageClient):
    editor: Editor = client.editor
    editor.open("src/pool.py")
    await editor.review()
    start = editor.shown("src/pool.py")[0].range.start.line
    top = lsp.Range(start=lsp.Position(0, 0), end=lsp.Position(0, 0))
    editor.change("src/pool.py", top, "# new\n")
    await editor.until("it to move", lambda: editor.shown("src/pool.py")[0].range.start.line == start + 1)
    [found] = editor.shown("src/pool.py")
    actions = await client.text_document_code_action_async(lsp.CodeActionParams(
        text_document=lsp.TextDocumentIdentifier(uri=editor.uri("src/pool.py")), range=found.range,
        context=lsp.CodeActionContext(diagnostics=[found], only=[lsp.CodeActionKind.QuickFix]),
    ))
    fix = next(action for action in actions if action.title.startswith("Apply fix: Check first"))
    assert any(action.title.startswith("Dismiss I1") for action in actions)
    if fix.edit is None:
        fix = await client.code_action_resolve_async(fix)
    edits, version = edits_of(fix.edit, editor.uri("src/pool.py"))
    able = editor.capabilities.workspace.workspace_edit
    assert version == (2 if able.document_changes else None)
    for edit in sorted(edits, key=lambda e: -e.range.start.line):
        editor.change("src/pool.py", edit.range, edit.new_text)
    await editor.until("it to be closed", lambda: not editor.shown("src/pool.py"))
    # The same by command, on the text as it was reviewed: the editor is asked to apply it.
    await editor.command("deepReview.applyFix", {"id": "S2"})
    assert len(editor.applied) == 1


def edits_of(edit: lsp.WorkspaceEdit, uri: str) -> tuple[list[lsp.TextEdit], int | None]:
    if edit.changes:
        return list(edit.changes[uri]), None
    [change] = edit.document_changes
    assert change.text_document.uri == uri
    return list(change.edits), change.text_document.version


@pytest.mark.asyncio
async def test_hover_lenses_links_and_the_report(client: LanguageClient):
    editor: Editor = client.editor
    editor.open("src/pool.py")
    await editor.review()
    document = lsp.TextDocumentIdentifier(uri=editor.uri("src/pool.py"))
    at = editor.shown("src/pool.py")[0].range.start
    hover = await client.text_document_hover_async(lsp.HoverParams(text_document=document, position=at))
    assert "**I1 · Important**" in hover.contents.value and "Codex (recorded) (Critical)" in hover.contents.value
    lenses = await client.text_document_code_lens_async(lsp.CodeLensParams(text_document=document))
    titles = [lens.command.title for lens in lenses]
    assert titles[:2] == ["Review round 1: 1 Important", "Review again"]
    assert "give: 1 finding: " in str(titles) and "take: nothing open" in titles, titles
    report = await editor.command("deepReview.showReport", {"show": True, "id": "I1"})
    able = bool(editor.capabilities.window.show_document and editor.capabilities.window.show_document.support)
    assert report["shown"] == able and len(client.shown_documents) == able
    item = lsp.TextDocumentItem(uri=report["uri"], language_id="markdown", version=1, text=report["text"])
    client.text_document_did_open(lsp.DidOpenTextDocumentParams(text_document=item))
    links = await client.text_document_document_link_async(lsp.DocumentLinkParams(
        text_document=lsp.TextDocumentIdentifier(uri=report["uri"]),
    ))
    assert any(link.target.startswith(editor.uri("src/pool.py") + "#L") for link in links)


@pytest.mark.asyncio
async def test_positions_are_in_the_encoding_that_was_agreed_on(client: LanguageClient):
    editor: Editor = client.editor
    offered = (editor.capabilities.general.position_encodings if editor.capabilities.general else None) or ["utf-16"]
    encoding = editor.server.position_encoding
    assert encoding == offered[0], "the client's first choice"
    await editor.review()
    [found] = editor.shown("src/emoji.py")
    line = editor.text("src/emoji.py").split("\n")[found.range.end.line]
    units = {"utf-8": len(line.encode()), "utf-16": len(line.encode("utf-16-le")) // 2, "utf-32": len(line)}
    assert found.range.end.character == units[encoding]


@pytest.mark.asyncio
async def test_what_is_registered_is_what_the_client_takes(client: LanguageClient):
    editor: Editor = client.editor
    await editor.found()
    workspace = editor.capabilities.workspace
    def dynamic(able: object) -> bool:
        return bool(able and able.dynamic_registration)
    wanted = {
        lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES: dynamic(workspace.did_change_watched_files),
        lsp.WORKSPACE_DID_CHANGE_CONFIGURATION: dynamic(workspace.did_change_configuration),
    }
    assert set(editor.registered) == {method for method, able in wanted.items() if able}
    # These are pushed; nobody gets both.
    assert editor.server.diagnostic_provider is None


@pytest.mark.asyncio
async def test_what_is_wrong_is_refused_with_a_message(client: LanguageClient):
    editor: Editor = client.editor
    await editor.found()
    for name, argument, code, says in [
        ("deepReview.applyFix", {"id": "I99"}, -32803, "run a review first"),
        ("deepReview.review", {"scope": 1}, -32602, "unknown field `scope`"),
        ("deepReview.nonsense", {}, -32602, "there is no command"),
        ("deepReview.showReport", {}, -32803, "run a review first"),
    ]:
        with pytest.raises(JsonRpcException) as refused:
            await editor.command(name, argument)
        assert (refused.value.code, says in refused.value.message) == (code, True), refused.value
