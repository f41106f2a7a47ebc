// Makes the report's page fit for a webview. Pure.

export interface Labels {
  open: string;
  apply: string;
}

/**
 * The page comes from our own writer, but what it shows comes from agents, so it gets a policy that runs nothing
 * except scripts with this nonce, and loads nothing at all.
 *
 * Any policy of the page itself is replaced, and the nonce goes only to scripts in the page's head: the writer puts
 * its one script there, before any text of an agent.
 */
export function forWebview(html: string, nonce: string, labels: Labels): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-${nonce}'`;
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const end = html.search(/<\/head>/i);
  if (end < 0) return `<!doctype html><html><head>${meta}</head><body>${html}</body></html>`;
  const head = html
    .slice(0, end)
    .replace(/<meta[^>]*http-equiv="?content-security-policy"?[^>]*>/gi, "")
    .replace(/<script\b[^>]*>/gi, `<script nonce="${nonce}">`)
    .replace(/<head\b[^>]*>/i, (tag) => tag + meta);
  return `${head}<script nonce="${nonce}">${bridge(labels)}</script>${html.slice(end)}`;
}

/** Adds the buttons "open" and "apply" to every finding, and sends its label when one is pressed. */
function bridge(labels: Labels): string {
  const words = JSON.stringify(labels).replace(/</g, "\\u003c");
  return `(() => {
  const api = acquireVsCodeApi();
  const words = ${words};
  document.addEventListener("DOMContentLoaded", () => {
    for (const card of document.querySelectorAll("[data-finding]")) {
      const label = card.getAttribute("data-finding");
      const bar = document.createElement("div");
      bar.style.cssText = "display:flex;gap:.5rem;margin:.5rem 0";
      const kinds = card.hasAttribute("data-fix") ? ["open", "apply"] : ["open"];
      for (const kind of kinds) {
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = words[kind];
        button.setAttribute("aria-label", words[kind] + " " + label);
        button.addEventListener("click", () => api.postMessage({ kind, label }));
        bar.append(button);
      }
      (card.querySelector("h3, h4, summary")?.parentElement ?? card).after === undefined ? card.append(bar) : card.append(bar);
    }
  });
})();`;
}
