-- Processing servers come and go. A new one is admitted by the request that it has signed itself; one
-- that was removed signs for the bank no more, and what it has signed before counts only beside an
-- attestation of another.
ALTER TABLE bank.processor
    ADD COLUMN request    text,   -- compact JWS; none for those the bank was founded with
    ADD COLUMN removed_at bigint,
    ADD COLUMN reason     text;

-- What other banks stand by although a processor had signed it that they have removed since: the
-- attestations that came over their links, by the digest of the attested message.
CREATE TABLE bank.attested (
    party    text   NOT NULL,
    attested bytea  NOT NULL CHECK (length(attested) = 32),
    jws      text   NOT NULL,
    at       bigint NOT NULL,
    PRIMARY KEY (party, attested)
);
CALL bank.keep_for_ever('bank.attested');
GRANT SELECT, INSERT ON bank.attested TO processor;

-- The registrar certifies nobody who was removed.
GRANT SELECT ON bank.processor TO registrar;
