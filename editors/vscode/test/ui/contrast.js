/* global atob, Blob, createImageBitmap, OffscreenCanvas -- of the browser */
// The contrast of what is seen, from the pixels of a screenshot.

/**
 * The contrast of the text of an element to its ground, as WCAG 2 has it (1 to 21): the ground is the commonest colour, the
 * text the one of the others that differs most from it and is no stray pixel.
 */
async function contrast(page, selector) {
  const picture = (await page.locator(selector).first().screenshot()).toString("base64");
  // A page of its own, whose policy does not forbid the picture.
  const blank = await page.context().browser().newPage();
  try {
    return await blank.evaluate(async (data) => {
      const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
      const context = canvas.getContext("2d");
      context.drawImage(bitmap, 0, 0);
      const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
      const counts = new Map();
      for (let at = 0; at < pixels.length; at += 4) {
        const colour = (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
        counts.set(colour, (counts.get(colour) ?? 0) + 1);
      }
      const linear = (part) => (part <= 10.31475 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4);
      const light = (c) => 0.2126 * linear(c >> 16) + 0.7152 * linear((c >> 8) & 255) + 0.0722 * linear(c & 255);
      const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
      const [[ground], ...others] = [...counts].sort((a, b) => b[1] - a[1]);
      return Math.max(1, ...others.filter(([, count]) => count >= 5).map(([colour]) => ratio(ground, colour)));
    }, picture);
  } finally {
    await blank.close();
  }
}

module.exports = { contrast };
