import { describe, expect, it } from 'vitest';
import { emptyRoom, fold, notesOf, posterPath, qualityOf, revisionOf, takesOf } from '../src/core/room';
import { Store } from '../src/core/events';
import { parseServerMessage } from '../src/protocol/guards';
import type { Manifest, Note, Revision, ServerMessage, Take } from '../src/protocol/messages';
import { cellGeometry } from '../src/take/geometry';
import { patchUniforms } from '../src/take/decoder';

const take = (id: string, number: number, state: Take['state'] = 'ready'): Take => ({
  id,
  projectId: 'p',
  shotId: 's',
  number,
  createdAt: '2026-01-01T00:00:00Z',
  spec: { text: 'x' } as Take['spec'],
  provenance: { engine: 'e', model: 'm', engineVersion: '1', seed: 1, promptSent: '', negativePrompt: '', dropped: [], parentTakeId: null, noteIds: [], revisionId: null, redrawn: null, orderId: null, parts: [], guidance: null, attempt: 0, retryOf: null, remarks: [], variant: null },
  state,
  urgency: 'room',
  findings: [],
  approval: null,
  kept: null,
  renditions: [],
  error: null,
});
const note = (id: string, frame: number): Note => ({ id, projectId: 'p', takeId: 't1', frame, timeS: 0, author: 'a', text: id, language: 'en', pointM: null, rayDirection: null, region: null, createdAt: `2026-01-01T00:00:0${frame}Z` });
const after = (...messages: ServerMessage[]) => messages.reduce((state, message) => fold(state, message, 5), emptyRoom('r'));

describe('room state', () => {
  it('replaces a take in place and forgets its progress when it is finished', () => {
    const progress: ServerMessage = { type: 'progress', takeId: 't1', stage: 'draft', fraction: 0.4, playableFrames: 0, etaS: null, preview: null };
    const working = after({ type: 'takeUpdated', take: take('t1', 1, 'generating') }, progress);
    expect(working.progress['t1']?.fraction).toBe(0.4);
    const done = fold(working, { type: 'takeUpdated', take: take('t1', 1, 'ready') }, 6);
    expect([done.takes.length, done.takes[0]?.state, done.progress['t1']]).toEqual([1, 'ready', undefined]);
  });

  it('shows a finished take coming back from the archive, and forgets it once it is here', () => {
    const coming: ServerMessage = { type: 'progress', takeId: 't1', stage: 'recalling', fraction: 0.4, playableFrames: 96, etaS: null, preview: null };
    expect(after(coming).progress['t1']?.fraction).toBe(0.4);
    expect(after(coming, { ...coming, fraction: 1 }).progress['t1']).toBeUndefined();
  });

  it('keeps clips by barcode tag, the newest winning, and knows the best quality', () => {
    const clip = (quality: 'draft' | 'final', tag: number): ServerMessage => ({ type: 'manifest', takeId: 't1', quality, filesPath: '/f', manifest: { atlas: { barcode: { tag } } } as Manifest });
    const state = after({ type: 'takeUpdated', take: take('t1', 1, 'generating') }, clip('draft', 7));
    expect(qualityOf(state, take('t1', 1))).toBe('draft');
    const later = fold(state, clip('final', 9), 6);
    expect([Object.keys(later.clips), qualityOf(later, take('t1', 1)), qualityOf(later, take('t2', 2))]).toEqual([['7', '9'], 'final', null]);
  });

  it('finds the poster of the best complete rendition', () => {
    const rendition = (quality: 'draft' | 'final'): Take['renditions'][number] => ({ quality, widthPx: 2, heightPx: 2, frameCount: 1, files: {} });
    expect(posterPath(take('t1', 1))).toBeNull();
    expect(posterPath({ ...take('t1', 1), renditions: [rendition('draft')] })).toBe('api/takes/t1/draft/poster.jpg');
    expect(posterPath({ ...take('t1', 1), renditions: [rendition('draft'), rendition('final')] })).toBe('api/takes/t1/final/poster.jpg');
  });

  it('turns a pending note into a kept one, once', () => {
    const state = { ...emptyRoom('r'), pending: { c1: { clientId: 'c1', takeId: 't1', frame: 2, text: 'x' } } };
    const added: ServerMessage = { type: 'noteAdded', note: note('n', 2), clientId: 'c1' };
    const kept = fold(fold(state, added, 1), added, 2);
    expect([kept.pending, kept.notes.length]).toEqual([{}, 1]);
  });

  it('orders notes by the clip and finds the latest revision of one', () => {
    const revision = (id: string, state: Revision['state']): ServerMessage => ({ type: 'revisionUpdated', revision: { id, projectId: 'p', shotId: 's', noteId: 'b', changes: [], diff: [], explanation: '', unknownWords: [], state, takeId: null } });
    const state = after({ type: 'noteAdded', note: note('b', 8), clientId: null }, { type: 'noteAdded', note: note('a', 3), clientId: null }, revision('r1', 'proposed'), revision('r1', 'accepted'));
    expect(notesOf(state, 't1').map((n) => n.id)).toEqual(['a', 'b']);
    expect([revisionOf(state, 'b')?.state, state.revisions.length]).toEqual(['accepted', 1]);
  });

  it('lists the takes of a shot by number', () => {
    const state = after({ type: 'takeUpdated', take: take('y', 2) }, { type: 'takeUpdated', take: take('x', 1) });
    expect(takesOf(state, 's').map((t) => t.number)).toEqual([1, 2]);
  });
});

describe('protocol guards', () => {
  it('lets known messages through and nothing else', () => {
    expect(parseServerMessage('{"type":"presence","participants":[]}')).toEqual({ type: 'presence', participants: [] });
    for (const text of ['', 'null', '[]', '{"type":"presence"}', '{"type":"toString"}', '{"type":"from the future"}', '{"type":5}']) {
      expect(parseServerMessage(text)).toBeNull();
    }
  });
});

describe('store', () => {
  it('tells watchers only of what they picked', () => {
    const store = new Store({ a: 1, b: 1 });
    const seen: number[] = [];
    const stop = store.watch((v) => v.a, (a) => seen.push(a));
    store.update((v) => ({ ...v, b: 2 }));
    store.update((v) => ({ ...v, a: 2 }));
    stop();
    store.update((v) => ({ ...v, a: 3 }));
    expect(seen).toEqual([1, 2]);
  });
});

describe('what the GPU is given', () => {
  it('draws every cell on its own, once per side of an edge', () => {
    const geometry = cellGeometry(4, 3);
    const [index, position] = [geometry.getIndex()?.array ?? [], geometry.getAttribute('position')];
    expect([index.length, position.count]).toEqual([4 * 3 * 12, 4 * 3 * 8]);
    for (let at = 0; at < index.length; at += 3) {
      const cell = Math.floor(at / 12);
      const side = Math.floor((at % 12) / 6);
      const parts = [0, 1, 2].map((k) => {
        const vertex = index[at + k] ?? -1;
        expect([position.getX(vertex), position.getY(vertex)]).toEqual([cell % 4, Math.floor(cell / 4)]);
        return position.getZ(vertex) - 4 * side;
      });
      expect(new Set(parts).size).toBe(3);
      expect(parts.every((part) => part >= 0 && part < 4)).toBe(true);
    }
  });

  it('marks only the patches that exist as in use', () => {
    const manifest = { atlas: { calibration: { rects: [[272, 720, 32, 16]], luma: [71] } } } as unknown as Manifest;
    const patches = patchUniforms(manifest);
    expect(patches[0]?.toArray()).toEqual([288, 728, 71, 1]);
    expect(patches.slice(1).every((p) => p.w === 0)).toBe(true);
  });
});
