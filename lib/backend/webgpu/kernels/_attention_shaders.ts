// The shaders of attention. In all of them SIZE is the number of features of a head, and a thread
// has one place and one head to itself; its neighbours have other places of the same head, so that
// they read the same keys and values at the same time.

/** Where things are, and what turns a pair of features by the angle of its place. */
const LAYOUT = `
const WIDTH = HEADS * SIZE;
const HALF = SIZE / 2;
const SHRINK = 1.0 / sqrt(f32(SIZE));

// The first feature of a head in \`qkv\`: of queries, keys or values.
fn rawAt(place : i32, part : i32, head : i32) -> i32 {
  return (3 * place + part) * WIDTH + head * SIZE;
}

// The same in \`turned\`: of queries or keys.
fn turnedAt(place : i32, part : i32, head : i32) -> i32 {
  return (2 * place + part) * WIDTH + head * SIZE;
}

// The places that a place may look at: the first, and the one after the last.
fn seenFrom(place : i32) -> vec2<i32> {
  let first = place / uniforms.length * uniforms.length;
  return vec2<i32>(first, select(first + uniforms.length, place + 1, CAUSAL));
}
`;

/** Queries and keys, turned by the angles of their places and brought to a norm. */
export const TURN = `
${LAYOUT}
fn main(index : i32) {
  if (index >= uniforms.places * 2 * HEADS) { return; }
  let place = index % uniforms.places;
  let part = index / uniforms.places % 2;
  let head = index / uniforms.places / 2;
  let read = rawAt(place, part, head);
  let written = turnedAt(place, part, head);
  let angles = place % uniforms.length * HALF;
  var squares = 0.0;
  for (var i = 0; i < SIZE; i++) { squares += qkv[read + i] * qkv[read + i]; }
  let factor = inverseSqrt(squares / f32(SIZE) + uniforms.epsilon); // no turn changes it
  for (var i = 0; i < HALF; i++) {
    let a = factor * qkv[read + i];
    let b = factor * qkv[read + i + HALF];
    result[written + i] = a * cos[angles + i] + b * sin[angles + i];
    result[written + i + HALF] = b * cos[angles + i] - a * sin[angles + i];
  }
}
`;

/**
 * The mean of the values that a place asked for sees. No score is above the root of SIZE, as both
 * of its factors have been brought to a norm, so that its exponential needs no care.
 */
export const MIX = `
${LAYOUT}
fn main(index : i32) {
  if (index >= uniforms.asked * HEADS) { return; }
  let n = index % uniforms.asked;
  let head = index / uniforms.asked;
  let place = rows[n];
  let seen = seenFrom(place);
  let own = turnedAt(place, 0, head);
  var query : array<f32, SIZE>;
  for (var i = 0; i < SIZE; i++) { query[i] = SHRINK * turned[own + i]; }
  var mean : array<f32, SIZE>;
  var total = 0.0;
  for (var other = seen.x; other < seen.y; other++) {
    let key = turnedAt(other, 1, head);
    let value = rawAt(other, 2, head);
    var score = 0.0;
    for (var i = 0; i < SIZE; i++) { score += query[i] * turned[key + i]; }
    let weight = exp(score);
    total += weight;
    for (var i = 0; i < SIZE; i++) { mean[i] += weight * qkv[value + i]; }
  }
  for (var i = 0; i < SIZE; i++) { result[n * WIDTH + head * SIZE + i] = mean[i] / total; }
}
`;

/** A negative number for each place: nobody asks for it. */
export const NOBODY = `
fn main(index : i32) {
  if (index < uniforms.size) { result[index] = -1; }
}
`;

/** For each place asked for, which of those asked for it is. */
export const SCATTER = `
fn main(index : i32) {
  if (index < uniforms.asked) { result[rows[index]] = index; }
}
`;

/**
 * For each place asked for the gradient of its query, SIZE numbers; and what its keys and values
 * will want to know: the sum of its exponentials, and how its output goes with its gradient.
 */
export const QUERIES = `
${LAYOUT}
fn main(index : i32) {
  if (index >= uniforms.asked * HEADS) { return; }
  let n = index % uniforms.asked;
  let head = index / uniforms.asked;
  let place = rows[n];
  let seen = seenFrom(place);
  let own = turnedAt(place, 0, head);
  let mixed = n * WIDTH + head * SIZE;
  var query : array<f32, SIZE>;
  var slope : array<f32, SIZE>;
  var along = 0.0;
  for (var i = 0; i < SIZE; i++) {
    query[i] = SHRINK * turned[own + i];
    slope[i] = dy[mixed + i];
    along += slope[i] * output[mixed + i];
  }
  var sum : array<f32, SIZE>;
  var total = 0.0;
  for (var other = seen.x; other < seen.y; other++) {
    let key = turnedAt(other, 1, head);
    let value = rawAt(other, 2, head);
    var score = 0.0;
    var pull = 0.0;
    for (var i = 0; i < SIZE; i++) {
      score += query[i] * turned[key + i];
      pull += slope[i] * qkv[value + i];
    }
    let weight = exp(score);
    total += weight;
    for (var i = 0; i < SIZE; i++) { sum[i] += weight * (pull - along) * turned[key + i]; }
  }
  let written = (n * HEADS + head) * (SIZE + 2);
  for (var i = 0; i < SIZE; i++) { result[written + i] = SHRINK * sum[i] / total; }
  result[written + SIZE] = total;
  result[written + SIZE + 1] = along;
}
`;

/** The gradients of the key and of the value of each place, as `turned` has queries and keys. */
export const KEYS = `
${LAYOUT}
fn main(index : i32) {
  if (index >= uniforms.places * HEADS) { return; }
  let place = index % uniforms.places;
  let head = index / uniforms.places;
  let ownKey = turnedAt(place, 1, head);
  let ownValue = rawAt(place, 2, head);
  var key : array<f32, SIZE>;
  var value : array<f32, SIZE>;
  for (var i = 0; i < SIZE; i++) {
    key[i] = SHRINK * turned[ownKey + i];
    value[i] = qkv[ownValue + i];
  }
  var keySum : array<f32, SIZE>;
  var valueSum : array<f32, SIZE>;
  let first = place / uniforms.length * uniforms.length;
  for (var other = select(first, place, CAUSAL); other < first + uniforms.length; other++) {
    let n = asking[other];
    if (n < 0) { continue; }
    let query = turnedAt(other, 0, head);
    let mixed = n * WIDTH + head * SIZE;
    let told = (n * HEADS + head) * (SIZE + 2) + SIZE;
    var score = 0.0;
    var pull = 0.0;
    for (var i = 0; i < SIZE; i++) {
      score += key[i] * turned[query + i];
      pull += value[i] * dy[mixed + i];
    }
    let weight = exp(score) / queries[told];
    let slope = SHRINK * weight * (pull - queries[told + 1]);
    for (var i = 0; i < SIZE; i++) {
      keySum[i] += slope * turned[query + i];
      valueSum[i] += weight * dy[mixed + i];
    }
  }
  for (var i = 0; i < SIZE; i++) {
    result[turnedAt(place, 0, head) + i] = keySum[i];
    result[turnedAt(place, 1, head) + i] = valueSum[i];
  }
}
`;

/** The gradients of queries, keys and values, back through the norm and the turn of the former. */
export const BACK_TO_INPUT = `
${LAYOUT}
fn main(index : i32) {
  if (index >= uniforms.places * 3 * HEADS) { return; }
  let place = index % uniforms.places;
  let part = index / uniforms.places % 3;
  let head = index / uniforms.places / 3;
  let own = rawAt(place, part, head);
  if (part == 2) {
    for (var i = 0; i < SIZE; i++) { result[own + i] = keys[turnedAt(place, 1, head) + i]; }
    return;
  }
  let n = asking[place];
  var slope : array<f32, SIZE>;
  if (part == 1) {
    for (var i = 0; i < SIZE; i++) { slope[i] = keys[turnedAt(place, 0, head) + i]; }
  } else if (n >= 0) {
    for (var i = 0; i < SIZE; i++) { slope[i] = queries[(n * HEADS + head) * (SIZE + 2) + i]; }
  }
  let normed = turnedAt(place, part, head);
  var squares = 0.0;
  var along = 0.0;
  for (var i = 0; i < SIZE; i++) {
    squares += qkv[own + i] * qkv[own + i];
    along += slope[i] * turned[normed + i];
  }
  let factor = inverseSqrt(squares / f32(SIZE) + uniforms.epsilon);
  let angles = place % uniforms.length * HALF;
  for (var i = 0; i < HALF; i++) {
    let a = factor * (slope[i] - along / f32(SIZE) * turned[normed + i]);
    let b = factor * (slope[i + HALF] - along / f32(SIZE) * turned[normed + i + HALF]);
    result[own + i] = a * cos[angles + i] - b * sin[angles + i];
    result[own + i + HALF] = a * sin[angles + i] + b * cos[angles + i];
  }
}
`;
