from dipdup import fields
from dipdup.models import Model


class Contribution(Model):
    id = fields.TextField(primary_key=True)
    pool = fields.IntField(db_index=True)
    start = fields.BigIntField()
    amount = fields.BigIntField()
    donor = fields.TextField(db_index=True)
    paid_at = fields.BigIntField()
    block = fields.BigIntField()
    log_index = fields.IntField()
    tx = fields.TextField()
