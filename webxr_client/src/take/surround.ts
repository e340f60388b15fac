/** What is around the frame: no black void, but a dim sky and ground in the picture's own colours, with metre lines. */
import { BackSide, Color, GLSL3, Mesh, ShaderMaterial, SphereGeometry, Vector2, Vector3 } from 'three';
import { DOME_FRAGMENT, DOME_VERTEX } from './surround-shaders';
import type { SurroundUniforms } from './take-view';

type Srgb = readonly [number, number, number];

const DIM = 0.3;
const NEUTRAL: Srgb = [0.2, 0.22, 0.26];

export class Surround {
  readonly mesh: Mesh;
  readonly uniforms: SurroundUniforms;
  private readonly goal: { top: Vector3; middle: Vector3; bottom: Vector3 };
  private readonly material: ShaderMaterial;

  constructor() {
    this.goal = { top: dimmed(NEUTRAL), middle: dimmed(NEUTRAL), bottom: dimmed(NEUTRAL, 0.5) };
    this.uniforms = {
      uTop: { value: this.goal.top.clone() },
      uMiddle: { value: this.goal.middle.clone() },
      uBottom: { value: this.goal.bottom.clone() },
    };
    this.material = new ShaderMaterial({
      glslVersion: GLSL3,
      vertexShader: DOME_VERTEX,
      fragmentShader: DOME_FRAGMENT,
      uniforms: {
        ...this.uniforms,
        uFloor: { value: -1.6 },
        uShift: { value: new Vector2() },
        uLines: { value: 1 },
      },
      side: BackSide,
      depthWrite: false,
      depthTest: false,
      toneMapped: false,
    });
    this.mesh = new Mesh(new SphereGeometry(400, 32, 16), this.material);
    this.mesh.frustumCulled = false;
    this.mesh.renderOrder = -10;
  }

  /** The colours to drift to. */
  setColours(top: Srgb, middle: Srgb, bottom: Srgb): void {
    this.goal.top.copy(dimmed(top));
    this.goal.middle.copy(dimmed(middle, 1.1));
    this.goal.bottom.copy(dimmed(bottom, 0.7));
  }

  /** `floorY`: height of the ground in the scene; `shift`: where the film's metre grid begins; `lines`: 0..1. */
  setFloor(floorY: number, shift: readonly [number, number], lines: number): void {
    const { uFloor, uShift, uLines } = this.material.uniforms;
    if (uFloor) uFloor.value = floorY;
    if (uLines) uLines.value = lines;
    (uShift?.value as Vector2 | undefined)?.set(shift[0], shift[1]);
  }

  /** Drift towards the goal; a cut in the film must not flash the room. */
  update(seconds: number): void {
    const share = 1 - Math.exp(-seconds / 0.6);
    this.uniforms.uTop.value.lerp(this.goal.top, share);
    this.uniforms.uMiddle.value.lerp(this.goal.middle, share);
    this.uniforms.uBottom.value.lerp(this.goal.bottom, share);
  }

  dispose(): void {
    this.mesh.removeFromParent();
    this.mesh.geometry.dispose();
    this.material.dispose();
  }
}

function dimmed([r, g, b]: Srgb, factor = 1): Vector3 {
  const color = new Color().setRGB(r, g, b, 'srgb').multiplyScalar(DIM * factor);
  return new Vector3(color.r, color.g, color.b);
}
