/** Reading a layered clip's manifest. Pure. */
import type { FramePose, Layer, Manifest } from '../protocol/messages';

export type Rect = readonly [x: number, y: number, width: number, height: number];

export interface LayerRects {
  readonly color: Rect;
  readonly depth: Rect;
  readonly fine: Rect | null;
}

/** A rendition the client can show: its manifest and where its files are. */
export interface KnownClip {
  readonly manifest: Manifest;
  readonly takeId: string;
  readonly quality: 'draft' | 'final';
  readonly filesPath: string;
}

function tile(manifest: Manifest, name: string): Rect {
  const rect = manifest.tiles[name];
  if (!rect) throw new Error(`The manifest of take ${manifest.takeId} names a tile that it lacks: ${name}.`);
  return rect;
}

function rectsOf(manifest: Manifest, layer: Layer): LayerRects {
  const { color, depth, fine } = layer.tiles;
  return {
    color: tile(manifest, color),
    depth: tile(manifest, depth),
    fine: fine ? tile(manifest, fine) : null,
  };
}

/** The tiles of one of the two layers. */
export function layerRects(manifest: Manifest, role: Layer['role']): LayerRects {
  const layer = manifest.layers.find((l) => l.role === role);
  if (!layer) throw new Error(`The manifest of take ${manifest.takeId} has no ${role} layer.`);
  return rectsOf(manifest, layer);
}

export function fpsOf(manifest: { fps: [number, number] }): number {
  return manifest.fps[0] / manifest.fps[1];
}

export function poseAt(manifest: Manifest, frame: number): FramePose {
  const pose = manifest.poses[Math.min(Math.max(frame, 0), manifest.poses.length - 1)];
  if (!pose) throw new Error(`The manifest of take ${manifest.takeId} has no poses.`);
  return pose;
}

/** Where a flat fallback stands, metres: the geometric middle of the shot's depth, within a room's reach. */
export function screenDistance({ depth }: Manifest): number {
  return Math.min(Math.max(Math.sqrt(depth.near * depth.far), 2), 12);
}

/** A loose check of JSON from a folder: enough that the rest fails with words and not with `undefined`. */
export function asManifest(value: unknown): Manifest {
  const m = value as Partial<Manifest> | null;
  if (!m || m.version !== 1 || !m.atlas || !m.tiles || !Array.isArray(m.poses) || !Array.isArray(m.tiers)) {
    throw new Error('manifest.json is not a layered clip of version 1.');
  }
  return m as Manifest;
}
