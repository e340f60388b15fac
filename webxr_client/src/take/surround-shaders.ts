/** GLSL of what is around the frame: the clip's surround, and until it is there the frame's own edges, carried on by direction. The dome and the frame's soft border share it. */

export const SURROUND = /* glsl */ `
uniform sampler2D uOverview;  // the picture at 16 x 16, linear colours, row 0 = top
uniform vec2 uHalf;           // half the field of view, radians, x and y
uniform float uPitch;         // of the shot camera, radians
uniform float uHeading;       // where the frame is in the scene, radians to the left of -Z
uniform sampler2D uAround;    // the clip's own surround, equirectangular, sRGB codes, row 0 = top
uniform float uAroundShare;   // 0: there is none, 1: it has faded in
uniform float uTurn;          // where the frame is in it, radians to the left of its middle

// Smoother than bilinear: no creases along the overview's pixels.
vec3 overview(vec2 at) {
  vec2 p = clamp(at, 0.0, 1.0) * 15.0;
  vec2 share = fract(p);
  share = share * share * (3.0 - 2.0 * share);
  return texture(uOverview, (floor(p) + share + 0.5) / 16.0).rgb;
}

// What stands there, a little dimmed away from the frame, so that the film stays what one looks at.
vec3 around(float azimuth, float elevation, float apart) {
  vec2 at = vec2(0.5 + (azimuth - uTurn) / 6.28318531, 0.5 - elevation / 3.14159265);
  return sRGBTransferEOTF(textureLod(uAround, at, 0.0)).rgb * mix(0.45, 0.92, exp(-1.5 * apart));
}

vec3 surround(vec3 direction) {
  vec3 d = normalize(direction);
  float azimuth = atan(d.x, -d.z) + uHeading;  // to the right of the frame's middle
  azimuth -= 6.28318531 * floor((azimuth + 3.14159265) / 6.28318531);
  float elevation = asin(clamp(d.y, -1.0, 1.0));
  // Rows by elevation, so that the horizon goes on at its own height all the way round.
  float v = 0.5 - 0.5 * (elevation - uPitch) / uHalf.y;
  vec3 row = vec3(0.0);
  for (int i = 0; i < 6; i++) row += overview(vec2((float(i) + 0.5) / 6.0, v)) / 6.0;
  vec3 c = overview(vec2(0.5 + 0.5 * azimuth / uHalf.x, v));
  float beside = max(abs(azimuth) - uHalf.x, 0.0);
  float above = max(abs(elevation - uPitch) - uHalf.y, 0.0);
  c = mix(c, row, max(smoothstep(0.0, 1.6, beside), smoothstep(0.0, 0.4, above)));
  // A frame that shows no ground still stands on one.
  float ground = smoothstep(0.02, -0.12, elevation) * smoothstep(-0.1, 0.05, uPitch - uHalf.y);
  c *= 1.0 - 0.55 * ground;
  float apart = length(vec2(beside, above));
  c *= mix(0.26, 0.72, exp(-1.5 * apart));
  return uAroundShare > 0.0 ? mix(c, around(azimuth, elevation, apart), uAroundShare) : c;
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
  float mesh = max(0.4 * lines(ground - uShift, 1.0, 0.004), lines(ground - uShift, 5.0, 0.002));
  float fade = direction.y < -0.005 && drop > 0.05 ? exp(-length(ground - cameraPosition.xz) / 7.0) : 0.0;
  c += uLines * mesh * fade * (0.015 + 0.22 * c);
  float noise = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453);
  c += (noise - 0.5) / 510.0 * (0.2 + c);
  outColor = linearToOutputTexel(vec4(c, 1.0));
}
`;
