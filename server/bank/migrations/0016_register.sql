-- The authority's register, as far as it has come here. Whether an entry counts is judged by its
-- signatures and its place in the chain whenever it is read, never by its being here: whoever can write
-- into this database can put rows beside the true ones, and so each number may have several.
CREATE TABLE bank.register_entry (
    number bigint NOT NULL CHECK (number > 0),
    digest bytea  NOT NULL CHECK (length(digest) = 32), -- SHA-256 of body
    body   text   NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 65537),
    at     bigint NOT NULL,
    PRIMARY KEY (number, digest)
);
CALL bank.keep_for_ever('bank.register_entry');

-- The newest head that says of the register what stands here: one row, the signed text.
CREATE TABLE bank.register_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    jws text    NOT NULL,
    at  bigint  NOT NULL -- when the authority signed it
);
GRANT SELECT, INSERT ON bank.register_entry, bank.register_head TO processor;
GRANT UPDATE (jws, at) ON bank.register_head TO processor;

-- Which payment an item asks for: a revocation names the last items that count.
ALTER TABLE bank.link_item ADD COLUMN payment bytea CHECK (length(payment) = 16);
CREATE INDEX link_item_payment ON bank.link_item (payment) WHERE payment IS NOT NULL;

-- A payment whose bank was revoked before it answered: the number of the register's entry. What was set
-- aside stays so until the authority decides.
ALTER TABLE bank.payment_out ADD COLUMN suspense bigint;
GRANT UPDATE (suspense) ON bank.payment_out TO processor;
CREATE INDEX payment_out_request ON bank.payment_out (request_digest) WHERE status = 'sent';

-- A peer has a new licence: its terms are those of the newest one. A function, because processors
-- change no account's bounds otherwise.
CREATE FUNCTION bank.relicense_peer(peer_bic text, cap bigint, der bytea)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE bank.peer SET settlement_cap = cap, licence = der WHERE bic = peer_bic;
    UPDATE bank.account SET floor = -cap
        FROM bank.peer WHERE peer.bic = peer_bic AND account.id = peer.mirror;
END $$;
REVOKE ALL ON FUNCTION bank.relicense_peer FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bank.relicense_peer TO processor;
