// Test-only: load a stage.glb with the project's own three.js and draw its ids from its own camera, at its first frame.
// A module of a page whose import map knows `three` and `three/addons/`:  drawIds(url, width, height) -> base64 of
// RGBA rows from the bottom up, red + 256 green = extras.objectId (ground and sky 0).
import {
  Color,
  LinearSRGBColorSpace,
  MeshBasicMaterial,
  NearestFilter,
  Scene,
  WebGLRenderer,
  WebGLRenderTarget,
} from 'three';
import { GLTFLoader } from 'three/addons/loaders/GLTFLoader.js';

async function drawIds(url, width, height) {
  const { scene: model, cameras, animations } = await new GLTFLoader().loadAsync(url);
  const flat = new Map();
  model.traverse((object) => {
    if (!object.isMesh) return;
    const id = object.userData.objectId ?? 0;
    const key = `${id} ${object.material.side}`;
    if (!flat.has(key)) {
      const color = new Color().setRGB((id & 255) / 255, (id >> 8) / 255, 0, LinearSRGBColorSpace);
      flat.set(key, new MeshBasicMaterial({ color, side: object.material.side, toneMapped: false }));
    }
    object.material = flat.get(key);
  });
  const scene = new Scene();
  scene.add(model);
  scene.updateMatrixWorld(true);
  const renderer = new WebGLRenderer({ antialias: false });
  renderer.setClearColor(0x000000, 1);
  const target = new WebGLRenderTarget(width, height, { minFilter: NearestFilter, magFilter: NearestFilter });
  renderer.setRenderTarget(target);
  renderer.render(scene, cameras[0]);
  const pixels = new Uint8Array(width * height * 4);
  renderer.readRenderTargetPixels(target, 0, 0, width, height, pixels);
  renderer.dispose();
  let text = '';
  for (let i = 0; i < pixels.length; i += 8192) text += String.fromCharCode(...pixels.subarray(i, i + 8192));
  return { pixels: btoa(text), aspect: cameras[0].aspect, clips: animations.map((a) => a.duration) };
}

window.drawIds = drawIds;
