/** An ONNX file that the reference runtime has opened. */
export interface OnnxSession extends AsyncDisposable {
  /**
   * The model's logits, `[B · T, V]` one row after the other.
   *
   * @param batch `B` sequences of one length `T`, of token ids
   */
  logits(batch: readonly Int32Array[]): Promise<Float32Array>;
}

/**
 * Opens an exported model in ONNX Runtime, which is none of ours: what it computes is computed
 * from the file alone.
 *
 * @param bytes as from `encodeOnnx()`
 */
export async function openOnnx(bytes: Uint8Array): Promise<OnnxSession> {
  // A large package, only loaded when somebody opens a model.
  const { env, InferenceSession, Tensor } = await import("onnxruntime-web/wasm");
  const { default: wasmBinary } = await import(
    "onnxruntime-web/ort-wasm-simd-threaded.wasm",
    { with: { type: "bytes" } }
  );
  // The bytes at hand and one thread: so the runtime fetches nothing and needs no permission.
  Object.assign(env.wasm, { wasmBinary, numThreads: 1 });
  const session = await InferenceSession.create(bytes);
  return {
    async logits(batch) {
      const ids = BigInt64Array.from(batch.flatMap((sequence) => Array.from(sequence, BigInt)));
      const shape = [batch.length, batch[0]?.length ?? 0];
      const { logits } = await session.run({ tokens: new Tensor("int64", ids, shape) });
      return logits!.data as Float32Array;
    },
    [Symbol.asyncDispose]: () => session.release(),
  };
}
