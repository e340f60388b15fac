// The rooms of the client and who may know whom. main.ts is the composition root and may know everybody.
const rooms = ['core', 'protocol', 'net', 'media', 'take', 'stage', 'xr', 'ui'];
const mayImport = {
  core: ['core', 'protocol'],
  protocol: ['protocol'],
  net: ['net', 'core', 'protocol'],
  media: ['media', 'core', 'protocol'],
  take: ['take', 'core', 'protocol'],
  stage: ['stage', 'core', 'protocol'],
  xr: ['xr', 'core', 'protocol'],
  ui: ['ui', 'core', 'protocol'],
};

module.exports = {
  forbidden: [
    ...rooms.map((room) => ({
      name: `${room}-imports`,
      severity: 'error',
      comment: `src/${room} may import only ${mayImport[room].join(', ')}`,
      from: { path: `^src/${room}/` },
      to: { path: '^src/', pathNot: mayImport[room].map((r) => `^src/${r}/`) },
    })),
    {
      name: 'no-three-here',
      severity: 'error',
      comment: 'Only the rooms that draw know three.js.',
      from: { path: '^src/(core|protocol|net|media|ui)/' },
      to: { path: 'node_modules/three|^three' },
    },
    {
      name: 'no-emulator',
      severity: 'error',
      comment: 'The WebXR emulator is for tests; the product never carries it.',
      from: { path: '^src/' },
      to: { path: 'iwer' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolved', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { extensions: ['.ts', '.js'], exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
};
