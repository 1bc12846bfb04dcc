-- What came in, and what was answered.

-- Every message that has an effect, once. The key is what makes a message count once, whatever is
-- retried by whomever; a message with the same key and another digest is refused. Questions have no
-- effect and no row: asked again, they are answered as things stand.
CREATE TABLE bank.inbox (
    signer     bytea  NOT NULL CHECK (length(signer) = 32),
    message_id bytea  NOT NULL CHECK (length(message_id) = 16),
    digest     bytea  NOT NULL CHECK (length(digest) = 32),
    kind       text   NOT NULL,
    source     text   NOT NULL, -- 'front', or the party whose gateway it came through
    at         bigint NOT NULL,
    PRIMARY KEY (signer, message_id)
);
CALL bank.keep_for_ever('bank.inbox');

-- Payment orders as signed. The id is unique in the bank, since other banks know the payment by it.
CREATE TABLE bank.customer_order (
    message_id       bytea  PRIMARY KEY CHECK (length(message_id) = 16),
    signer           bytea  NOT NULL,
    digest           bytea  NOT NULL,
    jws              text   NOT NULL,
    customer         bigint NOT NULL,
    debtor_iban      text   NOT NULL,
    creditor_name    text   NOT NULL,
    creditor_iban    text   NOT NULL,
    amount           bigint NOT NULL CHECK (amount > 0),
    currency         text   NOT NULL,
    remittance       text   NOT NULL,
    at               bigint NOT NULL
);
CALL bank.keep_for_ever('bank.customer_order');

-- The final answer to an order, by the order's digest: a second order under a used id gets its own.
CREATE TABLE bank.receipt (
    digest     bytea  PRIMARY KEY CHECK (length(digest) = 32),
    signer     bytea  NOT NULL,
    message_id bytea  NOT NULL,
    jws        text   NOT NULL,
    code       text,            -- why it was refused
    posting    bigint,          -- where it was booked
    at         bigint NOT NULL,
    CHECK ((code IS NULL) = (posting IS NOT NULL))
);
-- One verdict for one order; what only reused its id is not that order.
CREATE UNIQUE INDEX receipt_once ON bank.receipt (message_id, signer) WHERE code IS DISTINCT FROM 'DU01';
CALL bank.keep_for_ever('bank.receipt');

-- Answers to the other messages that have an effect, by the digest of what they answer.
CREATE TABLE bank.answer (
    digest bytea  PRIMARY KEY CHECK (length(digest) = 32),
    jws    text   NOT NULL,
    at     bigint NOT NULL
);
CALL bank.keep_for_ever('bank.answer');

-- Envelopes put aside with the reason. `envelope` is the SHA-256 of the body.
CREATE TABLE bank.quarantine (
    envelope bytea  PRIMARY KEY CHECK (length(envelope) = 32),
    source   text   NOT NULL,
    reason   text   NOT NULL,
    detail   text   NOT NULL,
    body     text   NOT NULL,
    at       bigint NOT NULL
);
CREATE INDEX quarantine_at ON bank.quarantine (at);
CALL bank.keep_for_ever('bank.quarantine');

-- Faults of ours: the reference stands in the log beside the details.
CREATE TABLE bank.fault (
    reference text   PRIMARY KEY,
    what      text   NOT NULL,
    source    text   NOT NULL,
    at        bigint NOT NULL
);
CALL bank.keep_for_ever('bank.fault');
