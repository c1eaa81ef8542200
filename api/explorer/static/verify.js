// Checks a receipt without trusting the server that shows it: hashes the gift's own values up to a root, as
// contracts/libraries/EntryTree.sol does, and compares with what the contract says, read from a node by its RPC.
// A direct gift has no tree: the contract itself stores it, and its log says when.
const hash = (hex) => "0x" + keccak256(Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16)));
const word = (value) => BigInt(value).toString(16).padStart(64, "0");
const bare = (hex) => hex.slice(2).toLowerCase();
const wordsOf = (hex) => bare(hex).match(/.{64}/g) ?? [];
const number = (hex) => BigInt("0x" + hex);
const addressOf = (hex) => "0x" + hex.slice(24);
const same = (a, b) => a.toLowerCase() === b.toLowerCase();
const topic = (signature) => hash(Array.from(new TextEncoder().encode(signature), (b) => b.toString(16).padStart(2, "0")).join(""));
const selector = (signature) => bare(topic(signature)).slice(0, 8);
const TIMEOUT = 10000;

class Mismatch extends Error {}

export function leafOf(r) {
  const seed = hash(word(r.chain) + word(r.fund) + word(r.pool) + bare(r.batch));
  const entry = bare(r.donor).padStart(40, "0") + BigInt(r.time).toString(16).padStart(8, "0") + BigInt(r.amount).toString(16).padStart(16, "0");
  if (entry.length !== 64) throw new Mismatch("The values do not fit one entry of 32 bytes.");
  return hash(bare(seed) + word((BigInt(r.position) << 128n) | BigInt(r.start)) + entry);
}

// RFC 9162, section 2.1.3.2. Returns null where the siblings do not fit the tree's size.
export function rootOf(leaf, position, count, siblings) {
  let node = BigInt(position);
  let last = BigInt(count) - 1n;
  let at = leaf;
  if (node > last) return null;
  for (const sibling of siblings) {
    if (last === 0n) return null;
    if (node & 1n || node === last) {
      at = hash(bare(sibling) + bare(at));
      while (!(node & 1n) && node) [node, last] = [node >> 1n, last >> 1n];
    } else {
      at = hash(bare(at) + bare(sibling));
    }
    [node, last] = [node >> 1n, last >> 1n];
  }
  return last === 0n ? at : null;
}

async function ask(rpc, method, params) {
  let answer;
  try {
    const sent = await fetch(rpc, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT),
    });
    answer = await sent.json();
  } catch {
    throw new Error("The node cannot be reached at this address. Is the address right, and does the node let websites ask it?");
  }
  if (answer?.error || answer?.result === undefined) throw new Error("The node answered with an error: " + String(answer?.error?.message ?? "no result").slice(0, 200));
  return answer.result;
}

const call = async (rpc, to, signature, args = "") => {
  const result = await ask(rpc, "eth_call", [{ to, data: "0x" + selector(signature) + args }, "latest"]);
  if (result === "0x") throw new Mismatch("There is no such contract at this address on the node's ledger.");
  return wordsOf(result);
};

const money = (units, r) => {
  const decimals = Number(r.decimals);
  const digits = BigInt(units).toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals).replace(/\B(?=(\d{3})+$)/g, ",");
  const part = decimals ? digits.slice(-decimals).replace(/0+$/, "").padEnd(Math.min(2, decimals), "0") : "";
  return whole + (part ? "." + part : "") + " " + r.symbol;
};
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const day = (seconds) => {
  const t = new Date(Number(seconds) * 1000);
  return `${t.getUTCDate()} ${MONTHS[t.getUTCMonth()]} ${t.getUTCFullYear()}, ${t.toISOString().slice(11, 16)} UTC`;
};
const giver = (r) => (BigInt(r.donor) === 0n ? "an anonymous giver" : `giver ${r.donor.slice(0, 8)}…${r.donor.slice(-6)}`);

async function checkChain(r, rpc, step) {
  const chain = BigInt(await ask(rpc, "eth_chainId", []));
  step(chain === BigInt(r.chain), "The node answers, and it is on the right ledger", "The node is on another ledger than this receipt", `chain id: ${chain}, expected ${r.chain}`);
}

async function checkBatch(r, rpc, step) {
  if (!r.batch) throw new Mismatch("This page has no proof to check.");
  const [root, start, amount, , count, pool] = await call(rpc, r.fund, "batchOf(bytes32)", bare(r.batch));
  step(number(count) > 0n, "The contract knows the batch", "The contract has no such batch", r.batch);
  step(number(pool) === BigInt(r.pool), `The batch is for pool ${r.pool}`, `The batch is for pool ${number(pool)}, not for pool ${r.pool}`);
  step(number(count) === BigInt(r.count), `The batch has ${number(count)} gifts`, `The batch has ${number(count)} gifts, not ${r.count}`);
  const [from, to] = [number(start), number(start) + number(amount)];
  step(BigInt(r.start) >= from && BigInt(r.start) + BigInt(r.amount) <= to, "The gift lies within the batch's part of the line", "The gift lies outside the batch's part of the line", `gift: ${r.start} to ${BigInt(r.start) + BigInt(r.amount)}; batch: ${from} to ${to}`);
  const leaf = leafOf(r);
  step(true, "Your browser made the gift's fingerprint (the leaf) from its giver, time, amount and place", "", `giver: ${r.donor}\ntime: ${r.time}, amount: ${r.amount}\nposition: ${r.position}, start: ${r.start}\nleaf: ${leaf}`);
  const siblings = r.siblings ? r.siblings.split(",") : [];
  const computed = rootOf(leaf, r.position, r.count, siblings);
  step(computed !== null, `${siblings.length} more fingerprints lead from it to the root`, "The proof has the wrong length for this batch", computed ?? "");
  step(same(computed, "0x" + root), "The root is the one that the contract stores", "The root is NOT the one that the contract stores: a value on this page is wrong", `computed: ${computed}\ncontract: 0x${root}`);
  step(same(r.root, "0x" + root), "This website shows the same root", "This website shows another root than the contract", `website: ${r.root}`);
}

async function checkGift(r, rpc, step) {
  const [donor, amount] = await call(rpc, r.fund, "giftAt(uint256,uint64)", word(r.pool) + word(r.start));
  step(number(amount) > 0n, "The contract stores a gift at this place in line", "The contract stores no gift at this place in line", `pool ${r.pool}, start ${r.start}`);
  step(number(amount) === BigInt(r.amount), `Its amount is ${money(r.amount, r)}`, `Its amount is ${number(amount)} base units, not ${r.amount}`);
  step(same(addressOf(donor), r.donor), "Its giver is the one on this receipt", "Its giver is another one", addressOf(donor));
  const receipt = await ask(rpc, "eth_getTransactionReceipt", [r.tx]);
  const log = receipt?.logs?.find((l) => same(l.address, r.fund) && l.topics[0] === topic("Contributed(uint256,address,address,uint64,uint64)") && number(bare(l.topics[1])) === BigInt(r.pool) && number(wordsOf(l.data)[2]) === BigInt(r.start));
  step(Boolean(log), "The transaction recorded this gift", "The transaction on this page did not record this gift", r.tx);
  const block = await ask(rpc, "eth_getBlockByHash", [receipt.blockHash, false]);
  step(block !== null && BigInt(block.timestamp) === BigInt(r.time), `It was recorded on ${day(r.time)}`, "It was recorded at another time", `block time: ${block && BigInt(block.timestamp)}, receipt: ${r.time}`);
}

async function checkToken(r, rpc, step) {
  const [token] = await call(rpc, r.fund, "poolOf(uint256)", word(r.pool));
  step(same(addressOf(token), r.token), "The pool's token is the one on this receipt", "The pool uses another token", addressOf(token));
  const [decimals] = await call(rpc, r.token, "decimals()");
  step(number(decimals) === BigInt(r.decimals), `So the amount is ${money(r.amount, r)}`, "The decimal point of the amount is in the wrong place", `decimals: ${number(decimals)}, page: ${r.decimals}`);
}

const CHECKS = [checkChain, (r, ...rest) => (r.direct === "yes" ? checkGift : checkBatch)(r, ...rest), checkToken];

async function verify(section, rpc) {
  const r = { ...section.dataset };
  const list = section.querySelector("#steps");
  const verdict = section.querySelector("#verdict");
  list.replaceChildren();
  const tell = (kind, text) => {
    verdict.className = "verdict " + kind;
    verdict.textContent = text;
  };
  const step = (good, yes, no, detail = "") => {
    const item = document.createElement("li");
    item.className = good ? "pass" : "fail";
    const mark = item.appendChild(document.createElement("span"));
    mark.className = "mark";
    mark.textContent = good ? "✓" : "✗";
    const text = item.appendChild(document.createElement("span"));
    text.append(good ? yes : no);
    if (detail) text.appendChild(document.createElement("small")).textContent = detail;
    list.append(item);
    if (!good) throw new Mismatch(no);
  };
  tell("", "Checking …");
  try {
    for (const check of CHECKS) await check(r, rpc, step);
    tell("good", `✓ True. The ledger confirms: ${giver(r)} gave ${money(r.amount, r)} to pool ${r.pool}, paid on ${day(r.time)}.`);
  } catch (error) {
    const lie = error instanceof Mismatch || error instanceof SyntaxError || error instanceof RangeError;
    if (lie) tell("bad", `✗ This receipt does not agree with the ledger. ${error instanceof Mismatch ? error.message : "A value on this page cannot be read."}.`.replace("..", "."));
    else tell("bad", `The check could not be done. ${error.message}`);
  }
}

const section = document.querySelector("#verify");
if (section) {
  section.querySelector(".needs-js").hidden = false;
  const field = section.querySelector("#rpc");
  const go = section.querySelector("#verify-go");
  const start = async () => {
    if (go.getAttribute("aria-busy") === "true") return;
    go.setAttribute("aria-busy", "true");
    await verify(section, field.value.trim());
    go.removeAttribute("aria-busy");
  };
  go.addEventListener("click", start);
  field.addEventListener("keydown", (event) => event.key === "Enter" && start());
}
