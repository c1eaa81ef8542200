// The same gifts, indexed by Ponder as it comes: see tests/bench/peers/ponder.py.
import { readFileSync } from 'node:fs';
import { createConfig } from 'ponder';

const deployment = JSON.parse(readFileSync(process.env.MOA_DEPLOYMENT!, 'utf8'));

const contributed = [
  {
    type: 'event',
    name: 'Contributed',
    inputs: [
      { name: 'pool', type: 'uint256', indexed: true },
      { name: 'donor', type: 'address', indexed: true },
      { name: 'token', type: 'address', indexed: false },
      { name: 'amount', type: 'uint64', indexed: false },
      { name: 'start', type: 'uint64', indexed: false },
    ],
  },
] as const;

const batchRecorded = {
  type: 'event',
  name: 'BatchRecorded',
  inputs: [
    { name: 'pool', type: 'uint256', indexed: true },
    { name: 'batch', type: 'bytes32', indexed: true },
    { name: 'gateway', type: 'address', indexed: true },
    { name: 'token', type: 'address', indexed: false },
    { name: 'gatewayReference', type: 'bytes32', indexed: false },
    { name: 'root', type: 'bytes32', indexed: false },
    { name: 'start', type: 'uint64', indexed: false },
    { name: 'amount', type: 'uint64', indexed: false },
    { name: 'count', type: 'uint32', indexed: false },
    { name: 'entries', type: 'bytes', indexed: false },
  ],
} as const;

// Only where batches are measured, so that nothing else is asked for elsewhere.
export const abi = process.env.MOA_BATCHES ? ([...contributed, batchRecorded] as const) : contributed;

export default createConfig({
  chains: {
    moa: {
      id: deployment.chainId,
      rpc: process.env.MOA_RPC!,
      ...(process.env.MOA_WS ? { ws: process.env.MOA_WS } : {}),
      pollingInterval: 100,
      ...(process.env.PONDER_RATE ? { maxRequestsPerSecond: Number(process.env.PONDER_RATE) } : {}),
    },
  },
  contracts: {
    PooledFund: {
      abi,
      chain: 'moa',
      address: deployment.contracts.PooledFund.address,
      startBlock: deployment.block,
    },
  },
});
