import assert from "node:assert/strict";
import { parseHTML } from "linkedom";
import { filmstrip } from "dlm/display/frames/filmstrip.ts";
import { player } from "dlm/display/frames/player.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";
import { frameOf, FRAMES, tokenizer } from "../_frames.ts";
import { bundleOf } from "../_support.ts";

interface Element {
  textContent: string;
  innerHTML: string;
  value: string;
  max: string;
  isConnected: boolean;
  style: { display: string };
  parentNode: Element;
  nextElementSibling: Element;
  getAttribute(name: string): string;
  querySelectorAll(selector: string): Element[];
}

/** The player as a page would have it, with its attributes' scripts made functions. */
async function open(frames = FRAMES) {
  const html = bundleOf(await player(frames, tokenizer))["text/html"]!;
  const { document } = parseHTML(`<body>${html}</body>`) as unknown as { document: Element };
  const one = (selector: string) => document.querySelectorAll(selector)[0]!;
  const [button, slider] = [one("button"), one("input")];
  const handler = (element: Element, name: string) =>
    new Function(element.getAttribute(name)).bind(element) as () => void;
  Object.assign(slider, {
    value: slider.getAttribute("value"),
    max: slider.getAttribute("max"),
    oninput: handler(slider, "oninput"),
  });
  Object.assign(button, { onclick: handler(button, "onclick") });
  const stage = one("figure").parentNode;
  const figures = [...one("details").querySelectorAll("figure")];
  return {
    one,
    button: button as Element & { onclick(): void; timer: number },
    slider: slider as Element & { oninput(): void },
    stage,
    figures,
    /** Which frame is on the stage. */
    shown: () => figures.findIndex(({ innerHTML }) => stage.innerHTML.includes(innerHTML)),
  };
}

Deno.test("player() has the frames in which something changes, and shows the last", async () => {
  const { figures, slider, shown } = await open();
  const pages = figures.map((figure) => figure.querySelectorAll("pre")[0]!.textContent);
  assert.deepEqual(pages, ["a▒▒", "a▒<", "ab<", "ab▒", "ab↵"]);
  assert.equal(shown(), 4);
  assert.deepEqual([slider.value, slider.max], ["4", "4"]);
  assert.match(figures[1]!.textContent, /time 0.75, 1 evaluation;/);
});

Deno.test("player() is a text and a sentence without its script, and with it has controls", async () => {
  const { one, button } = await open();
  const [sentence, controls] = [one("p"), button.parentNode];
  assert.match(sentence.textContent, /run this cell to play/);
  assert.equal(sentence.style.display, "");
  assert.equal(controls.style.display, "none");
  const script = one("script");
  new Function("document", script.textContent)({ currentScript: script });
  assert.equal(sentence.style.display, "none");
  assert.equal(controls.style.display, "");
});

Deno.test("player() keeps the keys that are pressed in it", async () => {
  const { button } = await open();
  let stopped = false;
  const handler = new Function("event", button.parentNode.getAttribute("onkeydown"));
  handler({ stopPropagation: () => stopped = true });
  assert(stopped);
});

Deno.test("player() shows the frame that the slider points to", async () => {
  const { slider, shown } = await open();
  for (const frame of [0, 3, 1]) {
    slider.value = String(frame);
    slider.oninput();
    assert.equal(shown(), frame);
  }
});

Deno.test("player() plays from the beginning to the end, and stops when asked", async () => {
  const { button, slider, shown } = await open();
  const { setInterval, clearInterval } = globalThis;
  let tick: (() => void) | undefined;
  Object.assign(globalThis, {
    setInterval: (f: () => void) => (tick = f, 1),
    clearInterval: () => tick = undefined,
  });
  try {
    button.onclick();
    assert.equal(shown(), 0);
    assert.match(button.textContent, /pause/);
    const seen = [];
    while (tick) {
      tick();
      seen.push(shown());
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 4]);
    assert.match(button.textContent, /play/);
    slider.value = "2";
    slider.oninput();
    button.onclick(); // from where it is
    tick!();
    assert.equal(shown(), 3);
    button.onclick();
    assert.equal(tick, undefined);
    assert.equal(shown(), 3);
  } finally {
    Object.assign(globalThis, { setInterval, clearInterval });
  }
});

Deno.test("player() colours by confidence what was written, and nothing that was given", async () => {
  const { figures } = await open();
  const last = figures.at(-1)!.querySelectorAll("span");
  assert.deepEqual([...last].map(({ textContent }) => textContent), ["b", "↵"]);
  const grounds = [...last].map((span) => span.getAttribute("style"));
  assert.notEqual(grounds[0], grounds[1]);
});

Deno.test("player() breaks lines after so many characters and nowhere else", async () => {
  const frames = [
    frameOf("▒▒▒▒▒"),
    frameOf("a\nbab", [], { revealed: Int32Array.of(0, 1, 2, 3, 4) }),
  ];
  const { "text/html": html } = bundleOf(await player(frames, tokenizer, { columns: 2 }));
  assert.match(html!.replace(/<[^>]+>/g, ""), /a↵\nba\nb/);
});

Deno.test("player() is a film strip of the same lines and colours where no HTML is shown", async () => {
  const bundle = bundleOf(await player(FRAMES, tokenizer, { columns: 2 }));
  const options = { rows: 5, color: "confidence", columns: 2 } as const;
  const strip = bundleOf(await filmstrip(FRAMES, tokenizer, options));
  assert.equal(bundle["text/plain"], strip["text/plain"]);
  assert.equal(bundle["image/png"], strip["image/png"]);
});

Deno.test("player() keeps to a hundred frames", async () => {
  const many = Array.from({ length: 1001 }, (_, i) => ({
    ...FRAMES[1]!,
    time: 1 - i / 1000,
  }));
  const { figures } = await open(many);
  assert.equal(figures.length, 100);
  assert.match(figures[0]!.textContent, /time 1.00/);
  assert.match(figures[99]!.textContent, /time 0.00/);
});

Deno.test("player() shows characters that cannot be seen, and says how Hebrew is drawn", async () => {
  const odd = CharTokenizer.fromText("\x1b\r\n\u202eאב");
  const ids = odd.encode("\x1b\r\n\u202eאב");
  const confidences = [new Float64Array(6).fill(NaN)];
  const frames = [{ ...FRAMES[0]!, sequences: [ids], confidences }];
  const html = bundleOf(await player(frames, odd))["text/html"]!;
  assert.match(html, />␛␍↵⍰אב<\/pre>/);
  assert.match(html, /direction:ltr;unicode-bidi:bidi-override/);
  assert.match(html, /<br>Right-to-left letters stand here from left to right/);
  const plain = bundleOf(await player(FRAMES, tokenizer))["text/html"]!;
  assert.doesNotMatch(plain, /Right-to-left/);
});
