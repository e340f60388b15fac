/** A baked folder served over plain HTTP: manifest.json and one tier's mp4, looping. For looking at a bake without a server. */
import { asManifest, fpsOf, type KnownClip } from '../core/manifest';
import type { Tier } from '../protocol/messages';

export interface StaticClip extends KnownClip {
  readonly mediaUrl: string;
}

/** Read a folder's manifest. Throws with words when it is not there or not one. */
export async function openFolder(folder: string, page: string, tierName?: string | null): Promise<StaticClip> {
  const base = new URL(folder.endsWith('/') ? folder : `${folder}/`, page);
  const response = await fetch(new URL('manifest.json', base));
  if (!response.ok) throw new Error(`There is no manifest.json in ${base.pathname} (status ${response.status}).`);
  const manifest = asManifest(await response.json());
  const tier = chooseTier(manifest.tiers, tierName);
  return {
    manifest,
    takeId: manifest.takeId,
    quality: 'final',
    filesPath: base.href.replace(/\/$/, ''),
    mediaUrl: new URL(tier.media ?? `${tier.name}.mp4`, base).href,
  };
}

export function chooseTier(tiers: readonly Tier[], name?: string | null): Tier {
  const tier = tiers.find((t) => t.name === name) ?? tiers.toSorted((a, b) => b.bitrateKbps - a.bitrateKbps)[0];
  if (!tier) throw new Error('The clip has no tier that could be shown.');
  return tier;
}

/** Transport of a looping file: what the room does for a stream. */
export class StaticTransport {
  constructor(
    private readonly video: HTMLVideoElement,
    private readonly clip: StaticClip,
  ) {
    video.src = clip.mediaUrl;
    video.loop = true;
  }

  get playing(): boolean {
    return !this.video.paused;
  }

  play(): void {
    void this.video.play().catch(() => undefined);
  }

  pause(): void {
    this.video.pause();
  }

  /** The middle of the frame's time, so that rounding cannot land on its neighbour. */
  seek(frame: number): void {
    this.video.currentTime = (frame + 0.5) / fpsOf(this.clip.manifest);
  }
}
