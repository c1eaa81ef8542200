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
