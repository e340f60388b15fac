// node tools/validate_glb.mjs FILE.glb ...: what the Khronos glTF validator says of each, one JSON object a line.
// Exits 1 when any file has an error or a warning.
import { readFile } from 'node:fs/promises';
import { validateBytes } from 'gltf-validator';

async function validated(path) {
  const { issues } = await validateBytes(new Uint8Array(await readFile(path)), { uri: path, maxIssues: 1000 });
  const messages = issues.messages.map(({ code, message, pointer, severity }) => ({ code, message, pointer, severity }));
  return { path, errors: issues.numErrors, warnings: issues.numWarnings, infos: issues.numInfos, messages };
}

const reports = await Promise.all(process.argv.slice(2).map(validated));
process.stdout.write(reports.map((report) => `${JSON.stringify(report)}\n`).join(''));
process.exitCode = reports.every((report) => report.errors + report.warnings === 0) ? 0 : 1;
