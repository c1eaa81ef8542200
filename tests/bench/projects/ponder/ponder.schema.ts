import { index, onchainTable } from 'ponder';

export const contribution = onchainTable(
  'contribution',
  (t) => ({
    id: t.text().primaryKey(),
    pool: t.integer().notNull(),
    start: t.bigint().notNull(),
    amount: t.bigint().notNull(),
    donor: t.hex().notNull(),
    paidAt: t.bigint().notNull(),
    block: t.bigint().notNull(),
    logIndex: t.integer().notNull(),
    tx: t.hex().notNull(),
  }),
  (table) => ({ byPool: index().on(table.pool, table.start), byDonor: index().on(table.donor) }),
);
