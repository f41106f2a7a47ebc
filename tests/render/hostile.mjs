// Texts made of pieces that mean something to readers of Markdown, the same each time unless RENDER_SEED says otherwise: as
// titles and bodies of findings, and by themselves (RENDER_TEXTS of them).
import { writeFileSync } from 'node:fs';

const [out] = process.argv.slice(2);
let state = Number(process.env.RENDER_SEED ?? 1);
const next = (n) => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % 65536 % n;

const PIECES = [
  '![', '[', ']', '(', ')', '](https://e.org/p.png)', '](command:x)', '[r]', '[r]: command:y', '[r]:', 'command:z', '[r]: <command:q>',
  '[r][]', '[a][r]', '[^r]', '[^r]: command:f', '"', "'", '<', '>', '<img src=x onerror=alert(1)>', '<!--', '-->', '<div>', '</div>', '<br>',
  '<a href="command:h">', '\n', '\n\n', '# ', '===', '```', '~~~', '`', '\\', '!', 'a', ' ', '> ', '- ', '10. ', '    ', '|', '\n|---|\n',
  '<command:x>', '<https://e.org>', '&lt;', '&#91;', '<!-- deep-review report, version 1 -->', '**', '*', '_', '\t', '\u00a0', '\f',
  '](<', '>)', '](\n', ']( "', "](x '", ')[', ']]', '[[', '\\[', '\\]', '\\(', '](//', '](data:text/html,x)', '[r]:\n', ']:', ']: ', '[^1]:', '[!NOTE]',
  '1) ', '* ', '+ ', '- [ ] ', '##', '---', '--', '\r', '\r\n', '\u2028', '\u0000', '\u200b', '\u00a0[r]: ', '\u3000', '&#x5d;', '&lbrack;', '&colon;', '&Tab;', '&NewLine;',
  '``', '` `', '$', '$$', ':', '::', '==', '~', '~~', '^', '{', '}', '{#id .c onclick=x}', '<details>', '<summary>', '</details>', '<a ', '<A HREF=', '<a\nhref=command:n>',
  '<svg/onload=x>', '<x:y>', '<math>', '<!x', '<!--x', '--!>', '<?', '?>', ']]>', '<a@b.c>', 'a@b.c', 'www.e.org', 'http:', 'https://e.org/](', 'mailto:a', 'data:text/html,x',
  'javascript:alert(1)', 'file:///etc/passwd', '//e.org', 'vscode://x', '<script>', '</script>', '<svg onload=x>', '<![CDATA[', '<?x', '\u202e',
];
const some = (n) => Array.from({ length: next(n) }, () => PIECES[next(PIECES.length)]).join('');

// What was found live once, or is known to come alive somewhere.
const KNOWN = [
  ['See [ref]', '[ref]: command:workbench.action.terminal.new'],
  ['See [ref]', '    [ref]: command:x'],
  ['[a](', 'command:x)'],
  ['`See [ref]', '`\n\n[ref]:\ncommand:x'],
  ['See [ref][]', '> [ref]: <command:x> "y"'],
  ['See [ref]', '- [ref]: command:x'],
  ['See [ref]', '<div>\n\n[ref]: command:x\n\n</div>'],
  ['x', '[a]: command:x \'[y](command:z)\'\n\n[a]'],
  ['x', '[a]: https://e.org\n[a]: command:x\n\n[a]'],
  ['x', '![x](https://e.org/p.png)'],
  ['x', 'text\n[ref]: command:x\n\n[ref]'],
  ['x', '[ref\nnext]: command:x\n\n[ref next]'],
  ['x', '[r]: \\<command:q>)\n\n[r]'],
  ['- [ ] [r]:|', '[r]'],
  ['[a](**//e.org[r]javascript:alert(1)', '<https://e.org>'],
  ['http://e.org<command:x>', 'www.e.org<command:x>'],
  ['<![CDATA[]<svg onload=x>]]>', 'x'],
  ['x', 'a\n~~~<svg onload=x>'],
  ['x', '`<svg onload=x>\n-|\n`'],
  ['[`<svg onload=x>` `', 'x'],
  ['~`<svg onload=x>`', '` ``* <svg onload=x>`'],
];
for (let n = 0; n < 3; n++) {
  const findings = Array.from({ length: 100 }, (_, i) => KNOWN[n * 100 + i] ?? [some(6), some(14)]);
  const results = findings.map(([title, body], i) => ({
    ruleId: `r${i}`,
    message: { text: title || 'x', markdown: `${title || 'x'}\n\n${body}` },
    locations: [{ physicalLocation: { artifactLocation: { uri: 'src/a.js' }, region: { startLine: 1 + n * 100 + i } } }],
    properties: { title: title || 'x', body, label: 'I1', merged: 'important', severity: 'important' },
  }));
  const driver = { name: ['A [r]', 'B](command:x)', '<img src=x>'][n], properties: { agent: `a${n}`, kind: 'linter' } };
  const sarif = { $schema: 'https://json.schemastore.org/sarif-2.1.0.json', version: '2.1.0', runs: [{ tool: { driver }, results }] };
  writeFileSync(`${out}/hostile-${n}.sarif`, JSON.stringify(sarif));
}
writeFileSync(`${out}/random.json`, JSON.stringify(Array.from({ length: Number(process.env.RENDER_TEXTS ?? 3000) }, () => some(24))));
writeFileSync(`${out}/raw.json`, JSON.stringify(KNOWN.map(([title, body]) => `**${title}**\n\n${body}`)));
