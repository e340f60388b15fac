/** GLSL of the layered clip. `core/depth.ts` is the tested twin of the functions in DEPTH. */

export const MAX_PATCHES = 16;

const DEPTH = /* glsl */ `
float lumaOf(vec3 rgb) { return dot(rgb, vec3(0.2126, 0.7152, 0.0722)); }

float foldWave(float x) {
  float r = x - 2.0 * floor(x / 2.0);
  return r <= 1.0 ? r : 2.0 - r;
}

// Of the branches that fold to the fine value, the one nearest the coarse value.
float refine(float coarse, float fine, float folds) {
  float pair = 2.0 * floor(coarse * folds / 2.0);
  vec4 branches = vec4(pair - fine, pair + fine, pair + 2.0 - fine, pair + 2.0 + fine) / folds;
  float best = coarse;
  float distance_ = 1e9;
  for (int i = 0; i < 4; i++) {
    float u = branches[i];
    bool within = u >= 0.0 && u <= 1.0;
    if (within && abs(u - coarse) < distance_) {
      distance_ = abs(u - coarse);
      best = u;
    }
  }
  return best;
}

void order(inout float a, inout float b) {
  float low = min(a, b);
  b = max(a, b);
  a = low;
}

// Median of nine by partial sorting (J. L. Smith, "Implementing median filters in XC4000E FPGAs", 1996).
float median9(float v[9]) {
  order(v[1], v[2]); order(v[4], v[5]); order(v[7], v[8]);
  order(v[0], v[1]); order(v[3], v[4]); order(v[6], v[7]);
  order(v[1], v[2]); order(v[4], v[5]); order(v[7], v[8]);
  order(v[0], v[3]); order(v[5], v[8]); order(v[4], v[7]);
  order(v[3], v[6]); order(v[1], v[4]); order(v[2], v[5]);
  order(v[4], v[7]); order(v[4], v[2]); order(v[6], v[4]);
  order(v[4], v[2]);
  return v[4];
}
`;

/** One triangle over the whole target; each of its vertices fits the calibration line from the grey patches. */
export const DECODE_VERTEX = /* glsl */ `
precision highp sampler2D;
uniform sampler2D uAtlas;
uniform vec4 uPatches[${MAX_PATCHES}]; // centre x, y in texels; written luma; 1 = in use
flat out vec2 vLine;                   // gain, offset: code = gain * luma + offset

float lumaAt(ivec2 p) { return dot(texelFetch(uAtlas, p, 0).rgb, vec3(0.2126, 0.7152, 0.0722)); }

void main() {
  float n = 0.0, sx = 0.0, sy = 0.0, sxx = 0.0, sxy = 0.0;
  for (int i = 0; i < ${MAX_PATCHES}; i++) {
    vec4 patch_ = uPatches[i];
    if (patch_.w < 0.5) continue;
    ivec2 p = ivec2(patch_.xy);
    float x = 0.25 * (lumaAt(p) + lumaAt(p - ivec2(1, 0)) + lumaAt(p - ivec2(0, 1)) + lumaAt(p - ivec2(1, 1)));
    n += 1.0; sx += x; sy += patch_.z; sxx += x * x; sxy += x * patch_.z;
  }
  float spread = n * sxx - sx * sx;
  vLine = vec2(219.0, 16.0);
  if (spread > 1e-3) {
    float gain = (n * sxy - sx * sy) / spread;
    vLine = vec2(gain, (sy - gain * sx) / n);
  }
  gl_Position = vec4(position.xy, 0.0, 1.0);
}
`;

/** Writes (u of L1, u of L2, validity of L2, 1); row 0 is the top of the picture. */
export const DECODE_FRAGMENT = /* glsl */ `
precision highp sampler2D;
uniform sampler2D uAtlas;
uniform ivec2 uSize;       // of the target
uniform ivec4 uNearDepth;  // rects in texels: D1, F1, D2, A
uniform ivec4 uNearFine;
uniform ivec4 uFarDepth;
uniform ivec4 uFarValid;
uniform float uFolds;      // 0: no fine tile
flat in vec2 vLine;
out vec4 outDecoded;
${DEPTH}
float unitAt(ivec4 rect, ivec2 p) {
  vec3 rgb = texelFetch(uAtlas, rect.xy + clamp(p, ivec2(0), rect.zw - 1), 0).rgb;
  return clamp((vLine.x * lumaOf(rgb) + vLine.y - 16.0) / 219.0, 0.0, 1.0);
}

float nearAt(ivec2 p) {
  float coarse = unitAt(uNearDepth, p);
  return uFolds < 0.5 ? coarse : refine(coarse, unitAt(uNearFine, p), uFolds);
}

void main() {
  vec2 at = gl_FragCoord.xy / vec2(uSize);
  ivec2 near = ivec2(at * vec2(uNearDepth.zw));
  ivec2 far = ivec2(at * vec2(uFarDepth.zw));
  float a[9];
  float b[9];
  for (int i = 0; i < 9; i++) {
    ivec2 step_ = ivec2(i % 3 - 1, i / 3 - 1);
    a[i] = nearAt(near + step_);
    b[i] = unitAt(uFarDepth, far + step_);
  }
  float valid = uFarValid.z > 0 ? unitAt(uFarValid, ivec2(at * vec2(uFarValid.zw))) : 0.0;
  outDecoded = vec4(median9(a), median9(b), valid, 1.0);
}
`;

const UNPROJECT = /* glsl */ `
precision highp sampler2D;
uniform sampler2D uDecoded;
uniform vec2 uTan;        // tangents of half the field of view, x and y
uniform vec2 uInverse;    // 1/far, 1/near - 1/far
uniform float uFlat;      // 0 = full parallax, 1 = a flat screen
uniform float uScreen;    // 1 / distance of that screen
uniform ivec2 uGrid;      // cells
uniform float uCut;       // 1/m: a cell that spans more is a depth edge
uniform float uMargin;    // samples looked at beyond a cell; 0 without splats, which fill what is cut
out vec2 vUv;

const float SKY_U = 1.0 / 219.0;
const float SKY_INVERSE = 1.0 / 500.0;

float inverseOf(float u) { return u < SKY_U ? SKY_INVERSE : u * uInverse.y + uInverse.x; }

vec4 decodedAt(vec2 at) {
  ivec2 size = textureSize(uDecoded, 0);
  return texelFetch(uDecoded, clamp(ivec2(at * vec2(size)), ivec2(0), size - 1), 0);
}

vec3 place(vec2 at, float inverse) {
  return vec3((2.0 * at.x - 1.0) * uTan.x, (1.0 - 2.0 * at.y) * uTan.y, -1.0) / mix(inverse, uScreen, uFlat);
}

// Does the cell whose lower right corner is at (i, j) span a depth edge, or touch one? The cell is looked at with a
// margin of one sample, since a picture's borders are softer than its depth's: an edge cell goes to the splats.
bool isEdge(ivec2 corner) {
  vec2 grid = vec2(uGrid);
  vec2 margin = uMargin / vec2(textureSize(uDecoded, 0));
  vec2 low_ = vec2(corner - 1) / grid - margin;
  vec2 high_ = vec2(corner) / grid + margin;
  float a = inverseOf(decodedAt(low_).r);
  float b = inverseOf(decodedAt(vec2(high_.x, low_.y)).r);
  float c = inverseOf(decodedAt(vec2(low_.x, high_.y)).r);
  float d = inverseOf(decodedAt(high_).r);
  float high = max(max(a, b), max(c, d));
  float low = min(min(a, b), min(c, d));
  return (high - low) * (1.0 - uFlat) > uCut && low < 0.9 * high;
}
`;

/** L2: one continuous sheet, half a code step further away than it says so that L1 wins where both are the same. */
export const FAR_VERTEX = /* glsl */ `
${UNPROJECT}
flat out float vCut;
out vec3 vDirection;

void main() {
  vUv = position.xy;
  vCut = 0.0;
  vec4 decoded = decodedAt(vUv);
  float inverse = inverseOf(decoded.g);
  if (decoded.g >= SKY_U) {
    // A copy of L1 steps back further than a real sample: it is only there to be hidden.
    float back = decoded.b > 0.5 ? 0.6 : 1.2;
    inverse = max(inverse * 0.99 - back / 219.0 * uInverse.y, min(uInverse.x, inverse) * 0.9);
  }
  // As a flat screen it stands one per cent behind L1's.
  vec3 p = place(vUv, inverse) * (1.0 + 0.01 * uFlat);
  vDirection = (modelMatrix * vec4(p, 0.0)).xyz;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(p, 1.0);
}
`;

/** L1: the provoking (last) vertex of both triangles of a cell is its lower right corner, which says whether it is cut. */
export const NEAR_VERTEX = /* glsl */ `
${UNPROJECT}
flat out float vCut;
out vec3 vDirection;

void main() {
  vUv = position.xy;
  ivec2 corner = ivec2(vUv * vec2(uGrid) + 0.5);
  vCut = isEdge(corner) ? 1.0 : 0.0;
  vec3 p = place(vUv, inverseOf(decodedAt(vUv).r));
  vDirection = (modelMatrix * vec4(p, 0.0)).xyz;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(p, 1.0);
}
`;

/** The pixels of cut cells of L1, one square each. A depth between the two sides of an edge is the codec's: it is snapped. */
export const SPLAT_VERTEX = /* glsl */ `
${UNPROJECT}
uniform float uViewport;  // height in pixels
uniform vec2 uPixel;      // size of a depth pixel in uv
out vec3 vDirection;

// Inverse depth of a pixel at an edge, or -1 when it is not to be drawn: the far side next to the edge carries the
// foreground's colour (half-size depth, blurred borders), and L2 has the real background there.
float sharpened(ivec2 p) {
  ivec2 limit = textureSize(uDecoded, 0) - 1;
  float own = inverseOf(texelFetch(uDecoded, clamp(p, ivec2(0), limit), 0).r);
  float high = own;
  float low = own;
  for (int y = -2; y <= 2; y++) {
    for (int x = -2; x <= 2; x++) {
      float v = inverseOf(texelFetch(uDecoded, clamp(p + ivec2(x, y), ivec2(0), limit), 0).r);
      high = max(high, v);
      low = min(low, v);
    }
  }
  if (high - low < uCut || low > 0.9 * high) return own;
  return high - own < own - low ? high : -1.0;
}

void main() {
  vUv = position.xy;
  vDirection = vec3(0.0);
  gl_PointSize = 1.0;
  ivec2 corner = min(ivec2(vUv * vec2(uGrid)) + 1, uGrid);
  if (!isEdge(corner)) {
    gl_Position = vec4(0.0, 0.0, 2.0, 1.0);
    return;
  }
  float inverse = sharpened(ivec2(vUv * vec2(textureSize(uDecoded, 0))));
  if (inverse < 0.0) {
    gl_Position = vec4(0.0, 0.0, 2.0, 1.0);
    return;
  }
  vec3 p = place(vUv, inverse);
  vDirection = (modelMatrix * vec4(p, 0.0)).xyz;
  gl_Position = projectionMatrix * modelViewMatrix * vec4(p, 1.0);
  float side = 2.0 * uTan.y * uPixel.y * -p.z;
  gl_PointSize = 1.3 * side * projectionMatrix[1][1] * 0.5 * uViewport / gl_Position.w + 0.5;
}
`;

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

const SAMPLE = /* glsl */ `
precision highp sampler2D;
uniform sampler2D uAtlas;
uniform vec4 uColor;      // rect in texels
uniform float uFeather;   // share of the picture's height over which its border melts into the surround
uniform vec2 uTan;
uniform float uDim;
in vec2 vUv;
in vec3 vDirection;
out vec4 outColor;
${SURROUND}
vec3 colourAt(vec2 uv) {
  vec2 texel = uColor.xy + clamp(uv * uColor.zw, vec2(0.5), uColor.zw - 0.5);
  return sRGBTransferEOTF(texture(uAtlas, texel / vec2(textureSize(uAtlas, 0)))).rgb * uDim;
}

vec4 shown(vec2 uv) {
  vec3 c = colourAt(uv);
  if (uFeather > 0.0) {
    vec2 border = min(uv, 1.0 - uv) * vec2(uTan.x / uTan.y, 1.0);
    c = mix(surround(vDirection), c, smoothstep(0.0, uFeather, min(border.x, border.y)));
  }
  return linearToOutputTexel(vec4(c, 1.0));
}
`;

export const LAYER_FRAGMENT = /* glsl */ `
${SAMPLE}
flat in float vCut;

void main() {
  if (vCut > 0.5) discard;
  outColor = shown(vUv);
}
`;

export const SPLAT_FRAGMENT = /* glsl */ `
uniform vec2 uPixel;
${SAMPLE}
void main() {
  outColor = shown(vUv + (gl_PointCoord - 0.5) * uPixel);
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
