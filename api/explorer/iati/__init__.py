"""IATI 2.03: what an NGO publishes of its pools, one `iati-activity` a pool, as of one block of the ledger.

What the ledger says, and by which element:

    gifts                     transaction 1, incoming funds: a day's gifts together (UTC, when the ledger had them)
    refunds to donors         transaction 1 with a negative value: IATI has no type for it; 7 (reimbursement) is another
                              thing, a disbursement for what was spent before
    releases to payees        transaction 3, disbursement; 4, expenditure, where the payee is the book of payout rounds
                              or of vouchers: what it hands on goes to people, who report to nobody
    what payees gave back     3 or 4 like the release, with a negative value
    milestones                planned-disbursement until they are paid or the pool is over; budget, by the year of the
                              evidence deadline; result (an output), qualitative indicator: what the attestors said
    the pool's state          activity-status: funding 1, active 2, completed 3, stopped 5, paused 6

What the ledger does not say, the operator says in a file (`given`): which currency a settlement token stands for, the
NGO's registered identifier, country and sector. No currency is ever guessed: a token's symbol is whatever its issuer
chose. Without one there is no file.
"""
