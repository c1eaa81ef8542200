// npm's solc as the command-line program that py-solc-x and Brownie call: --version and --standard-json.
const fs = require('fs');
const path = require('path');

const modules = path.join(__dirname, '..', 'node_modules');
const solc = require(path.join(modules, 'solc'));

function readImport(name) {
  for (const base of [process.cwd(), modules]) {
    const file = path.resolve(base, name);
    if (fs.existsSync(file)) return { contents: fs.readFileSync(file, 'utf8') };
  }
  return { error: `not found: ${name}` };
}

if (process.argv.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(fs.readFileSync(0, 'utf8'), { import: readImport }));
} else {
  console.error('solc shim: only --version and --standard-json are here');
  process.exit(1);
}
