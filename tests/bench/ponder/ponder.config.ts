// The same gifts, indexed by Ponder as it comes: see tests/bench/peers.py.
import { readFileSync } from 'node:fs';
import { createConfig } from 'ponder';

const deployment = JSON.parse(readFileSync(process.env.MOA_DEPLOYMENT!, 'utf8'));

export const abi = [
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

export default createConfig({
  chains: {
    moa: {
      id: deployment.chainId,
      rpc: process.env.MOA_RPC!,
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
