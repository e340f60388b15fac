import { expect, test } from 'vitest';
import { filmstripOf, frameUnder, heldWithin, knobAt, thumbIndex } from '../src/core/thumbs';

const thumbs = { file: 'thumbs.jpg', frames: [4, 14, 24, 33, 43], width: 160, height: 90 };

test('the nearest picture of the strip stands for a frame', () => {
  expect([0, 4, 8, 10, 28, 29, 90].map((frame) => thumbIndex(thumbs, frame))).toEqual([0, 0, 0, 1, 2, 3, 4]);
});

test('every frame has its own place on the track, both ways', () => {
  for (const [width, count] of [[300, 72], [1000, 240], [60, 2]] as const) {
    for (let frame = 0; frame < count; frame += 1) expect(frameUnder(knobAt(frame, width, 14, count), width, 14, count)).toBe(frame);
  }
  expect(frameUnder(-40, 300, 14, 72)).toBe(0);
  expect(frameUnder(900, 300, 14, 72)).toBe(71);
  expect(frameUnder(5, 10, 14, 1)).toBe(0);
  expect(frameUnder(5, 10, 14, 0)).toBe(0);
});

test('a preview stays in the window', () => {
  expect(heldWithin(300, 160, 8, 632)).toBe(220);
  expect(heldWithin(10, 160, 8, 632)).toBe(8);
  expect(heldWithin(630, 160, 8, 632)).toBe(472);
});

test('a clip without a strip has none', () => {
  expect(filmstripOf({ thumbs: null, frameCount: 48 }, 'a')).toBeNull();
  expect(filmstripOf({ thumbs: { ...thumbs, frames: [] }, frameCount: 48 }, 'a')).toBeNull();
  expect(filmstripOf({ thumbs, frameCount: 48 }, 'api/takes/x/final')?.url).toBe('api/takes/x/final/thumbs.jpg');
});
