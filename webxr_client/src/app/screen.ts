/** The picture on screen: which frame of which rendition it is, from the video to the layers. */
import type { Group, WebGLRenderer } from 'three';
import { fpsOf, type KnownClip } from '../core/manifest';
import { freeze, release, sizeOf, tapFrames, type Picture, type VideoTap } from '../media/video';
import { StripReader } from '../media/strip';
import { OVERVIEW_PX, type Surround } from '../take/surround';
import { TakeView, type TakeQuality } from '../take/take-view';

export interface Shown {
  readonly clip: KnownClip;
  readonly frame: number;
}

export interface ScreenHooks {
  /** Every rendition the picture may be of, oldest first. */
  readonly clips: () => readonly KnownClip[];
  readonly onShown: (shown: Shown) => void;
  readonly onFailure: (error: Error) => void;
}

const COLOURS_EVERY_S = 0.4;

/** Follows one video element. The barcode in the picture decides the frame and the manifest; without one, the last stay. */
export class Screen {
  view: TakeView | null = null;
  shown: Shown | null = null;
  reads = 0;
  misses = 0;
  private readonly strip = new StripReader();
  private readonly tap: VideoTap;
  private fresh = false;
  private lastTime = -1;
  private colouredAt = -Infinity;

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly renderer: WebGLRenderer,
    private readonly parent: Group,
    private readonly surround: Surround,
    public quality: TakeQuality,
    private readonly hooks: ScreenHooks,
  ) {
    this.tap = tapFrames(video, () => (this.fresh = true));
  }

  get presented(): number {
    return this.tap.presented();
  }

  /**
   * Call before each drawn frame; true: there is another picture. In a headset the page's own callbacks may rest, so the
   * element's time is watched too.
   */
  update(nowS: number, immersive: boolean): boolean {
    const moved = this.video.currentTime !== this.lastTime;
    if (!this.fresh && !(moved && (immersive || this.shown === null))) return false;
    const picture = freeze(this.video);
    if (!picture) return false;
    this.fresh = false;
    this.lastTime = this.video.currentTime;
    try {
      this.present(picture, nowS);
    } catch (error) {
      this.hooks.onFailure(error instanceof Error ? error : new Error(String(error)));
    } finally {
      release(picture);
    }
    return true;
  }

  /** Draw from now on with another grid. */
  setQuality(quality: TakeQuality): void {
    this.quality = quality;
    this.view?.dispose();
    this.view = null;
    this.fresh = true;
  }

  dispose(): void {
    this.tap.dispose();
    this.view?.dispose();
    this.view = null;
  }

  private present(picture: Picture, nowS: number): void {
    const next = this.identify(picture);
    if (!next) return;
    if (this.view?.manifest !== next.clip.manifest) {
      this.view?.dispose();
      this.view = new TakeView(this.renderer, next.clip.manifest, this.quality, this.surround.uniforms);
      this.parent.add(this.view.group);
      const { filesPath, manifest } = next.clip;
      this.surround.setPicture(manifest.surround ? `${filesPath}/${manifest.surround}` : null);
      this.colouredAt = -Infinity;
    }
    this.view.present(picture, next.frame);
    if (nowS - this.colouredAt > COLOURS_EVERY_S) {
      this.surround.setOverview(this.strip.overview(picture, next.clip.manifest, OVERVIEW_PX));
      this.colouredAt = nowS;
    }
    this.shown = next;
    this.hooks.onShown(next);
  }

  private identify(picture: Picture): Shown | null {
    const { width, height } = sizeOf(picture);
    const current = this.shown?.clip;
    const fitting = this.hooks.clips().filter(({ manifest: { atlas } }) => atlas.width === width && atlas.height === height);
    const candidates = [...fitting.filter((c) => c === current), ...fitting.filter((c) => c !== current).toReversed()];
    const identities = candidates.map((clip) => ({ clip, identity: this.strip.read(picture, clip.manifest) }));
    const read = identities.find(({ identity }) => identity !== null)?.identity;
    if (read) this.reads++;
    else this.misses++;
    const named = read && identities.find(({ clip, identity }) => identity?.tag === clip.manifest.atlas.barcode.tag);
    if (named?.identity && named.identity.frame < named.clip.manifest.frameCount) {
      return { clip: named.clip, frame: named.identity.frame };
    }
    // Unreadable: hold the last identity, but never draw one rendition's picture with another's layout.
    return !read && this.shown && fitting.includes(this.shown.clip) ? this.shown : null;
  }
}

/** Frames per second of what is shown. */
export function shownFps(shown: Shown | null): number {
  return shown ? fpsOf(shown.clip.manifest) : 24;
}
