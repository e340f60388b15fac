/** When one's own head is worth telling the room: at most 15 times a second, and only when it has moved. Pure. */
import type { Pose } from '../protocol/messages';

type Head = Pose['head'];

const LEAST_MS = 1000 / 15;
const MOVED_M = 0.005;
const TURNED_RAD = 0.01;

function moved(a: Head, b: Head): boolean {
  if (Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]) > MOVED_M) return true;
  const dot = Math.abs(a[3] * b[3] + a[4] * b[4] + a[5] * b[5] + a[6] * b[6]);
  return 2 * Math.acos(Math.min(1, dot)) > TURNED_RAD;
}

export class PoseGate {
  private told: { head: Head; immersive: boolean; at: number } | null = null;

  /** Should this pose be sent at the local clock `nowMs`? If so it counts as sent. */
  admits(head: Head, immersive: boolean, nowMs: number): boolean {
    if (!head.every(Number.isFinite)) return false;
    const { told } = this;
    if (told && (nowMs - told.at < LEAST_MS || (told.immersive === immersive && !moved(told.head, head)))) return false;
    this.told = { head, immersive, at: nowMs };
    return true;
  }

  /** Another connection knows nothing of what was said on the last one. */
  forget(): void {
    this.told = null;
  }
}
