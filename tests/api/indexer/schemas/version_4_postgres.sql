-- The schema of version 4, as it was: never to be changed. Statements end with ';'.
CREATE TABLE attestations (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    round INTEGER NOT NULL,
    attestor BYTEA NOT NULL,
    evidence BYTEA NOT NULL,
    approved BOOLEAN NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX attestations_by_milestone ON attestations (pool, milestone, round);
CREATE INDEX ix_attestations_attestor ON attestations (attestor);
CREATE TABLE attestors (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    account BYTEA NOT NULL,
    leaving BYTEA,
    PRIMARY KEY (log)
);
CREATE INDEX ix_attestors_account ON attestors (account);
CREATE INDEX ix_attestors_pool ON attestors (pool);
CREATE TABLE batches (
    log BIGINT NOT NULL,
    batch BYTEA NOT NULL,
    pool INTEGER NOT NULL,
    gateway BYTEA NOT NULL,
    reference BYTEA NOT NULL,
    root BYTEA NOT NULL,
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
    number BIGINT NOT NULL,
    hash BYTEA NOT NULL,
    parent BYTEA NOT NULL,
    time BIGINT NOT NULL,
    PRIMARY KEY (number)
);
CREATE INDEX ix_blocks_hash ON blocks (hash);
CREATE TABLE brought (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    bearer BYTEA NOT NULL,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    start BIGINT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX brought_by_pool ON brought (pool, start);
CREATE INDEX ix_brought_bearer ON brought (bearer);
CREATE TABLE cancellations (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    account BYTEA NOT NULL,
    PRIMARY KEY (log),
    UNIQUE (pool)
);
CREATE TABLE collection_failures (
    log BIGINT NOT NULL,
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
    keeper BYTEA NOT NULL,
    PRIMARY KEY (pool, start)
);
CREATE INDEX collections_by_pledge ON collections (pledge, log, start, amount);
CREATE INDEX ix_collections_log ON collections (log);
CREATE TABLE consents (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    attestor BYTEA NOT NULL,
    payee BYTEA NOT NULL,
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
    donor BYTEA NOT NULL,
    paid_at BIGINT NOT NULL,
    log BIGINT NOT NULL,
    position INTEGER NOT NULL,
    via SMALLINT NOT NULL,
    PRIMARY KEY (pool, start)
);
CREATE INDEX contributions_by_amount ON contributions (pool, amount, start);
CREATE INDEX contributions_by_donor ON contributions (donor, log, position);
CREATE INDEX contributions_by_time ON contributions (pool, paid_at, start);
CREATE INDEX ix_contributions_log ON contributions (log);
CREATE TABLE deadlines (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    accepts_until BIGINT NOT NULL,
    defaults_at BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_deadlines_pool ON deadlines (pool);
CREATE TABLE deliveries (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    "to" BYTEA NOT NULL,
    position INTEGER NOT NULL,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    start BIGINT NOT NULL,
    caller BYTEA NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY (log)
);
CREATE UNIQUE INDEX deliveries_by_milestone ON deliveries (pool, milestone, start);
CREATE TABLE deposits (
    log BIGINT NOT NULL,
    gateway BYTEA NOT NULL,
    recipient BYTEA NOT NULL,
    reference BYTEA NOT NULL,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_deposits_gateway ON deposits (gateway);
CREATE INDEX ix_deposits_reference ON deposits (reference);
CREATE TABLE disputes (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    evidence BYTEA NOT NULL,
    round INTEGER NOT NULL,
    objected BIGINT NOT NULL,
    line BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX disputes_by_milestone ON disputes (pool, milestone);
CREATE TABLE evidence (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    round INTEGER NOT NULL,
    ngo BYTEA NOT NULL,
    hash BYTEA NOT NULL,
    uri TEXT COLLATE "C" NOT NULL,
    line BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX evidence_by_milestone ON evidence (pool, milestone, round);
CREATE INDEX ix_evidence_hash ON evidence (hash);
CREATE TABLE expiries (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    caller BYTEA NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX expiries_by_milestone ON expiries (pool, milestone);
CREATE TABLE invitations (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    sponsor BYTEA NOT NULL,
    invited BOOLEAN NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_invitations_pool ON invitations (pool);
CREATE TABLE limits (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    programme BYTEA NOT NULL,
    beneficiary_cap BIGINT NOT NULL,
    voucher_cap BIGINT NOT NULL,
    voucher_period BIGINT NOT NULL,
    PRIMARY KEY (log),
    UNIQUE (pool)
);
CREATE TABLE logs (
    log BIGINT NOT NULL,
    tx BYTEA NOT NULL,
    address BYTEA NOT NULL,
    event VARCHAR COLLATE "C" NOT NULL,
    topics BYTEA NOT NULL,
    data BYTEA NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_logs_tx ON logs (tx);
CREATE INDEX logs_by_event ON logs (event, log);
CREATE TABLE matches (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    sponsorship INTEGER NOT NULL,
    sponsor BYTEA NOT NULL,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    gifts BIGINT NOT NULL,
    start BIGINT NOT NULL,
    total BIGINT NOT NULL,
    total_gifts BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX matches_by_sponsorship ON matches (pool, sponsorship, log);
CREATE TABLE matchings (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    matched BOOLEAN NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_matchings_pool ON matchings (pool);
CREATE TABLE members (
    log BIGINT NOT NULL,
    account BYTEA NOT NULL,
    kind SMALLINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    details_hash BYTEA NOT NULL,
    details_uri TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_members_account ON members (account);
CREATE TABLE meta (
    key VARCHAR NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (key)
);
CREATE TABLE milestones (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    payee BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    evidence_deadline BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE UNIQUE INDEX milestones_by_pool ON milestones (pool, milestone);
CREATE TABLE objections (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    round INTEGER NOT NULL,
    donor BYTEA NOT NULL,
    evidence BYTEA NOT NULL,
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
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    claims_until BIGINT NOT NULL,
    beneficiary_cap BIGINT NOT NULL,
    scope BYTEA NOT NULL,
    PRIMARY KEY (log)
);
CREATE UNIQUE INDEX openings_by_milestone ON openings (pool, milestone);
CREATE TABLE pauses (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    paused BOOLEAN NOT NULL,
    account BYTEA NOT NULL,
    until BIGINT,
    clock_shift BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_pauses_pool ON pauses (pool);
CREATE TABLE pledge_changes (
    log BIGINT NOT NULL,
    pledge INTEGER NOT NULL,
    change VARCHAR COLLATE "C" NOT NULL,
    period BIGINT,
    amount BIGINT,
    cap BIGINT,
    PRIMARY KEY (log)
);
CREATE INDEX pledge_changes_by_pledge ON pledge_changes (pledge, log);
CREATE TABLE pledges (
    log BIGINT NOT NULL,
    pledge INTEGER NOT NULL,
    donor BYTEA NOT NULL,
    pool INTEGER NOT NULL,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    period SMALLINT NOT NULL,
    first_due BIGINT NOT NULL,
    last_due BIGINT NOT NULL,
    times INTEGER NOT NULL,
    cap BIGINT NOT NULL,
    replaces INTEGER NOT NULL,
    caller BYTEA NOT NULL,
    PRIMARY KEY (log),
    UNIQUE (pledge)
);
CREATE INDEX pledges_by_donor ON pledges (donor, log);
CREATE INDEX pledges_by_pool ON pledges (pool, log);
CREATE TABLE pools (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    ngo BYTEA NOT NULL,
    token BYTEA NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    description_hash BYTEA NOT NULL,
    description_uri TEXT COLLATE "C" NOT NULL,
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
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    account BYTEA NOT NULL,
    batch BYTEA,
    start BIGINT,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    "to" BYTEA NOT NULL,
    caller BYTEA NOT NULL,
    total BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX refunds_by_account ON refunds (account, log);
CREATE INDEX refunds_by_batch ON refunds (batch, start, amount);
CREATE INDEX refunds_by_pool ON refunds (pool, log, total);
CREATE INDEX refunds_by_start ON refunds (pool, start);
CREATE TABLE releases (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    payee BYTEA NOT NULL,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    caller BYTEA NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_releases_payee ON releases (payee);
CREATE INDEX releases_by_pool ON releases (pool, milestone);
CREATE TABLE returns (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    payee BYTEA NOT NULL,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    start BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX returns_by_pool ON returns (pool, start, amount);
CREATE TABLE rotations (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    leaving BYTEA NOT NULL,
    joining BYTEA NOT NULL,
    attestor BYTEA,
    at BIGINT,
    PRIMARY KEY (log)
);
CREATE INDEX ix_rotations_pool ON rotations (pool);
CREATE TABLE seals (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    ngo BYTEA NOT NULL,
    version INTEGER NOT NULL,
    amount BIGINT NOT NULL,
    count INTEGER NOT NULL,
    claim_window BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX seals_by_milestone ON seals (pool, milestone);
CREATE TABLE spends (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    start BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX spends_by_pool ON spends (pool, start, amount);
CREATE TABLE sponsorships (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    sponsorship INTEGER NOT NULL,
    sponsor BYTEA NOT NULL,
    token BYTEA NOT NULL,
    budget BIGINT NOT NULL,
    ratio_percent SMALLINT NOT NULL,
    cap_per_gift BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_sponsorships_sponsor ON sponsorships (sponsor);
CREATE UNIQUE INDEX sponsorships_by_pool ON sponsorships (pool, sponsorship);
CREATE TABLE tokens (
    log BIGINT NOT NULL,
    address BYTEA NOT NULL,
    symbol TEXT COLLATE "C" NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    decimals SMALLINT NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX ix_tokens_address ON tokens (address);
CREATE TABLE verdicts (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    evidence BYTEA NOT NULL,
    approved BOOLEAN NOT NULL,
    releasable_at BIGINT,
    last BOOLEAN NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX verdicts_by_milestone ON verdicts (pool, milestone);
CREATE TABLE vouchers (
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    milestone INTEGER NOT NULL,
    voucher BYTEA NOT NULL,
    provider BYTEA,
    own BIGINT NOT NULL,
    from_pool BIGINT NOT NULL,
    evidence BYTEA,
    caller BYTEA NOT NULL,
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
    log BIGINT NOT NULL,
    pool INTEGER NOT NULL,
    sponsorship INTEGER NOT NULL,
    sponsor BYTEA NOT NULL,
    "to" BYTEA NOT NULL,
    token BYTEA NOT NULL,
    amount BIGINT NOT NULL,
    caller BYTEA NOT NULL,
    PRIMARY KEY (log)
);
CREATE INDEX withdrawals_by_sponsorship ON withdrawals (pool, sponsorship);
