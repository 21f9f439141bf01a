import assert from "node:assert/strict";
import type { Browser, Page } from "puppeteer-core";
import { type Checkpoint, decodeCheckpoint } from "dlm/training/checkpoint_format.ts";
import { Transformer, type TransformerConfig } from "dlm/model.ts";
import { Rng } from "dlm/rng.ts";
import { lastFrame, sample, type SampleOptions } from "dlm/sampler.ts";
import { lowConfidence } from "dlm/sampling/low_confidence.ts";
import { readTemplates } from "dlm/sampling/templates.ts";
import { CharTokenizer } from "dlm/tokenizer.ts";
import { glyphInText } from "dlm/display/glyphs.ts";
import { createWebPage } from "dlm/export/web_page.ts";
import { CHROMIUM_FLAGS, findChromium } from "../_chromium.ts";
import { inFolder, randomParameters } from "../_support.ts";

const chromium = await findChromium();

const tokenizer = CharTokenizer.fromText("to be, or not </script> to <!-- be 🙂\x1b\r");

const config: TransformerConfig = {
  vocabularySize: tokenizer.vocabularySize,
  layers: 2,
  width: 16,
  heads: 2,
  context: 24,
  causal: false,
};

const checkpoint: Checkpoint = {
  version: "1.2.3",
  config,
  characters: tokenizer.characters,
  corpus: { name: "hamlet", sha256: "" },
  average: randomParameters(config, 1),
};

/** What the form has at first. */
const temperature = 0.8;

/** What the library writes, as it can be seen. */
async function libraryWrites(template: string, options: SampleOptions): Promise<string> {
  using model = new Transformer(config, checkpoint.average);
  const frames = sample(model, readTemplates(template, tokenizer), options);
  const { sequences } = await lastFrame(frames);
  return Array.from(tokenizer.decode(sequences[0]!), glyphInText).join("");
}

const rng = (seed: number) => new Rng(seed).stream("sampling");

async function fill(page: Page, fields: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(fields)) {
    await page.locator(`[name=${name}]`).fill(value);
  }
}

const textOf = (page: Page, selector: string) =>
  page.evaluate(`document.querySelector("${selector}").textContent`) as Promise<string>;

/** Presses the button and waits until the page is done, with a text or a complaint. */
async function write(page: Page): Promise<{ text: string; status: string }> {
  await page.locator("#write").click();
  await page.waitForFunction(`!document.querySelector("#write").disabled`);
  return { text: await textOf(page, "#text"), status: await textOf(page, "#status") };
}

/** A browser with a profile of its own, which is gone in the end; `flags` are those of its GPU. */
async function inBrowser(
  flags: string[],
  use: (browser: Browser, url: string) => Promise<void>,
): Promise<void> {
  const { default: puppeteer } = await import("puppeteer-core"); // asks for permissions itself
  await inFolder(async (folder) => {
    const browser = await puppeteer.launch({
      executablePath: chromium!,
      args: [...CHROMIUM_FLAGS, ...flags],
      userDataDir: `${folder}/profile`,
    });
    try {
      const path = `${folder}/index.html`;
      await Deno.writeTextFile(path, await createWebPage(checkpoint));
      await use(browser, `file://${path}`);
    } finally {
      await browser.close();
    }
  });
}

/**
 * Opens the page, after a script that runs before its own; `troubles` are errors, warnings, and
 * whatever is asked of the network.
 */
async function openPage(browser: Browser, url: string, before = "") {
  const page = await browser.newPage();
  await page.evaluateOnNewDocument(before);
  const troubles: string[] = [];
  page.on("console", (message) => {
    // What Chromium remarks whenever a page asks for a graphics card that is not there.
    if (message.text() !== "No available adapters.") troubles.push(message.text());
  });
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("request", (request) => {
    if (!/^(file|blob|data):/.test(request.url())) troubles.push(request.url());
  });
  await page.goto(url);
  await page.waitForFunction(`document.querySelector("#status").textContent === "Ready."`);
  return { page, troubles };
}

Deno.test({
  name: `the exported page writes what the library writes${chromium ? "" : " (needs Chromium)"}`,
  ignore: !chromium,
  fn: () =>
    inBrowser(["--disable-gpu"], async (browser, url) => {
      const { page, troubles } = await openPage(browser, url);
      assert.match(await textOf(page, "#about"), /learned from hamlet/);

      const first = await write(page);
      assert.equal(first.text, await libraryWrites("[24]", { rng: rng(1), temperature }));
      assert.match(first.status, /^\d+ evaluations in/);

      await fill(page, { prompt: "to be", seed: "2", temperature: "0.5" });
      assert.equal(
        (await write(page)).text,
        await libraryWrites("to be[19]", { rng: rng(2), temperature: 0.5 }),
      );

      await fill(page, { infill: "to [6], or", sampler: "low-confidence", steps: "3" });
      const filled = await write(page);
      const sampler = lowConfidence({ steps: 3 });
      const options = { rng: rng(2), temperature: 0.5, sampler };
      assert.equal(filled.text, await libraryWrites("to [6], or", options));

      await page.evaluate(`{
        const slider = document.querySelector("#time");
        slider.value = 0;
        slider.dispatchEvent(new Event("input"));
      }`);
      assert.equal(await textOf(page, "#text"), "to ▒▒▒▒▒▒, or");
      await page.locator("#play").click();
      await page.waitForFunction(`document.querySelector("#play").textContent === "Play"`);
      assert.equal(await textOf(page, "#text"), filled.text);

      await fill(page, { infill: "2b [6]" });
      assert.match((await write(page)).status, /"2"/);
      assert.deepEqual(troubles, []);
    }),
});

// The browser's own graphics card in software, so that it is the same everywhere.
const CARD = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];

Deno.test({
  name: `the exported page writes the same on a graphics card${
    chromium ? "" : " (needs Chromium)"
  }`,
  ignore: !chromium,
  fn: () =>
    inBrowser(CARD, async (browser, url) => {
      const { page, troubles } = await openPage(browser, `${url}#webgpu`);
      assert.match(await textOf(page, "#about"), /The graphics card computes/);
      assert.equal(
        (await write(page)).text,
        await libraryWrites("[24]", { rng: rng(1), temperature }),
      );
      await fill(page, { prompt: "to be", seed: "2" });
      assert.equal(
        (await write(page)).text,
        await libraryWrites("to be[19]", { rng: rng(2), temperature }),
      );
      assert.deepEqual(troubles, []);

      const { page: usual } = await openPage(browser, url);
      assert.doesNotMatch(await textOf(usual, "#about"), /graphics card/); // which has no real one

      // Where there is, both are tried, whichever is faster.
      const real =
        `Object.defineProperty(GPUAdapter.prototype, "info", { value: { vendor: "x" } })`;
      const { page: compared, troubles: others } = await openPage(browser, url, real);
      assert.equal(
        (await write(compared)).text,
        await libraryWrites("[24]", { rng: rng(1), temperature }),
      );
      assert.deepEqual(others, []);
    }),
});

Deno.test("the exported page holds its model, in half the room if wanted", {
  ignore: (await Deno.permissions.query({ name: "run" })).state !== "granted",
}, async () => {
  const modelOf = (page: string) => {
    const [, data] = /<script type="text\/plain" id="model">([^<]*)</.exec(page)!;
    return decodeCheckpoint(Uint8Array.fromBase64(data!));
  };
  const [whole, half] = [
    await createWebPage(checkpoint),
    await createWebPage(checkpoint, { half: true }),
  ];
  assert.deepEqual(modelOf(whole), checkpoint);
  const rounded = Object.entries(checkpoint.average)
    .map(([name, numbers]) => [name, numbers.map(Math.f16round)]);
  assert.deepEqual(modelOf(half).average, Object.fromEntries(rounded));
  const count = Object.values(checkpoint.average).reduce((sum, { length }) => sum + length, 0);
  const spared = whole.length - half.length; // four letters of base64 hold three bytes
  assert(Math.abs(spared - 2 * count * 4 / 3) < 40, `${spared} characters less`);
});

Deno.test("no page is made of a causal model, which could write nothing", async () => {
  const causal = { ...checkpoint, config: { ...config, causal: true } };
  await assert.rejects(createWebPage(causal), /A causal model cannot fill in masks/);
});

Deno.test("the exported page imports nothing, which a browser would look for in vain", {
  ignore: (await Deno.permissions.query({ name: "run" })).state !== "granted",
}, async () => {
  assert.doesNotMatch(await createWebPage(checkpoint), /\b(from|import) ?"[\w@.-]+[:/]/);
});
