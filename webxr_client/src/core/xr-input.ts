/** Gamepads as a tagged union of intents: edges and held sticks, no three.js, no DOM. */

export interface PadState {
  readonly hand: 'left' | 'right' | 'none';
  readonly trigger: boolean;
  /** B or Y. */
  readonly upperButton: boolean;
  readonly stickX: number;
  readonly stickY: number;
}

export type Intent =
  /** The trigger: what it does is for what the hand points at. */
  | { readonly kind: 'press'; readonly hand: PadState['hand'] }
  | { readonly kind: 'recentre' }
  | { readonly kind: 'seek'; readonly seconds: -1 | 1 }
  | { readonly kind: 'turn'; readonly radians: number }
  | { readonly kind: 'walk'; readonly x: number; readonly z: number };

const ON = 0.7;
const DEAD = 0.18;
const SNAP_RAD = Math.PI / 6;

/** Standard xr mapping: buttons 0 trigger, 4 lower, 5 upper face button; axes 2, 3 thumbstick. */
export function padState(hand: XRHandedness, buttons: readonly { readonly pressed: boolean }[], axes: readonly number[]): PadState {
  return {
    hand,
    trigger: buttons[0]?.pressed ?? false,
    upperButton: buttons[5]?.pressed ?? false,
    stickX: axes[2] ?? 0,
    stickY: axes[3] ?? 0,
  };
}

/** What the change from `before` to `now` means. On the stage the left stick walks and the right one turns. */
export function intents(before: PadState | undefined, now: PadState, mode: 'take' | 'stage'): readonly Intent[] {
  const found: Intent[] = [];
  if (now.trigger && !before?.trigger) found.push({ kind: 'press', hand: now.hand });
  if (now.upperButton && !before?.upperButton) found.push({ kind: 'recentre' });
  const flicked = Math.abs(now.stickX) > ON && Math.abs(before?.stickX ?? 0) <= ON;
  if (mode === 'take') {
    if (flicked) found.push({ kind: 'seek', seconds: now.stickX > 0 ? 1 : -1 });
  } else if (now.hand === 'left') {
    if (Math.hypot(now.stickX, now.stickY) > DEAD) found.push({ kind: 'walk', x: now.stickX, z: now.stickY });
  } else if (flicked) {
    found.push({ kind: 'turn', radians: now.stickX > 0 ? -SNAP_RAD : SNAP_RAD });
  }
  return found;
}
