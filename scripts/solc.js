// npm's solc as the command-line program that py-solc-x and Brownie call: --version and --standard-json.
// With --no-code it makes none, which is nine tenths of the work: for Slither, which reads the source.
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

function withoutCode(text) {
  const asked = JSON.parse(text);
  asked.settings.outputSelection = { '*': { '*': ['abi', 'devdoc', 'userdoc'], '': ['ast'] } };
  const made = JSON.parse(compile(JSON.stringify(asked)));
  const none = { object: '', sourceMap: '' };
  for (const file of Object.values(made.contracts ?? {})) {
    for (const contract of Object.values(file)) contract.evm = { bytecode: none, deployedBytecode: none };
  }
  return JSON.stringify(made);
}

function compile(text) {
  return solc.compile(text, { import: readImport });
}

if (process.argv.includes('--version')) {
  console.log(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}`);
} else if (process.argv.includes('--standard-json')) {
  const text = fs.readFileSync(0, 'utf8');
  process.stdout.write(process.argv.includes('--no-code') ? withoutCode(text) : compile(text));
} else {
  console.error('solc shim: only --version and --standard-json are here');
  process.exit(1);
}
