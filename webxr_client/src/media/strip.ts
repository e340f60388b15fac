/** What is read from a picture on the CPU: its barcode, and a small copy of it. */
import { readStrip, type FrameIdentity } from '../core/barcode';
import { layerRects } from '../core/manifest';
import type { Manifest } from '../protocol/messages';
import type { Picture } from './video';

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
  private readonly small = context(16, 16);

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

  /** The picture of L1 at `size` x `size`, sRGB, 4 bytes a pixel, top row first. */
  overview(picture: Picture, manifest: Manifest, size: number): Uint8ClampedArray {
    const [x, y, w, h] = layerRects(manifest, 'foreground').color;
    const { canvas } = this.small;
    if (canvas.width !== size || canvas.height !== size) {
      canvas.width = size;
      canvas.height = size;
    }
    this.small.imageSmoothingQuality = 'medium';
    this.small.drawImage(picture, x, y, w, h, 0, 0, size, size);
    return this.small.getImageData(0, 0, size, size).data;
  }
}
