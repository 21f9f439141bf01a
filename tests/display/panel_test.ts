import assert from "node:assert/strict";
import type { DisplayOptions } from "dlm/display/_notebook.ts";
import { sharedPanel, type ShownMetrics, showTraining } from "dlm/display/panel.ts";
import type { Bundle } from "dlm/display/picture.ts";

/** A clock that only goes when it is told to. */
interface Clock {
  milliseconds: number;
}

interface RunOptions {
  steps: number;
  /** How long a step takes, in seconds. */
  stepSeconds?: number;
  /** The step before the first. */
  from?: number;
  /** Fails after this step. */
  failAfter?: number;
}

/** A training run of 100 characters a step that validates every 10 steps. */
async function* run(clock: Clock, options: RunOptions): AsyncGenerator<ShownMetrics> {
  const { steps, stepSeconds = 0.1, from = 0, failAfter } = options;
  for (let step = from + 1; step <= steps; step++) {
    clock.milliseconds += 1000 * stepSeconds;
    const metrics: ShownMetrics = {
      step,
      seconds: step * stepSeconds,
      characters: 100 * step,
      progress: step / steps,
      loss: Math.LN2 * (2 + 4 / step),
    };
    if (step % 10 === 0) {
      metrics.validation = { bitsPerCharacter: 2.5, standardError: 0.25 };
      metrics.sample = `Enter ▒${step}`;
    }
    yield metrics;
    if (step === failAfter) throw new RangeError("The loss became NaN.");
  }
}

/** Shows a run on a clock of its own; each display takes `cost` milliseconds. */
function show(options: RunOptions, cost = 0) {
  const clock = { milliseconds: 0 };
  const shown: { bundle: Bundle; options: DisplayOptions; at: number }[] = [];
  const history = showTraining(run(clock, options), {
    now: () => clock.milliseconds,
    display: (bundle, options) => {
      shown.push({ bundle, options: { ...options }, at: clock.milliseconds });
      clock.milliseconds += cost;
      return Promise.resolve();
    },
  });
  return { history, shown };
}

const gaps = (times: number[]) => times.slice(1).map((time, i) => time - times[i]!);

Deno.test("showTraining() resolves to all metrics", async () => {
  const { history } = show({ steps: 12 });
  assert.deepEqual((await history).map(({ step }) => step), [
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
  ]);
});

Deno.test("showTraining() draws at once, then at most twice a second, and at the end", async () => {
  const { history, shown } = show({ steps: 33 });
  await history;
  assert.deepEqual(shown.map(({ at }) => at), [100, 600, 1100, 1600, 2100, 2600, 3100, 3300]);
});

Deno.test("showTraining() draws less often where drawing is slow", async () => {
  const cost = 100;
  const { history, shown } = show({ steps: 60 }, cost);
  await history;
  const drafts = shown.slice(0, -1).map(({ at }) => at);
  for (const gap of gaps(drafts)) assert.equal(gap, 20 * cost);
});

Deno.test("showTraining() keeps to one output and updates it", async () => {
  const { history, shown } = show({ steps: 12 });
  await history;
  assert.deepEqual(shown.map(({ options }) => options.update), [false, true, true, true]);
  assert.equal(new Set(shown.map(({ options }) => options.display_id)).size, 1);
  const another = show({ steps: 1 });
  await another.history;
  assert.notEqual(another.shown[0]!.options.display_id, shown[0]!.options.display_id);
});

Deno.test("sharedPanel() puts each run in the place of the one before", async () => {
  const shown: DisplayOptions[] = [];
  const panel = sharedPanel((_, options) => Promise.resolve(void shown.push(options)));
  for (const steps of [1, 2]) await showTraining(run({ milliseconds: 0 }, { steps }), panel);
  assert.equal(new Set(shown.map(({ display_id }) => display_id)).size, 1);
  assert.deepEqual(shown.map(({ update }) => update), [false, ...shown.slice(1).map(() => true)]);
});

Deno.test("showTraining() draws SVG while the run lasts, and leaves a picture as others are", async () => {
  const { history, shown } = show({ steps: 400, stepSeconds: 0.01 });
  await history;
  const [first, last] = [shown[0]!.bundle, shown.at(-1)!.bundle];
  assert.deepEqual(Object.keys(first).sort(), ["image/svg+xml", "text/plain"]);
  const all = ["image/png", "image/svg+xml", "text/html", "text/plain"];
  assert.deepEqual(Object.keys(last).sort(), all);
  assert.doesNotMatch(last["image/svg+xml"]!, /currentColor|NaN/);
  assert.ok(JSON.stringify(last).length < 80_000);
});

Deno.test("showTraining() tells progress, speed and the time left", async () => {
  const { history, shown } = show({ steps: 2000, stepSeconds: 0.5, from: 1980 });
  await history;
  const text = (i: number) => shown.at(i)!.bundle["text/plain"]!;
  assert.equal(text(0), "step 1,981 · 99 % · 16 min 31 s");
  assert.equal(
    text(1),
    "step 1,982 · 99 % · 16 min 31 s · 2.00 steps/s · 200 characters/s · 9 s left",
  );
  assert.equal(
    text(-1),
    [
      "step 2,000 · 100 % · 16 min 40 s · 2.00 steps/s · 200 characters/s",
      "Bits per character: training loss 2.002, validation 2.500 ± 0.250 at step 2,000",
      "A sample from the model of step 2,000:",
      "Enter ▒2000",
    ].join("\n"),
  );
});

Deno.test("showTraining() leaves the panel as it stood when the run fails", async () => {
  const { history, shown } = show({ steps: 100, failAfter: 3 });
  await assert.rejects(history, { message: "The loss became NaN." });
  assert.match(shown.at(-1)!.bundle["text/plain"]!, /^step 3 · 3 %/);
});

Deno.test("showTraining() shows nothing of a run without steps", async () => {
  const { history, shown } = show({ steps: 0 });
  assert.deepEqual([await history, shown], [[], []]);
});

Deno.test("showTraining() throws outside a notebook, before the first step", async () => {
  const clock = { milliseconds: 0 };
  await assert.rejects(showTraining(run(clock, { steps: 1 })), {
    name: "Error",
    message: /draws in a notebook, and this is not one: loop over the run's metrics yourself/,
  });
  assert.equal(clock.milliseconds, 0);
});
