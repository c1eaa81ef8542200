// Fire requests as fast as they are answered, each connection its own: see tests/bench/peers/load.py.
import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const { url, connections, seconds, requests } = JSON.parse(readFileSync(0, 'utf8'));

// A connection asks for what is its own, if there is enough for all: to make a request ready takes a while.
let client = 0;
const own = (n) => {
  const dealt = requests.filter((_, i) => i % connections === n);
  return dealt.length > 1 ? dealt : [...requests.slice(n % requests.length), ...requests.slice(0, n % requests.length)];
};

const result = await autocannon({
  url,
  connections,
  duration: seconds,
  requests: requests.slice(0, 1),
  setupClient: (each) => each.setRequests(own(client++)),
});
const { latency, errors, timeouts, statusCodeStats } = result;
const codes = Object.fromEntries(Object.entries(statusCodeStats).map(([code, { count }]) => [code, count]));
const answers = Object.values(codes).reduce((sum, count) => sum + count, 0);
console.log(
  JSON.stringify({ rate: answers / result.duration, p50: latency.p50, p99: latency.p99, failed: errors + timeouts, codes }),
);
