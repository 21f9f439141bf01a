import {
  type Block,
  chartWidth,
  escapeMarkup,
  faintInk,
  ink,
  paragraph,
  stack,
  textWidth,
} from "dlm/display/_block.ts";

/** What is used here of an element of linkedom's document, which comes without types. */
export interface Drawn {
  tagName: string;
  textContent: string;
  outerHTML: string;
  children: Iterable<Drawn>;
  parentNode: Drawn;
  attributes: Iterable<{ name: string; value: string }>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  querySelectorAll(selector: string): Iterable<Drawn>;
  remove(): void;
}

/**
 * What Plot drew, as one block. A plot with a title or a legend is an HTML figure with
 * headings, swatches and several drawings in it: here each becomes SVG.
 */
export function figureBlock(element: Drawn): Block {
  switch (element.tagName.toLowerCase()) {
    case "svg":
      return drawing(element);
    case "figure":
      return stack([...element.children].map(figureBlock));
    case "h2":
      return paragraph(element.textContent, { size: 16 });
    case "h3":
      return paragraph(element.textContent, { color: faintInk });
    case "figcaption":
      return paragraph(element.textContent, { color: faintInk });
    default:
      return swatches(element);
  }
}

/** One svg element, cleaned of what depends on the page around it. */
function drawing(svg: Drawn): Block {
  for (const style of svg.querySelectorAll("style")) style.remove();
  for (const element of [svg, ...svg.querySelectorAll("*")]) {
    for (const { name, value } of [...element.attributes]) {
      // linkedom writes attributes as HTML has them, where "<" and "&" need no entities.
      element.setAttribute(name, escapeMarkup(plain(name, value)));
    }
  }
  svg.setAttribute("overflow", "visible");
  const [width, height] = ["width", "height"].map((name) => Number(svg.getAttribute(name)));
  // linkedom leaves in texts what no XML may have.
  const markup = svg.outerHTML.toWellFormed().replaceAll(NOT_XML, "\ufffd");
  return { markup, width: width!, height: height! };
}

// deno-lint-ignore no-control-regex -- they are meant
const NOT_XML = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g;

const geometry = /^(d|transform|points|[xy][12]?|c[xy]|r[xy]?|d[xy]|width|height)$/;

/**
 * An attribute without the colours that a page's theme would decide, and with
 * hundredths of a pixel in place of seventeen digits.
 */
function plain(name: string, value: string): string {
  if (!geometry.test(name)) {
    return value.replaceAll("currentColor", ink)
      .replaceAll("var(--plot-background)", "white");
  }
  return value.replace(
    /-?\d*\.\d+(e[-+]?\d+)?/g,
    (number) => String(Math.round(100 * Number(number)) / 100),
  );
}

/** The legend of an ordinal colour or symbol scale: each swatch with its name beside it. */
function swatches(legend: Drawn): Block {
  const [size, height] = [11, 20];
  let x = 0;
  let y = 0;
  let markup = "";
  let width = 0;
  for (const svg of legend.querySelectorAll("svg")) {
    const label = svg.parentNode.textContent;
    const block = drawing(svg);
    const wide = block.width + 6 + textWidth(label, size) + 14;
    if (x > 0 && x + wide > chartWidth) [x, y] = [0, y + height];
    const name = paragraph(label, { size });
    markup += `<g transform="translate(${x},${y})">${block.markup}` +
      `<g transform="translate(${block.width + 6},0)">${name.markup}</g></g>`;
    x += wide;
    width = Math.max(width, x);
  }
  return { markup, width, height: y + height };
}
