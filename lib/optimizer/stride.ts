/** How a step goes along a direction. */
export interface Stride {
  /** What the gradient is multiplied by, to clip it. */
  scale: number;
  /** What is left of the parameter after its weight decay. */
  shrink: number;
  /** How far it goes along the direction. */
  rate: number;
  /** How much of the parameter's running mean stays. */
  keep: number;
}
