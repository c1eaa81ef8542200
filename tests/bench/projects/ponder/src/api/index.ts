import { Hono } from 'hono';
import { and, desc, eq, graphql, lt } from 'ponder';
import { db } from 'ponder:api';
import schema from 'ponder:schema';

const app = new Hono();
app.use('/graphql', graphql({ db, schema }));

app.get('/latest/:pool', async (c) => {
  const { contribution } = schema;
  const before = c.req.query('before');
  const rows = await db
    .select()
    .from(contribution)
    .where(
      and(
        eq(contribution.pool, Number(c.req.param('pool'))),
        before ? lt(contribution.start, BigInt(before)) : undefined,
      ),
    )
    .orderBy(desc(contribution.start))
    .limit(50);
  return c.json(rows.map((r) => ({ ...r, start: `${r.start}`, amount: `${r.amount}`, paidAt: `${r.paidAt}`, block: `${r.block}` })));
});

export default app;
