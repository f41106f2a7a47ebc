// Holds the rendered texts, and the page, to what may be live in them.
import { readFileSync } from 'node:fs';
import MarkdownIt from 'markdown-it';
import { marked } from 'marked';
import rehypeParse from 'rehype-parse';
import rehypeSanitize from 'rehype-sanitize';
import rehypeStringify from 'rehype-stringify';
import { unified } from 'unified';

const [out] = process.argv.slice(2);
const json = (name) => JSON.parse(readFileSync(`${out}/${name}.json`, 'utf8'));

// As VS Code's preview has it, but that it lets every address through: a link is live if it is a link.
const preview = new MarkdownIt({ html: true, linkify: true });
preview.linkify.set({ fuzzyLink: false });
preview.validateLink = () => true;

// By default, it keeps to GitHub's list of what may stay.
const plain = unified().use(rehypeParse, { fragment: true }).use(rehypeStringify);
const github = unified().use(rehypeParse, { fragment: true }).use(rehypeSanitize).use(rehypeStringify);
const tags = (html) => (html.match(/<[a-z][^>]*>/gi) ?? []).map((tag) => tag.replace(/ (id|name)="[^"]*"/g, ''));

const texts = json('texts');
const renderers = {
  'markdown-it': texts.map((text) => preview.render(text)),
  marked: texts.map((text) => marked.parse(text, { gfm: true, async: false })),
  'cmark-gfm': json('cmark'),
};

const TAGS = new Set(
  ('a p h1 h2 h3 h4 h5 h6 strong em del s code pre ul ol li table thead tbody tr th td hr br blockquote input ' +
    'html head meta title style body header main section article nav div span dl dt dd details summary figure figcaption footer form ' +
    'fieldset legend label button ins script b').split(' '),
);
const PAGE_ONLY = new Set('html head meta title style body header main section article nav div span dl dt dd figure figcaption footer form fieldset legend label button script'.split(' '));

/** What is live in the HTML and must not be. Addresses of the web, and of mail, are what renderers make of plain text too. */
function live(html, isPage) {
  const found = [];
  for (const [tag, name, attributes] of html.replace(/<!--[\s\S]*?-->/g, '').matchAll(/<([a-zA-Z][^\s/>]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/g)) {
    const word = name.toLowerCase();
    if (!TAGS.has(word) || (!isPage && PAGE_ONLY.has(word))) found.push(tag);
    if (/\son[a-z]+\s*=/i.test(attributes.replace(/"[^"]*"|'[^']*'/g, '""'))) found.push(tag);
    if (/\ssrc\s*=/i.test(attributes.replace(/"[^"]*"|'[^']*'/g, '""'))) found.push(tag);
    const address = /\shref\s*=\s*"([^"]*)"/i.exec(attributes)?.[1];
    if (address !== undefined && !/^((https?:)?\/\/|#|mailto:|xmpp:)/i.test(address)) found.push(tag);
  }
  return found;
}

const from = json('raw-from');
let failed = false;
for (const [renderer, pages] of Object.entries(renderers)) {
  let links = 0;
  pages.slice(0, from).forEach((html, i) => {
    links += (html.match(/<a /g) ?? []).length;
    for (const tag of live(html, false)) {
      failed = true;
      console.error(`${renderer}: ${tag}\n  in ${JSON.stringify(texts[i]).slice(0, 300)}`);
    }
  });
  const seen = pages.slice(from).filter((html) => live(html, false).length > 0).length;
  if (seen < 6) throw new Error(`${renderer}: of what agents wrote, only ${seen} texts are seen to be live: the check is blind`);
  console.log(`${renderer}: ${from} texts, ${links} links to the web, nothing else; ${seen} of ${pages.length - from} texts are live as agents wrote them`);
}
const takenOut = (html) => {
  const left = tags(String(github.processSync(html)));
  return tags(String(plain.processSync(html))).filter((tag) => left[0] !== tag || left.shift() === undefined);
};
const byGithub = renderers['cmark-gfm'].map(takenOut);
byGithub.slice(0, from).forEach((taken, i) => {
  for (const tag of taken) {
    failed = true;
    console.error(`GitHub takes out ${tag}\n  in ${JSON.stringify(texts[i]).slice(0, 300)}`);
  }
});
const takes = byGithub.slice(from).filter((taken) => taken.length > 0).length;
if (takes < 4) throw new Error(`GitHub takes something out of ${takes} texts as agents wrote them: the check is blind`);
console.log(`GitHub takes out nothing; of ${takes} texts as agents wrote them, it takes something`);
const page = readFileSync(`${out}/report.html`, 'utf8');
for (const tag of live(page, true)) {
  failed = true;
  console.error(`the page: ${tag}`);
}
if (/[\u202a-\u202e\u2066-\u2069]/.test(page)) {
  failed = true;
  console.error('the page: a character that turns the direction of writing');
}
process.exit(failed ? 1 : 0);
