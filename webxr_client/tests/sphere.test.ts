import { describe, expect, it } from 'vitest';
import { directionAt, placeOf, sphereColumns, sphereOf, windowOf } from '../src/core/sphere';
import type { Equirectangular, Manifest } from '../src/protocol/messages';

const whole: Equirectangular = {
  type: 'equirectangular',
  projectionBoundsTop: 0,
  projectionBoundsBottom: 0,
  projectionBoundsLeft: 0,
  projectionBoundsRight: 0,
  depthMeasure: 'radial',
};
const half: Equirectangular = { ...whole, projectionBoundsLeft: 0.25, projectionBoundsRight: 0.25, projectionBoundsTop: 0.1 };

describe('sphere', () => {
  it('looks ahead in its middle, to the right beside it, and up at its top', () => {
    const w = windowOf(whole);
    const near = (a: readonly number[], b: readonly number[]): void => a.forEach((v, i) => expect(v).toBeCloseTo(b[i] ?? NaN, 9));
    near(directionAt(0.5, 0.5, w), [0, 0, -1]);
    near(directionAt(0.75, 0.5, w), [1, 0, 0]);
    near(directionAt(0.3, 0, w), [0, 1, 0]);
    near(directionAt(0, 0.5, w), directionAt(1, 0.5, w));
    near(directionAt(0, 0.5, w), [0, 0, 1]);
  });

  it.each([whole, half])('finds the place of a direction again', (projection) => {
    const w = windowOf(projection);
    for (let u = 0.02; u < 1; u += 0.13) {
      for (let v = 0.05; v < 1; v += 0.17) {
        const [x, y] = placeOf(directionAt(u, v, w), w);
        expect(x).toBeCloseTo(u, 9);
        expect(y).toBeCloseTo(v, 9);
      }
    }
  });

  it('is all round only where nothing is cropped at its sides', () => {
    expect(windowOf(whole).allRound).toBe(true);
    expect(windowOf({ ...whole, projectionBoundsTop: 0.2 }).allRound).toBe(true);
    expect(windowOf(half).allRound).toBe(false);
    const [u] = placeOf([0, 0, 1], windowOf(half));
    expect(u < 0 || u > 1).toBe(true);
  });

  it('is told from a frame by the manifest', () => {
    const flat = { type: 'perspective', yfov: 0.7, aspectRatio: 1.8, principalPoint: [0.5, 0.5], depthMeasure: 'planarZ' } as const;
    expect(sphereOf({ projection: flat } as unknown as Manifest)).toBeNull();
    expect(sphereOf({ projection: whole })?.width).toBeCloseTo(2 * Math.PI, 9);
  });

  it('is drawn with cells of whole samples', () => {
    expect(sphereColumns(688, 344, 320)).toBe(344);
    expect(sphereColumns(688, 344, 80)).toBe(86);
    expect(sphereColumns(512, 256, 512)).toBe(512);
    expect(sphereColumns(1272, 636, 320)).toBe(318);
    expect(sphereColumns(613, 211, 320)).toBe(320); // no whole cells: the size that was asked for
  });
});
