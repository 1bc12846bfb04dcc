-- How far the link to each bank has come. What is sent are the licences, in their order; here stands up
-- to where the bank has confirmed them, and the end of what was taken from it.
CREATE TABLE authority.link (
    bank      text    PRIMARY KEY CHECK (bank ~ '^[A-Z0-9]{8}([A-Z0-9]{3})?$'),
    acked_seq bigint  NOT NULL DEFAULT 0 CHECK (acked_seq >= 0),
    acked_at  timestamptz,
    in_seq    bigint  NOT NULL DEFAULT 0 CHECK (in_seq >= 0),
    in_hash   bytea   NOT NULL CHECK (octet_length(in_hash) = 32)
);

-- The certificates that banks have shown: of their processor CAs, and of the processors that sign their
-- acknowledgements. Each chain was checked up to the root before.
CREATE TABLE authority.certificate (
    bank        text  NOT NULL REFERENCES authority.link,
    subject     bytea NOT NULL CHECK (octet_length(subject) = 32), -- thumbprint of the key
    role        text  NOT NULL,
    certificate bytea NOT NULL CHECK (octet_length(certificate) BETWEEN 1 AND 16384),
    PRIMARY KEY (bank, subject, certificate)
);

GRANT SELECT, INSERT ON authority.link, authority.certificate TO authority;
GRANT UPDATE (acked_seq, acked_at, in_seq, in_hash) ON authority.link TO authority;
