import * as Plot from "@observablehq/plot";
import { DIRECTION_NOTE, glyphInText, readsRightToLeft } from "dlm/display/glyphs.ts";
import { escapeMarkup, ink } from "dlm/display/_block.ts";
import { thinOut } from "dlm/display/frames/_thin.ts";
import { filmstrip } from "dlm/display/frames/filmstrip.ts";
import { type Displayable, jupyterDisplay } from "dlm/display/picture.ts";
import type { Frame, Frames } from "dlm/sampler.ts";
import type { CharTokenizer } from "dlm/tokenizer.ts";

/** Options for {@linkcode player}. */
export interface PlayerOptions {
  /** The length at which a line is broken, in characters.
   * @default {64}
   */
  columns?: number;
}

/**
 * Samples to the end, and shows how the first text came to be, to end a cell with: a slider
 * through the frames, and a button that moves it. Each character is coloured by the confidence
 * with which it was written; what was given has no colour.
 *
 * It is plain HTML and a few lines of script. Where scripts are taken out of it, as in a notebook
 * that is not trusted, the finished text remains, with all frames folded away below it; and where
 * no HTML is shown at all, a film strip in the same colours does.
 */
export async function player(
  frames: Frames,
  tokenizer: CharTokenizer,
  options: PlayerOptions = {},
): Promise<Displayable> {
  const { columns = 64 } = options;
  const all = await Array.fromAsync(frames);
  const shown = thinOut(all, 100);
  const strip = await filmstrip(all, tokenizer, { rows: 5, color: "confidence", columns });
  const { "image/svg+xml": _, ...still } = strip[jupyterDisplay]();
  return {
    [jupyterDisplay]() {
      const readsLeft = shown.some(({ sequences }) =>
        readsRightToLeft(tokenizer.decode(sequences[0]!))
      );
      const direction = readsLeft ? `<br>${DIRECTION_NOTE}` : "";
      const figures = shown.map((frame) =>
        `<figure style="margin:0"><pre style="${PAGE}">${
          page(frame, { tokenizer, columns })
        }</pre>` +
        `<figcaption>${caption(frame)}${direction}</figcaption></figure>`
      );
      const html = `<div>${controls(figures.length)}<div>${figures.at(-1)}</div>` +
        `<details><summary>all ${figures.length} frames</summary>${figures.join("")}</details>` +
        `<script>${REVEAL}</script></div>`;
      return { ...still, "text/html": html };
    },
  };
}

// Its own ground, ink and letters, whatever the theme.
const PAGE = `padding:8px;background:white;color:${ink};line-height:1.5;` +
  `font-family:'DejaVu Sans Mono',monospace;direction:ltr;unicode-bidi:bidi-override`;

function caption({ time, evaluations }: Frame): string {
  return `time ${time.toFixed(2)}, ${evaluations} evaluation${evaluations === 1 ? "" : "s"}; ` +
    `the darker, the more probable when written`;
}

/** Where a script runs, it puts the controls in the place of the sentence that says to run the cell. */
const REVEAL = `{
const [sentence, controls] = document.currentScript.parentNode.querySelectorAll("div > p");
sentence.style.display = "none";
controls.style.display = "";
}`;

/**
 * A sentence, and hidden for the time being a button and a slider, which copy a frame to where the
 * finished text is. Front ends take keys for commands, so those stay in here: JupyterLab hears them
 * before any element does, but spares what has its attribute.
 */
function controls(frames: number): string {
  const pace = Math.min(400, Math.max(50, Math.round(6000 / frames))); // milliseconds a frame
  const show = `const stage = this.parentNode.nextElementSibling;
stage.innerHTML = stage.nextElementSibling.querySelectorAll("figure")[this.value].outerHTML;`;
  const play = `const button = this, slider = button.nextElementSibling;
const stop = () => { clearInterval(button.timer); button.timer = 0; button.textContent = "▶ play"; };
const go = (to) => { slider.value = to; slider.oninput(); };
if (button.timer) { stop(); return; }
if (slider.value === slider.max) go(0);
button.textContent = "⏸ pause";
button.timer = setInterval(() => {
  if (!button.isConnected || slider.value === slider.max) stop();
  else go(Number(slider.value) + 1);
}, ${pace});`;
  return `<p>The finished text; run this cell to play how it came to be.</p>` +
    `<p style="display:none" onkeydown="event.stopPropagation()">` +
    `<button data-lm-suppress-shortcuts type="button" onclick="${
      escapeMarkup(play)
    }">▶ play</button>` +
    `<input data-lm-suppress-shortcuts type="range" min="0" max="${frames - 1}" value="${
      frames - 1
    }" aria-label="frame" ` +
    `style="width:50%;vertical-align:middle" oninput="${escapeMarkup(show)}"></p>`;
}

/** A frame as lines of equal length, with runs of one colour in one element. */
function page(
  frame: Frame,
  { tokenizer, columns }: Required<PlayerOptions> & { tokenizer: CharTokenizer },
): string {
  let html = "";
  let ground = "";
  const turn = (next: string) => {
    if (next === ground) return;
    if (ground) html += "</span>";
    if (next) html += `<span style="background:${next}">`;
    ground = next;
  };
  frame.sequences[0]!.forEach((id, i) => {
    if (i > 0 && i % columns === 0) {
      turn("");
      html += "\n";
    }
    turn(groundOf(frame.confidences[0]![i]!));
    html += escapeMarkup(glyphInText(tokenizer.decode([id])));
  });
  turn("");
  return html;
}

/** The colour of a confidence, in five shades; none for NaN. */
function groundOf(confidence: number): string {
  return isNaN(confidence) ? "" : SHADES[Math.min(4, Math.floor(5 * confidence))]!;
}

const { apply } = Plot.scale({
  color: {
    type: "linear",
    domain: [0, 4],
    scheme: "YlGnBu",
    range: [0.08, 0.6],
  } as Plot.ScaleOptions,
});
const SHADES: readonly string[] = [0, 1, 2, 3, 4].map((level) => apply(level));
