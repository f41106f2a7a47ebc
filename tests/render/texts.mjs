// All Markdown of the reports, what a hover joins of the findings' comments, and what became of the texts by themselves:
// texts.json. The last texts are what agents wrote, as it is: by them, it is seen that live links are seen.
import { readFileSync, writeFileSync } from 'node:fs';

const [out] = process.argv.slice(2);
const read = (format) => readFileSync(`${out}/report.${format}`, 'utf8');
const github = JSON.parse(read('github'));
const comments = github.comments.map((comment) => comment.body);
const sarif = JSON.parse(read('sarif')).runs.flatMap((run) => run.results.map((result) => result.message.markdown).filter(Boolean));
const rdjson = JSON.parse(read('rdjson')).diagnostics.map((diagnostic) => diagnostic.message);
const pairs = comments.slice(1).map((comment, i) => `${comments[i]}\n\n---\n\n${comment}`);
const raw = JSON.parse(readFileSync(`${out}/raw.json`, 'utf8'));
const made = JSON.parse(readFileSync(`${out}/made.json`, 'utf8'));
const texts = [read('markdown'), github.body, comments.join('\n\n---\n\n'), ...comments, ...pairs, ...sarif, ...rdjson, ...made];
if (comments.length < 250 || sarif.length < 250 || rdjson.length < 250) {
  throw new Error(`too few findings: ${comments.length} comments, ${sarif.length} results, ${rdjson.length} diagnostics`);
}
writeFileSync(`${out}/texts.json`, JSON.stringify([...texts, ...raw]));
writeFileSync(`${out}/raw-from.json`, JSON.stringify(texts.length));
