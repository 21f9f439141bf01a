import assert from "node:assert/strict";
import { bars } from "dlm/display/charts/bars.ts";
import { bundleOf } from "../_support.ts";

Deno.test("bars() tells each name with its value, in words and in the drawing", () => {
  const bundle = bundleOf(
    bars({ uniform: 6.0224, bigram: 3.5859 }, { title: "Chart", label: "bits" }),
  );
  assert.match(bundle["text/plain"]!, /uniform: 6\.02, bigram: 3\.59/);
  for (const text of ["uniform", "6.02", "bigram", "3.59", "bits"]) {
    assert(bundle["image/svg+xml"]!.includes(text), text);
  }
});

Deno.test("bars() writes the value of a negative bar beside it, and leaves room for wide names", () => {
  const drawing = (values: Record<string, number>) =>
    bundleOf(bars(values, { title: "Chart", label: "bits" }))["image/svg+xml"]!;
  const svg = drawing({ up: 2, down: -2 });
  const zero = svg.match(/<rect [^>]*y="23"[^>]* x="([\d.]+)"/)![1]; // where the upper bar begins
  assert(svg.includes(`translate(${zero},47)" y="0.32em">-2.00`), svg);
  const startOf = (name: string) => {
    const [, x] = drawing({ [name]: 1 }).match(/<rect [^>]*y="23"[^>]* x="([\d.]+)"/)!;
    return Number(x);
  };
  assert(startOf("一二三四") > startOf("abcd") + 20);
});

Deno.test("bars() rounds to the decimals wished for, with thousands apart", () => {
  const { "text/plain": text } = bundleOf(
    bars({ all: 12345.6 }, { title: "Chart", label: "N", decimals: 0 }),
  );
  assert.match(text!, /all: 12,346/);
});

Deno.test("bars() throws if there is nothing to compare", () => {
  assert.throws(() => bars({}, { title: "Chart", label: "N" }), {
    name: "RangeError",
    message: "There are no numbers to compare: give bars() at least one.",
  });
});

Deno.test("bars() throws if a number has no length", () => {
  for (const value of [NaN, Infinity]) {
    assert.throws(() => bars({ one: 1, other: value }, { title: "Chart", label: "N" }), {
      name: "RangeError",
      message: `The bar "other" would be ${value} long: give finite numbers.`,
    });
  }
});

Deno.test("bars() draws names as they are, whatever they mean in SVG", () => {
  const bundle = bundleOf(
    bars({ '<b> & "c"': 1, "&lt;": 2 }, { title: "Chart", label: "1 < 2 & 3 > 2" }),
  );
  assert.match(bundle["text/plain"]!, /<b> & "c": 1\.00, &lt;: 2\.00/);
  const svg = bundle["image/svg+xml"]!;
  for (const text of ['>&lt;b&gt; &amp; "c"<', ">&amp;lt;<", ">1 &lt; 2 &amp; 3 &gt; 2"]) {
    assert(svg.includes(text), text);
  }
  assert(svg.includes('="&lt;b&gt; &amp; &quot;c&quot;: 1.00, &amp;lt;: 2.00"'), svg.slice(0, 900));
  const odd = bundleOf(bars({ "a\f\0": 1, "\ud800": 2 }, { title: "Chart", label: "signs" }));
  assert(odd["image/svg+xml"]!.includes(">a\ufffd\ufffd<"), "no XML may have these");
});
