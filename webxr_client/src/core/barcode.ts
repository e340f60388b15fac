/** Frame identity read from the barcode strip of the atlas (see `Barcode` in the protocol). Pure. */

export interface FrameIdentity {
  readonly frame: number;
  readonly tag: number;
}

/** CRC-8, polynomial 0x07, initial value 0. */
export function crc8(bytes: readonly number[]): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte & 0xff;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
  }
  return crc;
}

/** `frame (16) | tag (8) | crc8 (8)` as an unsigned 32-bit number. */
export function encodeWord({ frame, tag }: FrameIdentity): number {
  return ((((frame & 0xffff) << 16) | ((tag & 0xff) << 8)) >>> 0) + crc8([(frame >> 8) & 0xff, frame & 0xff, tag & 0xff]);
}

/** The identity in a word, or null when its check does not fit. */
export function decodeWord(word: number): FrameIdentity | null {
  const bytes = [(word >>> 24) & 0xff, (word >>> 16) & 0xff, (word >>> 8) & 0xff];
  if (crc8(bytes) !== (word & 0xff)) return null;
  return { frame: word >>> 16, tag: (word >>> 8) & 0xff };
}

/**
 * Decode the cells' mean luma (any scale): `upper` holds the word, `lower` its inverse, most significant bit first.
 * A bit is the sign of upper - lower, so brightness and range do not matter; null when a cell pair says nothing.
 */
export function decodeCells(upper: ArrayLike<number>, lower: ArrayLike<number>, minimumContrast = 24): FrameIdentity | null {
  let word = 0;
  for (let bit = 0; bit < 32; bit++) {
    const difference = (upper[bit] ?? 0) - (lower[bit] ?? 0);
    if (Math.abs(difference) < minimumContrast) return null;
    word = word * 2 + (difference > 0 ? 1 : 0);
  }
  return decodeWord(word >>> 0);
}

/**
 * Mean luma of the two rows of 32 cells in RGBA pixels of the strip; only the inner half of a cell counts,
 * since its border carries the codec's ringing.
 */
export function readStrip(rgba: ArrayLike<number>, widthPx: number, cellPx: number): FrameIdentity | null {
  const rows: [number[], number[]] = [[], []];
  const margin = Math.floor(cellPx / 4);
  for (const [row, cells] of rows.entries()) {
    for (let cell = 0; cell < 32; cell++) {
      let sum = 0;
      let count = 0;
      for (let y = row * cellPx + margin; y < (row + 1) * cellPx - margin; y++) {
        for (let x = cell * cellPx + margin; x < (cell + 1) * cellPx - margin; x++) {
          const at = (y * widthPx + x) * 4;
          sum += 0.2126 * (rgba[at] ?? 0) + 0.7152 * (rgba[at + 1] ?? 0) + 0.0722 * (rgba[at + 2] ?? 0);
          count++;
        }
      }
      cells.push(sum / count);
    }
  }
  return decodeCells(rows[0], rows[1]);
}
