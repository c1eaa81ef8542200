const { PooledFund } = require('generated');
PooledFund.Contributed.handler(async ({ event, context }) => {
  context.Contribution.set({
    id: `${event.params.pool}-${event.params.start}`,
    pool: Number(event.params.pool),
    start: event.params.start,
    amount: event.params.amount,
    donor: event.params.donor,
    paidAt: event.block.timestamp,
    block: event.block.number,
    logIndex: event.logIndex,
    tx: event.transaction.hash,
  });
});
