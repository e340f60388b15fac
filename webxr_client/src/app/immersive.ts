/** What happens in the headset: where the viewer stands, what the hands do, what the board says and what is pressed on it. */
import { Euler, Group, Quaternion, Vector3 } from 'three';
import type { BoardBody, BoardHead } from '../core/board';
import { shareAt, type BoardAction } from '../core/board-layout';
import { LOOKED_AT_RAD, Presence } from '../core/presence';
import type { Intent } from '../core/xr-input';
import { setupControllers } from '../xr/controllers';
import { setupPanel, type BoardPlace, type Pointed } from '../xr/panel';
import type { World } from './world';

const WALK_M_S = 1.6;

export interface ImmersiveHooks {
  readonly board: () => { readonly head: BoardHead; readonly body: BoardBody };
  /** Something on the board was pressed; `share`: how far through the clip, where that was asked. */
  readonly press: (action: BoardAction, share: number) => void;
  readonly playPause: () => void;
  readonly seekSeconds: (seconds: number) => void;
}

export interface Immersive {
  /** What can be pressed on the board, and where that is in the headset's tracking space, metres. */
  places(): readonly BoardPlace[];
  end(): void;
}

/** Runs for one session. */
export function runImmersive(world: World, hooks: ImmersiveHooks): Immersive {
  const { renderer, rig, anchor } = world;
  const seat = new Group();
  rig.add(seat);
  const controllers = setupControllers(rig);
  const panel = setupPanel(seat);
  const presence = new Presence();
  let placed = false;
  let pointed: readonly (Pointed | null)[] = [];

  const recentre = (pose: XRViewerPose): void => {
    const { position: p, orientation: q } = pose.transform;
    const yaw = new Euler().setFromQuaternion(new Quaternion(q.x, q.y, q.z, q.w), 'YXZ').y;
    const up = new Vector3(0, 1, 0);
    seat.position.set(p.x, p.y, p.z);
    seat.quaternion.setFromAxisAngle(up, yaw);
    rig.quaternion.copy(anchor.quaternion).multiply(new Quaternion().setFromAxisAngle(up, -yaw));
    rig.position.copy(anchor.position).sub(seat.position.clone().applyQuaternion(rig.quaternion));
    placed = true;
  };

  /** On the board the trigger does what is pointed at, between its buttons nothing; beside it, it plays and pauses. */
  const press = (side: string): void => {
    const at = pointed[controllers.hands.findIndex((hand) => hand.side() === side)];
    if (!at) hooks.playPause();
    else if (at.area) hooks.press(at.area.action, shareAt(at.layout.bar, at.spot));
  };

  const point = (): void => {
    pointed = controllers.hands.map((hand, i) => {
      const at = hand.side() === null ? null : panel.point(hand.space);
      hand.reach(at?.distance ?? null);
      // Only what comes under the ray counts: a board that fades below a resting hand must not wake itself.
      if (at?.area && at.area.id !== pointed[i]?.area?.id) {
        presence.stir();
        hand.tick();
      }
      return at;
    });
  };

  const act = (intent: Intent, seconds: number, pose: XRViewerPose): void => {
    switch (intent.kind) {
      case 'press':
        press(intent.hand);
        break;
      case 'seek':
        hooks.seekSeconds(intent.seconds);
        break;
      case 'recentre':
        recentre(pose);
        break;
      case 'turn':
        turn(rig, headOf(pose, rig), intent.radians);
        break;
      case 'walk':
        walk(rig, pose, intent.x, intent.z, seconds);
        break;
    }
  };

  const stop = world.onTick((seconds, frame) => {
    const space = renderer.xr.getReferenceSpace();
    const session = renderer.xr.getSession();
    const pose = frame && space ? frame.getViewerPose(space) : null;
    if (!session || !frame || !space || !pose) return;
    if (!placed) recentre(pose);
    controllers.track(session, frame, space);
    point();
    for (const intent of controllers.poll(session, world.mode)) {
      presence.stir();
      act(intent, seconds, pose);
    }
    const { head, body } = hooks.board();
    panel.draw(head, body, presence.update(head.playing, looksAt(pose, seat, panel.direction), seconds), pointed);
  });
  return {
    places: () => panel.places(rig),
    end() {
      stop();
      controllers.dispose();
      panel.dispose();
      seat.removeFromParent();
    },
  };
}

/** Is the head turned towards `direction`, as seen from the seat? */
function looksAt(pose: XRViewerPose, seat: Group, direction: Vector3): boolean {
  const { orientation: q } = pose.transform;
  const forward = new Vector3(0, 0, -1).applyQuaternion(new Quaternion(q.x, q.y, q.z, q.w));
  return forward.angleTo(direction.clone().applyQuaternion(seat.quaternion)) < LOOKED_AT_RAD;
}

function headOf(pose: XRViewerPose, rig: Group): Vector3 {
  const { x, y, z } = pose.transform.position;
  return new Vector3(x, y, z).applyQuaternion(rig.quaternion).add(rig.position);
}

/** Turn about the viewer's own head, not about the middle of the room. */
function turn(rig: Group, head: Vector3, radians: number): void {
  const step = new Quaternion().setFromAxisAngle(new Vector3(0, 1, 0), radians);
  rig.position.sub(head).applyQuaternion(step).add(head);
  rig.quaternion.premultiply(step);
}

function walk(rig: Group, pose: XRViewerPose, x: number, z: number, seconds: number): void {
  const { orientation: q } = pose.transform;
  const heading = new Euler().setFromQuaternion(rig.quaternion.clone().multiply(new Quaternion(q.x, q.y, q.z, q.w)), 'YXZ').y;
  rig.position.add(new Vector3(x, 0, z).multiplyScalar(WALK_M_S * seconds).applyAxisAngle(new Vector3(0, 1, 0), heading));
}
