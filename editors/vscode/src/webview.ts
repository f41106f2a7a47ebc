// Makes the report's page fit for a webview, and keeps what is live in it as the editor has it. Pure.

/** The words of the buttons and of what is live. */
export interface Labels {
  open: string;
  apply: string;
  dismiss: string;
  reopen: string;
  /** What stands over the text of the round: "The text below is as of round 3". */
  history: string;
  filter: string;
}

/** A finding as it is now. */
export interface LiveFinding {
  id: string;
  severity: string;
  isOpen: boolean;
  isDismissed: boolean;
  /** What is written at its head: empty while it is open. */
  state: string;
  isFixable: boolean;
}

/** What the page shows of now, and not of the round. */
export interface Live {
  findings: LiveFinding[];
  /** "2 open: 0 critical, 1 important, 1 suggestion". */
  counts: string;
  verdict: string;
}

// The editor styles the code of every webview in its own theme's colours; the page has its own. The filters are folded away.
const STYLE =
  "<style>code,pre,kbd{color:inherit;background-color:transparent}" +
  ".filters{position:static!important}.dr-bar{display:flex;flex-wrap:wrap;gap:.5rem;margin:.5rem 0}" +
  ".dr-live{margin:.2rem 0 1rem}.dr-closed{opacity:.75}" +
  "@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto!important}}</style>";

/**
 * The page comes from our own writer, but what it shows comes from agents, so it gets a policy that runs nothing
 * except scripts with this nonce, and loads nothing at all.
 *
 * Any policy of the page itself is replaced, and the nonce goes only to scripts in the page's head: the writer puts
 * its one script there, before any text of an agent. `at` is the finding to begin at.
 */
export function forWebview(html: string, nonce: string, labels: Labels, live: Live, at = ""): string {
  const policy = `default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'nonce-${nonce}'`;
  const meta = `<meta http-equiv="Content-Security-Policy" content="${policy}">`;
  const end = html.search(/<\/head>/i);
  if (end < 0) return `<!doctype html><html><head>${meta}</head><body>${html}</body></html>`;
  const head = html
    .slice(0, end)
    .replace(/<meta[^>]*http-equiv="?content-security-policy"?[^>]*>/gi, "")
    .replace(/<script\b[^>]*>/gi, `<script nonce="${nonce}">`)
    .replace(/<head\b[^>]*>/i, (tag) => tag + meta + STYLE);
  return `${head}<script nonce="${nonce}">${bridge(labels, live, at)}</script>${html.slice(end)}`;
}

/**
 * Adds buttons to every finding and to each of its fixes, and sends its id when one is pressed; keeps counts, verdict and the
 * findings' states as the editor says they are; follows the editor's theme.
 */
function bridge(labels: Labels, live: Live, at: string): string {
  const data = JSON.stringify({ labels, live, at }).replace(/</g, "\\u003c");
  return `(() => {
  const api = acquireVsCodeApi();
  const { labels, live, at } = ${data};
  const follow = () => {
    const kind = document.body.dataset.vscodeThemeKind;
    document.documentElement.dataset.theme =
      kind === "vscode-dark" || kind === "vscode-high-contrast" ? "dark" : "light";
  };
  const cards = () => document.querySelectorAll("[data-finding]");
  const become = (button, { kind, id, title, fix }) => {
    button.dataset.kind = kind;
    button.textContent = labels[kind];
    button.setAttribute("aria-label", labels[kind] + ": " + title);
    button.onclick = () => api.postMessage(fix === undefined ? { kind, id } : { kind, id, fix });
  };
  /** The buttons of a part. One that is there stays, whatever it is for now: so does whoever is at it with the keyboard. */
  const bar = (part, wanted) => {
    let row = part.querySelector(":scope > .dr-bar");
    if (row === null && wanted.length === 0) return;
    if (row === null) {
      row = document.createElement("div");
      row.className = "dr-bar";
      part.append(row);
    }
    while (row.children.length > wanted.length) row.lastChild.remove();
    wanted.forEach((what, n) => {
      const button = row.children[n] ?? row.appendChild(document.createElement("button"));
      button.type = "button";
      if (button.dataset.kind !== what.kind) become(button, what);
    });
  };
  const show = ({ findings, counts, verdict }) => {
    const known = new Map(findings.map((finding) => [finding.id, finding]));
    for (const card of cards()) {
      const id = card.getAttribute("data-finding");
      const title = card.querySelector("h3, h4")?.textContent ?? "";
      const now = known.get(id);
      if (now === undefined) {
        card.querySelectorAll(".dr-bar").forEach((old) => old.remove());
        continue;
      }
      card.classList.toggle("dr-closed", !now.isOpen);
      let state = card.querySelector(".tag.state");
      if (state === null && now.state !== "") {
        state = document.createElement("span");
        state.className = "tag state";
        card.querySelector(".facts")?.append(" ", state);
      }
      if (state !== null) {
        state.textContent = now.state;
        state.hidden = now.state === "";
      }
      card.querySelectorAll("figure.fix").forEach((figure, fix) =>
        bar(figure, now.isFixable ? [{ kind: "apply", id, title: title + " (" + (fix + 1) + ")", fix }] : []),
      );
      const decide = now.isOpen ? ["dismiss"] : now.isDismissed ? ["reopen"] : [];
      bar(card, ["open", ...decide].map((kind) => ({ kind, id, title })));
    }
    const tiles = document.querySelectorAll(".counts li");
    tiles.forEach((tile) => {
      const number = tile.querySelector("b");
      if (number !== null)
        number.textContent = findings.filter((f) => f.isOpen && f.severity === tile.className).length;
    });
    const words = document.querySelector(".verdict");
    if (words !== null && verdict !== "") {
      const [head, ...notes] = words.children;
      words.setAttribute("role", "status");
      if (head !== undefined) head.textContent = verdict;
      notes.forEach((note) => (note.textContent = counts));
    }
  };
  /** What is of the round stays as it was then, and says so; what has nothing to say is not there. */
  const tidy = () => {
    const history = document.createElement("p");
    history.className = "muted dr-live";
    history.textContent = labels.history;
    document.querySelector("main")?.prepend(history);
    for (const section of document.querySelectorAll("main > section")) {
      const rest = section.cloneNode(true);
      rest.querySelectorAll("h2, h3, p.muted").forEach((part) => part.remove());
      if (rest.textContent.trim() !== "") continue;
      section.hidden = true;
      for (const link of document.querySelectorAll(".toc > ul > li > a"))
        if (link.hash === "#" + section.id) link.parentElement.hidden = true;
    }
    for (const figure of document.querySelectorAll("figure.fix"))
      for (const row of figure.querySelectorAll("tr")) {
        if (!/^(diff --git|index |--- |\\+\\+\\+ )/.test(row.querySelector("code")?.textContent ?? "")) break;
        row.remove();
      }
    const filters = document.querySelector(".filters");
    if (filters !== null) {
      const fold = document.createElement("details");
      const words = document.createElement("summary");
      words.textContent = labels.filter;
      fold.append(words);
      filters.before(fold);
      fold.append(filters);
      filters.querySelector(".theme")?.remove();
    }
  };
  // A question of the editor takes the focus, and the page forgets where it was: whoever comes back is there again.
  let used;
  document.addEventListener("focusin", ({ target }) => (used = target));
  document.addEventListener("pointerdown", () => (used = undefined));
  window.addEventListener("focus", () => {
    if (document.activeElement === document.body && used?.isConnected) used.focus({ preventScroll: true });
  });
  const go = (id) => document.querySelector("[data-finding='" + CSS.escape(id) + "']")?.scrollIntoView();
  window.addEventListener("message", ({ data }) => {
    if (data.kind === "live") show(data.live);
    if (data.kind === "go") go(data.id);
  });
  document.addEventListener("DOMContentLoaded", () => {
    follow();
    new MutationObserver(follow).observe(document.body, { attributeFilter: ["data-vscode-theme-kind"] });
    // After the page's own script, which comes last.
    setTimeout(() => {
      tidy();
      show(live);
      if (at !== "") go(at);
    });
  });
})();`;
}
