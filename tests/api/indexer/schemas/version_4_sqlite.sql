-- The schema of version 4, as it was: never to be changed. Statements end with ';'.
CREATE TABLE attestations (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    round INTEGER NOT NULL,
    attestor BLOB NOT NULL,
    evidence BLOB NOT NULL,
    approved BOOLEAN NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX attestations_by_milestone ON attestations (pool, milestone, round);
CREATE INDEX ix_attestations_attestor ON attestations (attestor);
CREATE TABLE attestors (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    account BLOB NOT NULL,
    leaving BLOB,
    PRIMARY KEY (log)
);
CREATE INDEX ix_attestors_account ON attestors (account);
CREATE INDEX ix_attestors_pool ON attestors (pool);
CREATE TABLE batches (
    log INTEGER NOT NULL,
    batch BLOB NOT NULL,
    pool INTEGER NOT NULL,
    gateway BLOB NOT NULL,
    reference BLOB NOT NULL,
    root BLOB NOT NULL,
    start BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    count INTEGER NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX batches_by_gateway ON batches (gateway, pool, start);
CREATE INDEX batches_by_pool ON batches (pool, start);
CREATE INDEX batches_of_gateway ON batches (gateway, log);
CREATE INDEX ix_batches_batch ON batches (batch);
CREATE INDEX ix_batches_reference ON batches (reference);
CREATE TABLE blocks (
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    parent BLOB NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (number)
);
CREATE INDEX ix_blocks_hash ON blocks (hash);
CREATE TABLE brought (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    bearer BLOB NOT NULL,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    start BIGINT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX brought_by_pool ON brought (pool, start);
CREATE INDEX ix_brought_bearer ON brought (bearer);
CREATE TABLE cancellations (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    account BLOB NOT NULL,
    PRIMARY KEY (log),
    UNIQUE (pool)
);
CREATE TABLE collection_failures (
    log INTEGER NOT NULL,
    pledge INTEGER NOT NULL,
    reason SMALLINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX collection_failures_by_pledge ON collection_failures (pledge, log);
CREATE TABLE collections (
    pool INTEGER NOT NULL,
    start BIGINT NOT NULL,
    log BIGINT NOT NULL,
    pledge INTEGER NOT NULL,
    period INTEGER NOT NULL,
    amount BIGINT NOT NULL,
    keeper BLOB NOT NULL,
    PRIMARY KEY (pool, start)
);
CREATE INDEX collections_by_pledge ON collections (pledge, log, start, amount);
CREATE INDEX ix_collections_log ON collections (log);
CREATE TABLE consents (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    attestor BLOB NOT NULL,
    payee BLOB NOT NULL,
    amount BIGINT NOT NULL,
    evidence_deadline BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_consents_pool ON consents (pool);
CREATE TABLE contributions (
    pool INTEGER NOT NULL,
    start BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    number INTEGER NOT NULL,
    donor BLOB NOT NULL,
    paid_at BIGINT NOT NULL,
    log BIGINT NOT NULL,
    position INTEGER NOT NULL,
    via SMALLINT NOT NULL,
    PRIMARY KEY (pool, start)
)
 WITHOUT ROWID;
CREATE INDEX contributions_by_amount ON contributions (pool, amount, start);
CREATE INDEX contributions_by_donor ON contributions (donor, log, position);
CREATE INDEX contributions_by_time ON contributions (pool, paid_at, start);
CREATE INDEX ix_contributions_log ON contributions (log);
CREATE TABLE deadlines (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    accepts_until BIGINT NOT NULL,
    defaults_at BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_deadlines_pool ON deadlines (pool);
CREATE TABLE deliveries (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    "to" BLOB NOT NULL,
    position INTEGER NOT NULL,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    start BIGINT NOT NULL,
    caller BLOB NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (log)
);
CREATE UNIQUE INDEX deliveries_by_milestone ON deliveries (pool, milestone, start);
CREATE TABLE deposits (
    log INTEGER NOT NULL,
    gateway BLOB NOT NULL,
    recipient BLOB NOT NULL,
    reference BLOB NOT NULL,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_deposits_gateway ON deposits (gateway);
CREATE INDEX ix_deposits_reference ON deposits (reference);
CREATE TABLE disputes (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    evidence BLOB NOT NULL,
    round INTEGER NOT NULL,
    objected BIGINT NOT NULL,
    line BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX disputes_by_milestone ON disputes (pool, milestone);
CREATE TABLE evidence (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    round INTEGER NOT NULL,
    ngo BLOB NOT NULL,
    hash BLOB NOT NULL,
    uri TEXT NOT NULL,
    line BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX evidence_by_milestone ON evidence (pool, milestone, round);
CREATE INDEX ix_evidence_hash ON evidence (hash);
CREATE TABLE expiries (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    caller BLOB NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX expiries_by_milestone ON expiries (pool, milestone);
CREATE TABLE invitations (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    sponsor BLOB NOT NULL,
    invited BOOLEAN NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_invitations_pool ON invitations (pool);
CREATE TABLE limits (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    programme BLOB NOT NULL,
    beneficiary_cap BIGINT NOT NULL,
    voucher_cap BIGINT NOT NULL,
    voucher_period BIGINT NOT NULL,
    PRIMARY KEY (log),
    UNIQUE (pool)
);
CREATE TABLE logs (
    log INTEGER NOT NULL,
    tx BLOB NOT NULL,
    address BLOB NOT NULL,
    event VARCHAR NOT NULL,
    topics BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_logs_tx ON logs (tx);
CREATE INDEX logs_by_event ON logs (event, log);
CREATE TABLE matches (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    sponsorship INTEGER NOT NULL,
    sponsor BLOB NOT NULL,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    gifts BIGINT NOT NULL,
    start BIGINT NOT NULL,
    total BIGINT NOT NULL,
    total_gifts BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX matches_by_sponsorship ON matches (pool, sponsorship, log);
CREATE TABLE matchings (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    matched BOOLEAN NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_matchings_pool ON matchings (pool);
CREATE TABLE members (
    log INTEGER NOT NULL,
    account BLOB NOT NULL,
    kind SMALLINT NOT NULL,
    name TEXT NOT NULL,
    details_hash BLOB NOT NULL,
    details_uri TEXT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_members_account ON members (account);
CREATE TABLE meta (
    "key" VARCHAR NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("key")
);
CREATE TABLE milestones (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    payee BLOB NOT NULL,
    amount BIGINT NOT NULL,
    evidence_deadline BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE UNIQUE INDEX milestones_by_pool ON milestones (pool, milestone);
CREATE TABLE objections (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    round INTEGER NOT NULL,
    donor BLOB NOT NULL,
    evidence BLOB NOT NULL,
    start BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    number INTEGER NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX objections_by_donor ON objections (donor, log);
CREATE INDEX objections_by_milestone ON objections (pool, milestone, log);
CREATE INDEX objections_by_pool ON objections (pool, log);
CREATE INDEX objections_by_round ON objections (pool, milestone, round, log);
CREATE TABLE openings (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    claims_until BIGINT NOT NULL,
    beneficiary_cap BIGINT NOT NULL,
    scope BLOB NOT NULL,
    PRIMARY KEY (log)
);
CREATE UNIQUE INDEX openings_by_milestone ON openings (pool, milestone);
CREATE TABLE pauses (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    paused BOOLEAN NOT NULL,
    account BLOB NOT NULL,
    until BIGINT,
    clock_shift BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_pauses_pool ON pauses (pool);
CREATE TABLE pledge_changes (
    log INTEGER NOT NULL,
    pledge INTEGER NOT NULL,
    change VARCHAR NOT NULL,
    period BIGINT,
    amount BIGINT,
    cap BIGINT,
    PRIMARY KEY (log)
);
CREATE INDEX pledge_changes_by_pledge ON pledge_changes (pledge, log);
CREATE TABLE pledges (
    log INTEGER NOT NULL,
    pledge INTEGER NOT NULL,
    donor BLOB NOT NULL,
    pool INTEGER NOT NULL,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    period SMALLINT NOT NULL,
    first_due BIGINT NOT NULL,
    last_due BIGINT NOT NULL,
    times INTEGER NOT NULL,
    cap BIGINT NOT NULL,
    replaces INTEGER NOT NULL,
    caller BLOB NOT NULL,
    PRIMARY KEY (log),
    UNIQUE (pledge)
);
CREATE INDEX pledges_by_donor ON pledges (donor, log);
CREATE INDEX pledges_by_pool ON pledges (pool, log);
CREATE TABLE pools (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    ngo BLOB NOT NULL,
    token BLOB NOT NULL,
    name TEXT NOT NULL,
    description_hash BLOB NOT NULL,
    description_uri TEXT NOT NULL,
    funding_threshold BIGINT NOT NULL,
    funding_deadline BIGINT NOT NULL,
    open_ended BOOLEAN NOT NULL,
    objection_window BIGINT NOT NULL,
    attestation_window BIGINT NOT NULL,
    objection_threshold SMALLINT NOT NULL,
    quorum SMALLINT NOT NULL,
    PRIMARY KEY (log),
    UNIQUE (pool)
);
CREATE INDEX ix_pools_ngo ON pools (ngo);
CREATE TABLE refunds (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    account BLOB NOT NULL,
    batch BLOB,
    start BIGINT,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    "to" BLOB NOT NULL,
    caller BLOB NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX refunds_by_account ON refunds (account, log);
CREATE INDEX refunds_by_batch ON refunds (batch, start, amount);
CREATE INDEX refunds_by_pool ON refunds (pool, log, total);
CREATE INDEX refunds_by_start ON refunds (pool, start);
CREATE TABLE releases (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    payee BLOB NOT NULL,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    caller BLOB NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_releases_payee ON releases (payee);
CREATE INDEX releases_by_pool ON releases (pool, milestone);
CREATE TABLE returns (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    payee BLOB NOT NULL,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    start BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX returns_by_pool ON returns (pool, start, amount);
CREATE TABLE rotations (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    leaving BLOB NOT NULL,
    joining BLOB NOT NULL,
    attestor BLOB,
    at BIGINT,
    PRIMARY KEY (log)
);
CREATE INDEX ix_rotations_pool ON rotations (pool);
CREATE TABLE seals (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    ngo BLOB NOT NULL,
    version INTEGER NOT NULL,
    amount BIGINT NOT NULL,
    count INTEGER NOT NULL,
    claim_window BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX seals_by_milestone ON seals (pool, milestone);
CREATE TABLE spends (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    start BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX spends_by_pool ON spends (pool, start, amount);
CREATE TABLE sponsorships (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    sponsorship INTEGER NOT NULL,
    sponsor BLOB NOT NULL,
    token BLOB NOT NULL,
    budget BIGINT NOT NULL,
    ratio_percent SMALLINT NOT NULL,
    cap_per_gift BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_sponsorships_sponsor ON sponsorships (sponsor);
CREATE UNIQUE INDEX sponsorships_by_pool ON sponsorships (pool, sponsorship);
CREATE TABLE tokens (
    log INTEGER NOT NULL,
    address BLOB NOT NULL,
    symbol TEXT NOT NULL,
    name TEXT NOT NULL,
    decimals SMALLINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_tokens_address ON tokens (address);
CREATE TABLE verdicts (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    evidence BLOB NOT NULL,
    approved BOOLEAN NOT NULL,
    releasable_at BIGINT,
    last BOOLEAN NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX verdicts_by_milestone ON verdicts (pool, milestone);
CREATE TABLE vouchers (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    voucher BLOB NOT NULL,
    provider BLOB,
    own BIGINT NOT NULL,
    from_pool BIGINT NOT NULL,
    evidence BLOB,
    caller BLOB NOT NULL,
    number INTEGER NOT NULL,
    total_own BIGINT NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_vouchers_voucher ON vouchers (voucher);
CREATE INDEX vouchers_by_milestone ON vouchers (pool, milestone, log);
CREATE INDEX vouchers_by_pool ON vouchers (pool, log);
CREATE INDEX vouchers_by_provider ON vouchers (provider, log);
CREATE INDEX vouchers_by_total ON vouchers (pool, milestone, total);
CREATE TABLE withdrawals (
    log INTEGER NOT NULL,
    pool INTEGER NOT NULL,
    sponsorship INTEGER NOT NULL,
    sponsor BLOB NOT NULL,
    "to" BLOB NOT NULL,
    token BLOB NOT NULL,
    amount BIGINT NOT NULL,
    caller BLOB NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX withdrawals_by_sponsorship ON withdrawals (pool, sponsorship);
