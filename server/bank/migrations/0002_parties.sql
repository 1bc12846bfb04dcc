-- Who we are, who our processors are, and whom we deal with.

-- The bank itself: one row. `root` is the authority's certificate, pinned when the bank was founded.
CREATE TABLE bank.institution (
    one            boolean PRIMARY KEY DEFAULT true CHECK (one),
    bic            text   NOT NULL,
    name           text   NOT NULL,
    iban_prefix    text   NOT NULL,
    currency       text   NOT NULL,
    settlement_cap bigint NOT NULL CHECK (settlement_cap > 0),
    root           bytea  NOT NULL,
    licence        bytea  NOT NULL,
    founded_at     bigint NOT NULL
);
CALL bank.keep_for_ever('bank.institution');

-- Every certificate that was accepted: ours and the other parties'. `subject` is the thumbprint of
-- the certified key, `party` the bank that it stands for.
CREATE TABLE bank.certificate (
    fingerprint bytea  PRIMARY KEY CHECK (length(fingerprint) = 32), -- SHA-256 of der
    party       text   NOT NULL,
    role        text   NOT NULL,
    subject     bytea  NOT NULL CHECK (length(subject) = 32),
    der         bytea  NOT NULL,
    not_after   bigint NOT NULL,
    at          bigint NOT NULL
);
-- "Whose key signed this?" and "which CAs does this party have?"
CREATE INDEX certificate_subject ON bank.certificate (subject);
CREATE INDEX certificate_party ON bank.certificate (party, role);
CALL bank.keep_for_ever('bank.certificate');

-- Numbered key sets of every bank, ours included; the highest number counts.
CREATE TABLE bank.key_set (
    party  text   NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    jws    text   NOT NULL,
    at     bigint NOT NULL,
    PRIMARY KEY (party, number)
);
CALL bank.keep_for_ever('bank.key_set');

-- Our processors. `id` is the thumbprint of the Ed25519 key that signs for the bank.
CREATE TABLE bank.processor (
    id          bytea  PRIMARY KEY CHECK (length(id) = 32),
    name        text   NOT NULL UNIQUE,
    signing_key bytea  NOT NULL, -- SubjectPublicKeyInfo
    unwrap_key  bytea  NOT NULL, -- SubjectPublicKeyInfo
    status      text   NOT NULL CHECK (status IN ('active', 'removed')),
    at          bigint NOT NULL
);

-- The bank's secrets, each sealed to one processor's unwrapping key: decryption keys, and the key
-- under which session keys are stored.
CREATE TABLE bank.wrapped_key (
    processor bytea  NOT NULL REFERENCES bank.processor,
    purpose   text   NOT NULL CHECK (purpose IN ('decryption', 'storage')),
    kid       text   NOT NULL,
    body      text   NOT NULL, -- compact JWE
    at        bigint NOT NULL,
    PRIMARY KEY (processor, purpose, kid)
);
CALL bank.keep_for_ever('bank.wrapped_key');

-- The other banks, as the authority licensed them.
CREATE TABLE bank.peer (
    bic            text   PRIMARY KEY,
    name           text   NOT NULL,
    iban_prefix    text   NOT NULL UNIQUE,
    settlement_cap bigint NOT NULL CHECK (settlement_cap > 0),
    licence        bytea  NOT NULL,
    mirror         bigint NOT NULL UNIQUE, -- the account of kind mirror
    status         text   NOT NULL CHECK (status IN ('active', 'suspended')),
    at             bigint NOT NULL
);
