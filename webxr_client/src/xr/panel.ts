/** A board like a desk before the viewer: what is shown, where it is, and the takes to choose from; and what the hands point at on it. */
import { CircleGeometry, Group, Mesh, MeshBasicMaterial, Vector3, type Object3D } from 'three';
import type { BoardBody, BoardHead } from '../core/board';
import { areaAt, areasOf, BOARD_PX, HEAD_PX, layoutOf, onBoard, spotOf, type Area, type BoardLayout, type Spot } from '../core/board-layout';
import { paintBody, paintHead } from './board';
import { makeSheet } from './ink';
import { posterShelf } from './posters';

export interface Pointed {
  /** On what is drawn of the board. */
  readonly spot: Spot;
  readonly area: Area | null;
  readonly layout: BoardLayout;
  /** From the hand to the board, metres. */
  readonly distance: number;
}

export interface BoardPlace {
  readonly id: string;
  readonly at: readonly [number, number, number];
}

export interface Panel {
  /** From the viewer's seat to the middle of the board, unit length. */
  readonly direction: Vector3;
  /** `hands`: what each points at, as `point` said. */
  draw(head: BoardHead, body: BoardBody, opacity: number, hands: readonly (Pointed | null)[]): void;
  /** What a hand's ray (along its -Z) meets on the board as it was drawn last; null beside it, and while it cannot be seen. */
  point(hand: Object3D): Pointed | null;
  /** The middle of everything that can be pressed now, metres in the space of `within`. */
  places(within: Object3D): readonly BoardPlace[];
  dispose(): void;
}

const WIDTH_M = 1.3;
/** Below the picture, an arm and a hand's breadth away, relative to the eye. */
const PLACE_M = [0, -0.72, -0.86] as const;
/** Square to the eye, a little flatter, like a desk. */
const TILT_RAD = -0.74;
const DOT_M = 0.008;
/** Fainter than this it is not there for the hands. */
const SEEN = 0.4;

export function setupPanel(parent: Group): Panel {
  const metresPerPx = WIDTH_M / BOARD_PX.width;
  const object = new Group();
  object.position.set(...PLACE_M);
  object.rotation.x = TILT_RAD;
  parent.add(object);
  const top = makeSheet({ x: 0, y: 0, width: BOARD_PX.width, height: HEAD_PX }, BOARD_PX, metresPerPx, 20);
  const below = makeSheet({ x: 0, y: HEAD_PX, width: BOARD_PX.width, height: BOARD_PX.height - HEAD_PX }, BOARD_PX, metresPerPx, 20);
  const posters = posterShelf();
  const dotShape = new CircleGeometry(DOT_M, 24);
  const dotMaterial = new MeshBasicMaterial({ color: 0xffffff, transparent: true, toneMapped: false, depthTest: false, depthWrite: false });
  const dots = [0, 1].map(() => Object.assign(new Mesh(dotShape, dotMaterial), { renderOrder: 22, visible: false }));
  object.add(top.mesh, below.mesh, ...dots);
  const [origin, direction] = [new Vector3(), new Vector3()];
  const at = ({ x, y }: Spot): [number, number, number] => [(x - BOARD_PX.width / 2) * metresPerPx, (BOARD_PX.height / 2 - y) * metresPerPx, 0];
  let drawn: { layout: BoardLayout; areas: readonly Area[] } | null = null;
  return {
    direction: new Vector3(...PLACE_M).normalize(),
    draw(head, body, opacity, hands) {
      object.visible = opacity > 0;
      if (!object.visible) {
        drawn = null;
        return;
      }
      for (const part of [top, below]) part.fade(opacity);
      const layout = layoutOf(head, body);
      drawn = opacity > SEEN ? { layout, areas: areasOf(layout, head, body) } : null;
      const hovered = new Set(hands.flatMap((hand) => (hand?.area ? [hand.area.id] : [])));
      const on = [...hovered].toSorted().join();
      top.draw(`${JSON.stringify(head)} ${on}`, (ink) => paintHead(ink, head, layout, hovered));
      posters.keep(body.cards.flatMap(({ poster }) => (poster ? [poster] : [])));
      below.draw(`${JSON.stringify(body)} ${on} ${posters.loaded()}`, (ink) => paintBody(ink, body, layout, hovered, posters.get));
      for (const [i, dot] of dots.entries()) {
        const spot = hands[i]?.spot;
        dot.visible = spot !== undefined;
        if (spot) dot.position.set(...at(spot));
      }
    },
    point(hand) {
      if (!drawn) return null;
      hand.updateWorldMatrix(true, false);
      object.updateWorldMatrix(true, false);
      object.worldToLocal(origin.setFromMatrixPosition(hand.matrixWorld));
      object.worldToLocal(direction.set(0, 0, -1).applyMatrix4(hand.matrixWorld)).sub(origin);
      const spot = spotOf(origin.toArray(), direction.toArray(), WIDTH_M);
      if (!spot || !onBoard(drawn.layout, spot)) return null;
      return { spot, area: areaAt(drawn.areas, spot), layout: drawn.layout, distance: -origin.z / direction.z };
    },
    places(space) {
      object.updateWorldMatrix(true, false);
      return (drawn?.areas ?? []).map(({ id, rect }) => ({ id, at: space.worldToLocal(object.localToWorld(new Vector3(...at({ x: rect.x + rect.width / 2, y: rect.y + rect.height / 2 })))).toArray() }));
    },
    dispose() {
      object.removeFromParent();
      for (const part of [top, below]) part.dispose();
      dotShape.dispose();
      dotMaterial.dispose();
      posters.keep([]);
    },
  };
}
