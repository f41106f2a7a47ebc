// Bundles the extension, or with --tests its unit tests, into dist/.
import { build } from "esbuild";
import { readdirSync } from "node:fs";

const production = process.argv.includes("--production");
const tests = process.argv.includes("--tests");

/**
 * The language client asks `semver` whether the editor is new enough for it. The manifest's `engines` has seen to that before
 * anything of ours is loaded, so that the library need not come along.
 */
const noVersionCheck = replaced(/^semver\/functions\/(parse|satisfies)$/, () => "module.exports = () => true");

/**
 * What our server has no part in. The language client has a feature for each of them, and says to the server that it has;
 * without them it says less, and the bundle is smaller.
 */
const UNUSED = {
  callHierarchy: ["CallHierarchyFeature"],
  colorProvider: ["ColorProviderFeature"],
  completion: ["CompletionItemFeature"],
  declaration: ["DeclarationFeature"],
  definition: ["DefinitionFeature"],
  documentHighlight: ["DocumentHighlightFeature"],
  documentSymbol: ["DocumentSymbolFeature"],
  foldingRange: ["FoldingRangeFeature"],
  formatting: ["DocumentFormattingFeature", "DocumentRangeFormattingFeature", "DocumentOnTypeFormattingFeature"],
  implementation: ["ImplementationFeature"],
  inlayHint: ["InlayHintsFeature"],
  inlineValue: ["InlineValueFeature"],
  linkedEditingRange: ["LinkedEditingFeature"],
  notebook: ["NotebookDocumentSyncFeature"],
  reference: ["ReferencesFeature"],
  rename: ["RenameFeature"],
  selectionRange: ["SelectionRangeFeature"],
  semanticTokens: ["SemanticTokensFeature"],
  signatureHelp: ["SignatureHelpFeature"],
  typeDefinition: ["TypeDefinitionFeature"],
  typeHierarchy: ["TypeHierarchyFeature"],
  workspaceSymbol: ["WorkspaceSymbolFeature"],
};
const noUnusedFeatures = replaced(new RegExp(`^\\./(${Object.keys(UNUSED).join("|")})$`), (path) => {
  const nothing = `class Nothing {
    getState() { return { kind: "static" }; }
    fillClientCapabilities() {}
    initialize() {}
    clear() {}
  }`;
  return `${nothing}\n${UNUSED[path.slice(2)].map((name) => `exports.${name} = Nothing;`).join("\n")}`;
});

/** A plugin that puts another text in the place of modules of the language client. */
function replaced(filter, contents) {
  const namespace = `in place of ${filter.source}`;
  return {
    name: namespace,
    setup({ onResolve, onLoad }) {
      onResolve({ filter }, ({ path, importer }) =>
        importer.includes("vscode-languageclient") ? { path, namespace } : undefined,
      );
      onLoad({ filter: /.*/, namespace }, ({ path }) => ({ contents: contents(path) }));
    },
  };
}

await build({
  entryPoints: tests
    ? readdirSync("test/unit").map((file) => `test/unit/${file}`)
    : ["src/extension.ts", "src/client.ts"],
  outdir: tests ? "dist/test" : "dist",
  bundle: true,
  platform: "node",
  format: "cjs",
  target: "node18",
  // The language client is a file of its own, which is loaded once the extension is active.
  external: tests ? ["vscode"] : ["vscode", "./client.js"],
  minify: production,
  plugins: [noVersionCheck, noUnusedFeatures],
  sourcemap: production ? false : "linked",
  logLevel: "warning",
});
