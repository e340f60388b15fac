// Test-only: an emulated headset for real browsers. The product never carries it.
//
// From Playwright, before the page is opened (both scripts, in this order):
//     context.add_init_script(path="webxr_client/node_modules/iwer/build/iwer.min.js")
//     context.add_init_script(path="webxr_client/e2e/iwer-init.js")
// Then in the page:
//     await previs.actions.enterVr()                 or a click on "Enter VR" (`.vr`)
//     headset.moveHead(0.1, 1.6, 0)                  metres in the tracking space (floor level, y up)
//     headset.turnHead(yaw, pitch)                   radians
//     await headset.press('right', 'trigger')        down for some frames, then up; ids: trigger, squeeze, thumbstick, b-button
//     await headset.stick('right', 1, 0)             flick the stick, then let go
//     headset.aim('right', x, y, z)                  the hand's ray goes through that point, metres in the tracking space
//     headset.pixels()                               -> promise of {width, height, left: number[], right: number[]} (RGB rows)
// Chromium already has `navigator.xr`, hence forceInstall; IWER draws one eye only unless stereoEnabled is set.
(() => {
  const { XRDevice, metaQuest3 } = window.IWER;
  const device = new XRDevice(metaQuest3, { stereoEnabled: true });
  device.stereoEnabled = true;
  device.ipd = 0.063;
  device.position.set(0, 1.6, 0);
  device.installRuntime({ forceInstall: true });

  // The emulator draws its frames in the page's own: a button is held until some of them have surely seen it.
  const HELD_FRAMES = 3;
  const frames = (count) =>
    new Promise((resolve) => {
      const next = (left) => (left > 0 ? requestAnimationFrame(() => next(left - 1)) : resolve());
      next(count);
    });

  /** Run `read` right after the page has drawn, while the canvas still holds the picture. */
  const afterDraw = (read) =>
    new Promise((resolve, reject) => {
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          try {
            resolve(read());
          } catch (error) {
            reject(error);
          }
        }),
      );
    });

  window.headset = {
    device,
    moveHead: (x, y, z) => device.position.set(x, y, z),
    turnHead: (yaw, pitch = 0) => {
      const [sy, cy, sp, cp] = [Math.sin(yaw / 2), Math.cos(yaw / 2), Math.sin(pitch / 2), Math.cos(pitch / 2)];
      device.quaternion.set(cy * sp, sy * cp, -sy * sp, cy * cp);
    },
    aim: (hand, x, y, z) => {
      const { position, quaternion } = device.controllers[hand];
      const [dx, dy, dz] = [x - position.x, y - position.y, z - position.z];
      const [yaw, pitch] = [Math.atan2(-dx, -dz), Math.atan2(dy, Math.hypot(dx, dz))];
      const [sy, cy, sp, cp] = [Math.sin(yaw / 2), Math.cos(yaw / 2), Math.sin(pitch / 2), Math.cos(pitch / 2)];
      quaternion.set(cy * sp, sy * cp, -sy * sp, cy * cp);
    },
    press: async (hand, button) => {
      device.controllers[hand].updateButtonValue(button, 1);
      await frames(HELD_FRAMES);
      device.controllers[hand].updateButtonValue(button, 0);
      await frames(HELD_FRAMES);
    },
    stick: async (hand, x, y) => {
      device.controllers[hand].updateAxes('thumbstick', x, y);
      await frames(HELD_FRAMES);
      device.controllers[hand].updateAxes('thumbstick', 0, 0);
      await frames(HELD_FRAMES);
    },
    /** Both eyes' pixels, top row first, `step` pixels apart. */
    pixels: (step = 4) =>
      afterDraw(() => {
        const canvas = document.querySelector('canvas.viewport');
        const copy = document.createElement('canvas');
        copy.width = Math.floor(canvas.width / step);
        copy.height = Math.floor(canvas.height / step);
        const context = copy.getContext('2d');
        context.drawImage(canvas, 0, 0, copy.width, copy.height);
        const { data } = context.getImageData(0, 0, copy.width, copy.height);
        const half = Math.floor(copy.width / 2);
        const eye = (from) => {
          const rgb = [];
          for (let y = 0; y < copy.height; y++) {
            for (let x = from; x < from + half; x++) {
              const at = (y * copy.width + x) * 4;
              rgb.push(data[at], data[at + 1], data[at + 2]);
            }
          }
          return rgb;
        };
        return { width: half, height: copy.height, left: eye(0), right: eye(half) };
      }),
  };
})();
