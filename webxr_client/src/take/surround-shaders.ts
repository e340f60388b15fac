/** GLSL of what is around the frame. */

/** The gradient around the frame, by direction; the same function paints the dome and the frame's soft edge. */
export const SURROUND = /* glsl */ `
uniform vec3 uTop;
uniform vec3 uMiddle;
uniform vec3 uBottom;

vec3 surround(vec3 direction) {
  float y = normalize(direction).y;
  vec3 c = y > 0.0 ? mix(uMiddle, uTop, smoothstep(0.0, 0.75, y)) : mix(uMiddle, uBottom, smoothstep(0.0, 0.45, -y));
  return c;
}
`;

export const DOME_VERTEX = /* glsl */ `
out vec3 vDirection;

void main() {
  vec4 world = modelMatrix * vec4(position, 1.0);
  vDirection = world.xyz - cameraPosition;
  gl_Position = projectionMatrix * viewMatrix * world;
  gl_Position.z = gl_Position.w * 0.99999;
}
`;

/** The surround, and a faint floor of metre lines where the ray meets the ground. */
export const DOME_FRAGMENT = /* glsl */ `
uniform float uFloor;     // height of the ground in the world, metres
uniform vec2 uShift;      // where the world's metre grid starts
uniform float uLines;     // 0..1
in vec3 vDirection;
out vec4 outColor;
${SURROUND}
float lines(vec2 p, float spacing, float width) {
  vec2 q = p / spacing;
  vec2 pixel = fwidth(q);
  vec2 d = abs(fract(q - 0.5) - 0.5);
  vec2 line = 1.0 - smoothstep(vec2(0.0), pixel + width, d);
  return max(line.x, line.y) * (1.0 - smoothstep(0.3, 0.9, max(pixel.x, pixel.y)));
}

void main() {
  vec3 direction = normalize(vDirection);
  vec3 c = surround(direction);
  float drop = cameraPosition.y - uFloor;
  float along = drop / max(-direction.y, 1e-4);
  vec2 ground = cameraPosition.xz + direction.xz * along;
  float mesh = max(0.45 * lines(ground - uShift, 1.0, 0.004), lines(ground - uShift, 5.0, 0.002));
  float fade = direction.y < -0.005 && drop > 0.05 ? exp(-length(ground - cameraPosition.xz) / 9.0) : 0.0;
  c += uLines * mesh * fade * (0.05 + 0.5 * c);
  float noise = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453);
  c += (noise - 0.5) / 510.0 * (0.2 + c);
  outColor = linearToOutputTexel(vec4(c, 1.0));
}
`;
