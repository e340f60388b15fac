/** The others in the room: a plain head where each of them looks from, with a name above it. */
import {
  BoxGeometry,
  CanvasTexture,
  Color,
  Float32BufferAttribute,
  Group,
  LinearFilter,
  Mesh,
  MeshBasicMaterial,
  Quaternion,
  SphereGeometry,
  Sprite,
  SpriteMaterial,
  SRGBColorSpace,
  Vector3,
  type BufferGeometry,
} from 'three';
import { mergeGeometries } from 'three/addons/utils/BufferGeometryUtils.js';
import type { Participant, Poses } from '../protocol/messages';

/** Nearer than this a head would only be in the way: whoever watches a take sits in the same seat. */
const HIDDEN_M = 0.45;
const EASE_S = 0.12;
/** A head this near to where it should be does not seem to move. */
const REST_M = 1e-4;
const REST_RAD = 1e-3;
const LABEL_M = 0.085;

interface Figure {
  readonly group: Group;
  readonly goal: { position: Vector3; rotation: Quaternion };
  readonly name: string;
  dispose(): void;
}

export class Heads {
  /** In the film's world, metres; the caller puts it into the scene. */
  readonly group = new Group();
  private readonly shape = headShape();
  private readonly figures = new Map<string, Figure>();
  private readonly place = new Vector3();

  /** How many can be seen at the moment. */
  get visible(): number {
    return [...this.figures.values()].filter((f) => f.group.visible).length;
  }

  /** `eye`: one's own, in the film's world. True: they look different now. */
  update(people: readonly Participant[], heads: Poses['heads'], selfId: string | null, eye: Vector3, seconds: number): boolean {
    const present = new Set<string>();
    let differs = false;
    for (const { id, name } of people) {
      const head = heads[id];
      if (!head || id === selfId) continue;
      present.add(id);
      const figure = this.figure(id, name, head);
      figure.goal.position.set(head[0], head[1], head[2]);
      figure.goal.rotation.set(head[3], head[4], head[5], head[6]);
      const share = 1 - Math.exp(-seconds / EASE_S);
      const { position, visible: before } = figure.group;
      const turn = figure.group.children[0]?.quaternion;
      const rests = position.distanceTo(figure.goal.position) < REST_M && (turn?.angleTo(figure.goal.rotation) ?? 0) < REST_RAD;
      position.lerp(figure.goal.position, share);
      turn?.slerp(figure.goal.rotation, share);
      figure.group.visible = this.place.copy(position).distanceTo(eye) > HIDDEN_M;
      differs ||= figure.group.visible !== before || (before && !rests);
    }
    for (const id of this.figures.keys()) {
      if (present.has(id)) continue;
      this.remove(id);
      differs = true;
    }
    return differs;
  }

  private figure(id: string, name: string, head: Poses['heads'][string]): Figure {
    const known = this.figures.get(id);
    if (known?.name === name) return known;
    this.remove(id);
    const made = makeFigure(this.shape, id, name);
    made.group.position.set(head[0], head[1], head[2]);
    made.group.visible = false; // until it is known how near it is
    this.figures.set(id, made);
    this.group.add(made.group);
    return made;
  }

  private remove(id: string): void {
    this.figures.get(id)?.dispose();
    this.figures.delete(id);
  }
}

function makeFigure(shape: BufferGeometry, id: string, name: string): Figure {
  const group = new Group();
  const skin = new MeshBasicMaterial({ color: colourOf(id), vertexColors: true, toneMapped: false });
  const label = nameLabel(name);
  label.position.y = 0.24;
  group.add(new Mesh(shape, skin), label);
  return {
    group,
    name,
    goal: { position: new Vector3(), rotation: new Quaternion() },
    dispose() {
      group.removeFromParent();
      skin.dispose();
      label.material.map?.dispose();
      label.material.dispose();
    },
  };
}

/** A head with a dark visor that shows where it looks (-Z); lit from above by its own colours. */
function headShape(): BufferGeometry {
  const skull = new SphereGeometry(0.11, 24, 16).scale(0.86, 1.12, 1);
  const visor = new BoxGeometry(0.17, 0.075, 0.07).translate(0, 0.015, -0.085);
  for (const [part, tone] of [[skull, 1], [visor, 0.12]] as const) {
    const normal = part.getAttribute('normal');
    const colours = Array.from({ length: normal.count }, (_, i) => Array<number>(3).fill(tone * (0.62 + 0.38 * normal.getY(i)))).flat();
    part.setAttribute('color', new Float32BufferAttribute(colours, 3));
  }
  return mergeGeometries([skull, visor]);
}

/** The same person has the same colour on every screen. */
function colourOf(id: string): Color {
  const hash = [...id].reduce((sum, c) => (sum * 31 + (c.codePointAt(0) ?? 0)) % 360, 7);
  return new Color().setHSL(hash / 360, 0.42, 0.66);
}

function nameLabel(name: string): Sprite {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d');
  const font = "600 40px -apple-system, 'Segoe UI', Roboto, 'PingFang SC', 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif";
  if (context) {
    context.font = font;
    canvas.width = Math.min(720, Math.ceil(context.measureText(name).width) + 48);
    canvas.height = 68;
    context.fillStyle = 'rgba(15, 17, 21, 0.78)';
    context.roundRect(0, 0, canvas.width, canvas.height, 34);
    context.fill();
    context.font = font;
    context.fillStyle = '#eceef2';
    context.textBaseline = 'middle';
    context.fillText(name, 24, 36, canvas.width - 48);
  }
  const map = new CanvasTexture(canvas);
  Object.assign(map, { colorSpace: SRGBColorSpace, generateMipmaps: false, minFilter: LinearFilter });
  const sprite = new Sprite(new SpriteMaterial({ map, depthTest: false, depthWrite: false, toneMapped: false }));
  sprite.scale.set((LABEL_M * canvas.width) / canvas.height, LABEL_M, 1);
  sprite.renderOrder = 15;
  return sprite;
}
