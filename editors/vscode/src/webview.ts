// Makes the report's page fit for a webview. Pure.

export interface Labels {
  open: string;
  apply: string;
}

// The editor styles the code of every webview in its own theme's colours; the page has its own.
const PLAIN = "<style>code,pre,kbd{color:inherit;background-color:transparent}</style>";

/**
 * The page comes from our own writer, but what it shows comes from agents, so it gets a policy that runs nothing
 * except scripts with this nonce, and loads nothing at all.
 *
 * Any policy of the page itself is replaced, and the nonce goes only to scripts in the page's head: the writer puts
 * its one script there, before any text of an agent.
 */
export function forWebview(html: string, nonce: string, labels: Labels, fixable: readonly string[]): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-${nonce}'`;
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const end = html.search(/<\/head>/i);
  if (end < 0) return `<!doctype html><html><head>${meta}</head><body>${html}</body></html>`;
  const head = html
    .slice(0, end)
    .replace(/<meta[^>]*http-equiv="?content-security-policy"?[^>]*>/gi, "")
    .replace(/<script\b[^>]*>/gi, `<script nonce="${nonce}">`)
    .replace(/<head\b[^>]*>/i, (tag) => tag + meta + PLAIN);
  return `${head}<script nonce="${nonce}">${bridge(labels, fixable)}</script>${html.slice(end)}`;
}

/** Adds the buttons "open" and "apply" to every finding, sends its id when one is pressed; the editor's theme, dark or light. */
function bridge(labels: Labels, fixable: readonly string[]): string {
  const data = JSON.stringify({ labels, fixable }).replace(/</g, "\\u003c");
  return `(() => {
  const api = acquireVsCodeApi();
  const { labels, fixable } = ${data};
  const follow = () => {
    const kind = document.body.dataset.vscodeThemeKind;
    document.documentElement.dataset.theme =
      kind === "vscode-dark" || kind === "vscode-high-contrast" ? "dark" : "light";
  };
  document.addEventListener("DOMContentLoaded", () => {
    follow();
    new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-vscode-theme-kind"] });
    for (const card of document.querySelectorAll("[data-finding]")) {
      const id = card.getAttribute("data-finding");
      const title = card.querySelector("h3, h4")?.textContent ?? "";
      const bar = document.createElement("div");
      bar.style.cssText = "display:flex;gap:.5rem;margin:.5rem 0";
      for (const kind of fixable.includes(id) ? ["open", "apply"] : ["open"]) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = labels[kind];
        button.setAttribute("aria-label", labels[kind] + ": " + title);
        button.addEventListener("click", () => api.postMessage({ kind, id }));
        bar.append(button);
      }
      card.append(bar);
    }
  });
})();`;
}
