/// <reference types="vite/client" />
import { describe, expect, it } from 'vitest';
import errorTree from '../../vr_server/domain/errors.py?raw';
import { crc8, decodeCells, decodeWord, encodeWord, readStrip } from '../src/core/barcode';
import { depthOf, fitCalibration, fold, inverseDepth, median9, refine, SKY_M, unitOf } from '../src/core/depth';
import { ERROR_CODES, errorTitle } from '../src/core/errors';
import { preferredLanguage, translator } from '../src/core/i18n';
import { diffLine } from '../src/core/labels';
import { flatness, levelled, multiply, outside, pitchOf, rotate, toWorld, yawOf, yawQuat } from '../src/core/pose';
import { Presence } from '../src/core/presence';
import { chosenQuality, LADDER, QualityGovernor } from '../src/core/quality';
import { backoff, isFinal } from '../src/core/reconnect';
import { PoseGate } from '../src/core/pose-gate';
import { advance, playheadNow, sameStream } from '../src/core/playhead';
import { en, zh } from '../src/core/strings';
import { timecode } from '../src/core/timecode';
import { intents, padState } from '../src/core/xr-input';
import { emptyRoom } from '../src/core/room';
import type { Span } from '../src/protocol/messages';

describe('barcode', () => {
  const paint = (word: number, cell: number, width: number): Uint8Array => {
    const rgba = new Uint8Array(width * cell * 2 * 4);
    for (let y = 0; y < cell * 2; y++) {
      for (let x = 0; x < 32 * cell; x++) {
        const bit = Math.floor(word / 2 ** (31 - Math.floor(x / cell))) % 2;
        rgba.fill((bit === 1) === y < cell ? 235 : 20, (y * width + x) * 4, (y * width + x) * 4 + 3);
      }
    }
    return rgba;
  };

  it('knows the reference value of CRC-8', () => {
    expect(crc8([...new TextEncoder().encode('123456789')])).toBe(0xf4);
  });

  it.each([
    [0, 0],
    [1, 255],
    [47, 56],
    [40000, 129],
    [65535, 7],
  ])('reads frame %i of tag %i back from pixels', (frame, tag) => {
    expect(readStrip(paint(encodeWord({ frame, tag }), 8, 300), 300, 8)).toEqual({ frame, tag });
  });

  it('refuses a word with any one bit wrong', () => {
    const word = encodeWord({ frame: 1234, tag: 99 });
    for (let bit = 0; bit < 32; bit++) expect(decodeWord((word ^ (1 << bit)) >>> 0)).toBeNull();
  });

  it('refuses cells without contrast', () => {
    expect(decodeCells(Array.from({ length: 32 }, () => 120), Array.from({ length: 32 }, () => 118))).toBeNull();
  });
});

describe('depth code', () => {
  const range = { near: 0.6, far: 80 };
  const code = (v: number): number => Math.round(16 + 219 * v);
  const unit = (luma: number): number => (luma - 16) / 219;

  it('gives back u to a quarter of the coarse step, and at a fold no worse than the coarse tile alone', () => {
    for (let u = 0; u <= 1; u += 0.00137) {
      const fine = unit(code(fold(u * 4)));
      for (const noise of [-1, 0, 1]) {
        const coarse = Math.min(Math.max(unit(code(u) + noise), 0), 1);
        const toFold = Math.abs(u * 4 - Math.round(u * 4)) / 4;
        const doubtful = (Math.abs(noise) + 0.5) / 219;
        const limit = toFold < doubtful + 0.001 ? 2 * doubtful : 0.5 / 219 / 4 + 1e-9;
        expect(Math.abs(refine(coarse, fine, 4) - u)).toBeLessThan(limit);
      }
    }
  });

  it('is inverse depth between near and far, and sky at zero', () => {
    expect(depthOf(1, range)).toBeCloseTo(0.6, 6);
    expect(inverseDepth(2 / 219, range)).toBeGreaterThan(1 / 80);
    expect(depthOf(0, range)).toBe(SKY_M);
  });

  it('undoes a range mistake of the decoder with the grey patches', () => {
    const written = [16, 71, 126, 180, 235];
    const fullRangeRead = written.map((v) => v / 255);
    const line = fitCalibration(fullRangeRead, written);
    expect(unitOf(100 / 255, line)).toBeCloseTo((100 - 16) / 219, 6);
    expect(fitCalibration([0.4, 0.4], [16, 235])).toEqual({ gain: 219, offset: 16 });
  });

  it('takes the middle of nine', () => {
    expect(median9([9, 1, 8, 2, 7, 3, 6, 4, 5])).toBe(5);
  });
});

describe('pose', () => {
  const pitch = (a: number): [number, number, number, number] => [Math.sin(a / 2), 0, 0, Math.cos(a / 2)];

  it('keeps pitch and roll and takes the heading out', () => {
    const rotation = multiply(yawQuat(1.1), pitch(-0.4));
    expect(yawOf(rotation)).toBeCloseTo(1.1, 9);
    const forward = rotate(levelled(rotation), [0, 0, -1]);
    expect(forward[0]).toBeCloseTo(0, 9);
    expect(Math.asin(forward[1])).toBeCloseTo(-0.4, 9);
    expect(pitchOf(rotation)).toBeCloseTo(-0.4, 9);
  });

  it('knows the heading of a camera that looks straight down', () => {
    expect(yawOf(multiply(yawQuat(0.7), pitch(-Math.PI / 2)))).toBeCloseTo(0.7, 6);
    expect(yawOf(multiply(yawQuat(0.7), pitch(Math.PI / 2)))).toBeCloseTo(0.7, 6);
  });

  it('puts a point of the camera into the world', () => {
    const [x, y, z] = toWorld([1, 2, 3], yawQuat(Math.PI / 2), [0, 0, -1]);
    expect([x, y, z].map((v) => Math.round(v * 1e6) / 1e6)).toEqual([0, 2, 3]);
  });

  it('fades to flat outside the head box, and not inside', () => {
    const box = [[-0.25, -0.25, -0.25], [0.25, 0.25, 0.25]] as const;
    expect(outside([0.25, -0.25, 0], ...box)).toBe(0);
    expect(outside([0.55, 0, 0.65], ...box)).toBeCloseTo(0.5, 9);
    expect([flatness(0), flatness(0.25), flatness(0.5), flatness(9)]).toEqual([0, 0.5, 1, 1]);
  });
});

describe('playhead', () => {
  const head = { takeId: 't', quality: 'final' as const, frame: 40, playing: true, counter: 9 };
  const span: Span = { type: 'span', counter: 9, takeId: 't', quality: 'final', frame: 40, frameCount: 48, fps: [24, 1], playing: true };

  it('advances a playing head only, and loops', () => {
    expect(advance(head, 0.5, 24, 48)).toBe(4);
    expect(advance({ ...head, playing: false }, 0.5, 24, 48)).toBe(40);
    expect(advance(head, -1, 24, 48)).toBe(40);
  });

  it('runs on between messages at the pace of the take on the wire', () => {
    const room = { ...emptyRoom('r'), playhead: head, playheadAt: 1000, span };
    expect(playheadNow(room, 1250).frame).toBe(46);
    expect(playheadNow({ ...room, span: { ...span, takeId: 'other' } }, 1250).frame).toBe(40);
    expect(playheadNow({ ...room, span: null }, 1250)).toBe(head);
  });

  it('knows a stream again after the line was lost, and another one by its lower counter', () => {
    const mark = { whepPath: '/w', serverVersion: '1', counter: 500 };
    expect(sameStream(mark, { ...mark, counter: 560 })).toBe(true);
    expect(sameStream(null, mark)).toBe(false);
    for (const other of [{ whepPath: '/v' }, { serverVersion: '2' }, { counter: 12 }]) expect(sameStream(mark, { ...mark, ...other })).toBe(false);
  });
});

describe('timecode', () => {
  it('is written at the nominal rate', () => {
    expect(timecode(24 * 3661 + 5, 24)).toBe('01:01:01:05');
    expect(timecode(30, 30000 / 1001)).toBe('00:00:01:00');
  });
});

describe('words', () => {
  it('has every key in both languages, filled and with the same values to fill in', () => {
    expect(Object.keys(zh).toSorted()).toEqual(Object.keys(en).toSorted());
    for (const key of Object.keys(en) as (keyof typeof en)[]) {
      expect(zh[key].trim()).not.toBe('');
      expect(zh[key].match(/\{\w+\}/g) ?? []).toEqual(en[key].match(/\{\w+\}/g) ?? []);
    }
  });

  it('fills in values and follows the browser', () => {
    expect(translator('zh')('take.name', { number: 3 })).toBe('第 3 条');
    expect(preferredLanguage(['fr', 'zh-TW', 'en'])).toBe('zh');
    expect(preferredLanguage(['de'])).toBe('en');
  });

  it('says a diff as a director would', () => {
    expect(diffLine({ path: 'camera.distanceScale', before: '1', after: '0.75' }, 'zh')).toEqual({ label: '机位距离', before: '×1', after: '×0.75' });
    expect(diffLine({ path: 'camera.yawOffsetRad', before: '0', after: '-0.523599' }, 'en').after).toBe('−30°');
    expect(diffLine({ path: 'subjects[0].colours[0]', before: '', after: 'red' }, 'zh')).toEqual({ label: '颜色', before: '–', after: '红色' });
    expect(diffLine({ path: 'region', before: '', after: 'a cat on the wall' }, 'en')).toEqual({ label: 'Region, in words', before: '–', after: 'a cat on the wall' });
    expect(diffLine({ path: 'timeOfDay', before: 'day', after: 'night' }, 'zh').after).toBe('夜晚');
    expect(diffLine({ path: 'style', before: '', after: 'ink' }, 'en')).toEqual({ label: 'style', before: '–', after: 'ink' });
  });

  it('has its own words for every error code and keeps the server’s for others', () => {
    const codes = [...errorTree.matchAll(/^ +code(?:: [^=]+)? = "([a-z-]+)"$/gm)].map((m) => m[1] ?? '');
    expect(codes.length).toBeGreaterThan(10);
    for (const code of codes) expect(ERROR_CODES).toContain(code);
    for (const code of ERROR_CODES) expect(errorTitle(code, 'x', 'zh')).not.toBe('x');
    expect(errorTitle('new-code', 'Said by the server', 'zh')).toBe('Said by the server');
  });
});

describe('pose gate', () => {
  const head = (x: number): [number, number, number, number, number, number, number] => [x, 1.6, 0, 0, 0, 0, 1];

  it('lets at most 15 moved poses a second through', () => {
    const gate = new PoseGate();
    let sent = 0;
    for (let ms = 0; ms < 1000; ms += 4) if (gate.admits(head(ms / 100), false, ms)) sent++;
    expect(sent).toBeGreaterThan(10);
    expect(sent).toBeLessThanOrEqual(15);
  });

  it('says nothing while nothing moves, and everything again to a new line', () => {
    const gate = new PoseGate();
    expect([gate.admits(head(0), false, 0), gate.admits(head(0.001), false, 500), gate.admits(head(0), true, 1000)]).toEqual([true, false, true]);
    gate.forget();
    expect(gate.admits(head(0), true, 1001)).toBe(true);
    expect(gate.admits(head(Number.NaN), true, 9000)).toBe(false);
  });
});

describe('the board in the headset', () => {
  it('goes while the film plays, and comes back when it is wanted', () => {
    const presence = new Presence();
    const run = (playing: boolean, looked: boolean, seconds: number): number => {
      let opacity = -1;
      for (let t = 0; t < seconds; t += 0.1) opacity = presence.update(playing, looked, 0.1);
      return opacity;
    };
    expect([run(false, false, 9), run(true, false, 3), run(true, false, 2)]).toEqual([1, 1, 0]);
    expect([run(true, true, 1), run(true, false, 6), run(false, false, 1)]).toEqual([1, 0, 1]);
    run(true, false, 6);
    presence.stir();
    expect(run(true, false, 1)).toBe(1);
  });
});

describe('policies', () => {
  it('waits longer each time, up to a limit, never all at once', () => {
    const [late, early] = [backoff(() => 0), backoff(() => 1)];
    expect([0, 1, 2, 10].map((n) => late.delayMs(n))).toEqual([300, 600, 1200, 8000]);
    expect(early.delayMs(0)).toBeCloseTo(210);
    expect([isFinal(1008), isFinal(4404), isFinal(4408), isFinal(1006), isFinal(1012)]).toEqual([true, true, false, false, false]);
  });

  it('takes the quality from the address, and only a sane one', () => {
    expect(chosenQuality(new URLSearchParams('grid=80'))).toEqual({ quality: { columns: 80, fine: false }, fixed: true });
    expect(chosenQuality(new URLSearchParams('grid=banana'))).toEqual({ quality: LADDER[0], fixed: false });
    expect(chosenQuality(new URLSearchParams('grid=80&fine=1')).quality.fine).toBe(true);
  });

  it('steps down only when slow for long, to the end of the ladder', () => {
    const governor = new QualityGovernor(0, 14, 1);
    expect(governor.observe(5, 0.6)).toBeNull();
    expect(governor.observe(60, 0.6)).toBeNull();
    expect(governor.observe(5, 0.6)).toBeNull();
    expect(governor.observe(5, 0.6)).toEqual(LADDER[1]);
    expect(governor.observe(5, 1.1)).toEqual(LADDER[2]);
    expect(governor.observe(5, 9)).toBeNull();
  });
});

describe('headset input', () => {
  const buttons = (...down: number[]): { pressed: boolean }[] => Array.from({ length: 6 }, (_, i) => ({ pressed: down.includes(i) }));
  const idle = padState('right', buttons(), [0, 0, 0, 0]);

  it('acts on the press, not while it lasts', () => {
    const pressed = padState('right', buttons(0, 5), [0, 0, 0, 0]);
    expect(intents(idle, pressed, 'take')).toEqual([{ kind: 'press', hand: pressed.hand }, { kind: 'recentre' }]);
    expect(intents(pressed, pressed, 'take')).toEqual([]);
  });

  it('seeks in the take, turns and walks on the stage', () => {
    const right = padState('right', buttons(), [0, 0, 1, 0]);
    expect(intents(idle, right, 'take')).toEqual([{ kind: 'seek', seconds: 1 }]);
    expect(intents(idle, right, 'stage')).toEqual([{ kind: 'turn', radians: -Math.PI / 6 }]);
    expect(intents(idle, padState('left', buttons(), [0, 0, 0, -0.5]), 'stage')).toEqual([{ kind: 'walk', x: 0, z: -0.5 }]);
  });
});
