/** When the board in the headset is seen: always while paused, else only when it is wanted. Pure. */

const STAYS_S = 4;
const FADES_S = 0.5;
/** How near the middle of the view the board must be to count as looked at, radians. */
export const LOOKED_AT_RAD = 0.45;

export class Presence {
  private restS = STAYS_S;
  private shown = 1;

  /** Something was done that the board shows. */
  stir(): void {
    this.restS = STAYS_S;
  }

  /** Opacity 0..1 after `seconds` more. */
  update(playing: boolean, lookedAt: boolean, seconds: number): number {
    this.restS = !playing || lookedAt ? STAYS_S : Math.max(0, this.restS - seconds);
    const step = seconds / FADES_S;
    this.shown = Math.min(1, Math.max(0, this.shown + (this.restS > 0 ? step : -step)));
    return this.shown;
  }
}
