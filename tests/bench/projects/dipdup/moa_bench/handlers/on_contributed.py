from dipdup.context import HandlerContext
from dipdup.models.evm import EvmEvent
from moa_bench import models
from moa_bench.types.fund.evm_events.contributed import ContributedPayload


async def on_contributed(ctx: HandlerContext, event: EvmEvent[ContributedPayload]) -> None:
    given, data = event.payload, event.data
    await models.Contribution.create(
        id=f"{given.pool}-{given.start}",
        pool=given.pool,
        start=given.start,
        amount=given.amount,
        donor=given.donor,
        paid_at=data.timestamp,
        block=data.level,
        log_index=data.log_index,
        tx=data.transaction_hash,
    )
