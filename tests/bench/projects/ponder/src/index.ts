import { ponder } from 'ponder:registry';
import { contribution } from 'ponder:schema';

ponder.on('PooledFund:Contributed', async ({ event, context }) => {
  await context.db.insert(contribution).values({
    id: `${event.args.pool}-${event.args.start}`,
    pool: Number(event.args.pool),
    start: event.args.start,
    amount: event.args.amount,
    donor: event.args.donor,
    paidAt: event.block.timestamp,
    block: event.block.number,
    logIndex: event.log.logIndex,
    tx: event.transaction.hash,
  });
});

// A batch's entries: donor (20 bytes), the time of paying (4), the amount (8).
if (process.env.MOA_BATCHES) {
  ponder.on('PooledFund:BatchRecorded', async ({ event, context }) => {
    const rows = [];
    let start = event.args.start;
    for (let at = 2; at < event.args.entries.length; at += 64) {
      const entry = event.args.entries.slice(at, at + 64);
      const amount = BigInt(`0x${entry.slice(48)}`);
      rows.push({
        id: `${event.args.pool}-${start}`,
        pool: Number(event.args.pool),
        start,
        amount,
        donor: `0x${entry.slice(0, 40)}` as `0x${string}`,
        paidAt: BigInt(`0x${entry.slice(40, 48)}`),
        block: event.block.number,
        logIndex: event.log.logIndex,
        tx: event.transaction.hash,
      });
      start += amount;
    }
    await context.db.insert(contribution).values(rows);
  });
}
