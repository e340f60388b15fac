/** What is read from a picture on the CPU: its barcode, and the colours at its edges. */
import { readStrip, type FrameIdentity } from '../core/barcode';
import { layerRects } from '../core/manifest';
import type { Manifest } from '../protocol/messages';
import type { Picture } from './video';

export interface EdgeColours {
  /** sRGB 0..1. */
  readonly top: readonly [number, number, number];
  readonly middle: readonly [number, number, number];
  readonly bottom: readonly [number, number, number];
}

const SAMPLES = 16;

function context(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const made = canvas.getContext('2d', { willReadFrequently: true, alpha: false });
  if (!made) throw new Error('This browser gives no 2D canvas.');
  return made;
}

export class StripReader {
  private readonly strip = context(32 * 8, 16);
  private readonly samples = context(SAMPLES, SAMPLES);

  /** The identity in the strip where this manifest says it is, or null when it cannot be read. */
  read(picture: Picture, { atlas }: Manifest): FrameIdentity | null {
    const { rect, cell } = atlas.barcode;
    const [width, height] = [32 * cell, 2 * cell];
    const { canvas } = this.strip;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    this.strip.drawImage(picture, rect[0], rect[1], width, height, 0, 0, width, height);
    return readStrip(this.strip.getImageData(0, 0, width, height).data, width, cell);
  }

  /** Mean colours along the upper, middle and lower edges of the picture. */
  edges(picture: Picture, manifest: Manifest): EdgeColours {
    const [x, y, w, h] = layerRects(manifest, 'foreground').color;
    this.samples.drawImage(picture, x, y, w, h, 0, 0, SAMPLES, SAMPLES);
    const { data } = this.samples.getImageData(0, 0, SAMPLES, SAMPLES);
    const mean = (rows: readonly number[], columns: readonly number[]): [number, number, number] => {
      const sum: [number, number, number] = [0, 0, 0];
      for (const row of rows) {
        for (const column of columns) {
          for (let c = 0; c < 3; c++) sum[c] = (sum[c] ?? 0) + (data[(row * SAMPLES + column) * 4 + c] ?? 0);
        }
      }
      const scale = 1 / (255 * rows.length * columns.length);
      return [sum[0] * scale, sum[1] * scale, sum[2] * scale];
    };
    const all = Array.from({ length: SAMPLES }, (_, i) => i);
    return {
      top: mean([0, 1], all),
      middle: mean([5, 6, 7, 8, 9], [0, 1, SAMPLES - 2, SAMPLES - 1]),
      bottom: mean([SAMPLES - 2, SAMPLES - 1], all),
    };
  }
}
