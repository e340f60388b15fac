/**
 * The depth code in TypeScript: the reference twin of the GLSL in `take/shaders.ts`, and what a click on the picture uses.
 * Code values are limited-range luma, 16..235; `u` is normalised inverse depth, 0 = sky.
 */

export interface DepthRange {
  readonly near: number;
  readonly far: number;
}

/** Below this, `u` is sky: finite depth starts two codes above 16. */
export const SKY_U = 1 / 219;
/** Where the sky is put, metres: far enough that 25 cm of head motion do not move it. */
export const SKY_M = 500;

/** bt709 luma of gamma-coded RGB (all in 0..1), as the picture's Y before the browser's conversion. */
export function lumaOf(r: number, g: number, b: number): number {
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

export interface LumaLine {
  readonly gain: number;
  readonly offset: number;
}

/** Least squares line from measured luma (0..1) to the code values written; the nominal line when they say nothing. */
export function fitCalibration(measured: readonly number[], written: readonly number[]): LumaLine {
  const n = Math.min(measured.length, written.length);
  let [sx, sy, sxx, sxy] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [measured[i] ?? 0, written[i] ?? 0];
    sx += x;
    sy += y;
    sxx += x * x;
    sxy += x * y;
  }
  const spread = n * sxx - sx * sx;
  if (spread < 1e-3) return { gain: 219, offset: 16 };
  const gain = (n * sxy - sx * sy) / spread;
  return { gain, offset: (sy - gain * sx) / n };
}

/** Normalised value 0..1 of a code. */
export function unitOf(luma: number, line: LumaLine): number {
  return Math.min(Math.max((line.gain * luma + line.offset - 16) / 219, 0), 1);
}

/** Triangle wave of half-period 1: 0 at even, 1 at odd integers. */
export function fold(x: number): number {
  const r = x - 2 * Math.floor(x / 2);
  return r <= 1 ? r : 2 - r;
}

/** `u` from its coarse value and the folded fine one: of the branches that fold to `fine`, the one nearest `coarse`. */
export function refine(coarse: number, fine: number, folds: number): number {
  const pair = 2 * Math.floor((coarse * folds) / 2);
  let best = coarse;
  let distance = Infinity;
  for (const branch of [pair - fine, pair + fine, pair + 2 - fine, pair + 2 + fine]) {
    const u = branch / folds;
    if (u < 0 || u > 1) continue;
    if (Math.abs(u - coarse) < distance) {
      distance = Math.abs(u - coarse);
      best = u;
    }
  }
  return best;
}

/** Inverse depth in 1/m. */
export function inverseDepth(u: number, { near, far }: DepthRange): number {
  return u < SKY_U ? 1 / SKY_M : u * (1 / near - 1 / far) + 1 / far;
}

export function depthOf(u: number, range: DepthRange): number {
  return 1 / inverseDepth(u, range);
}

/** Decoded samples that differ by less from the median around them are evened out; what differs by more is a wire or a leaf. */
export const NOISE_U = 0.04;

/** Median of nine. */
export function median9(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[4] ?? 0;
}
