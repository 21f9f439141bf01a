import { openC } from "./_library.ts";

/** Calls the code at an address with one argument, the address of what it works on. */
export type Call = (code: bigint, argument: bigint) => void;

/**
 * The way to call code. A call costs 5 to 20 ns, on an AMD EPYC of the fourth generation (`deno
 * bench -A tests/bench/native_calls_bench.ts`), since V8 calls a function of a library almost as
 * one of its own. For any other address Deno has function pointers, which cost 750 ns. So a
 * function of the C library makes the call for us: `bsearch(key, base, 1, 1, compare)` looks for
 * `key` in a list of one element, for which it asks `compare(key, base)`, once. What that answers
 * does not matter.
 *
 * The addresses are to be `bigint`s: with a `number` the same call costs 150 ns.
 *
 * @throws {Error} if the C library is not found, or may not be opened
 */
export function openCall(): Call {
  return opened ??= throughSearch();
}

let opened: Call | undefined;

function throughSearch(): Call {
  const { symbols: { bsearch } } = openC({
    bsearch: { parameters: ["usize", "usize", "usize", "usize", "usize"], result: "void" },
  });
  return (code, argument) => bsearch(argument, argument, 1n, 1n, code);
}
