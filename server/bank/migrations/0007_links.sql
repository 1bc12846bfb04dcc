-- The links to other parties, seen from the core: gateways can be lost and are refilled from here.

-- One row per party and direction. `last_*` is the end of the hash chain: assigned (out) or taken
-- (in). `acked_seq` is what the other side has confirmed (out), or what we have confirmed to it (in).
CREATE TABLE bank.link (
    party     text    NOT NULL,
    direction text    NOT NULL CHECK (direction IN ('out', 'in')),
    epoch     integer NOT NULL DEFAULT 1 CHECK (epoch > 0),
    last_seq  bigint  NOT NULL DEFAULT 0 CHECK (last_seq >= 0),
    last_hash bytea   NOT NULL CHECK (length(last_hash) = 32),
    acked_seq bigint  NOT NULL DEFAULT 0,
    acked_at  bigint,
    CHECK (acked_seq BETWEEN 0 AND last_seq),
    PRIMARY KEY (party, direction)
) WITH (fillfactor = 50);

-- What we have sent, as stored bytes.
CREATE TABLE bank.link_item (
    party text    NOT NULL,
    epoch integer NOT NULL,
    seq   bigint  NOT NULL CHECK (seq > 0),
    prev  bytea   NOT NULL CHECK (length(prev) = 32),
    hash  bytea   NOT NULL CHECK (length(hash) = 32),
    kind  text    NOT NULL,
    body  bytea   NOT NULL,
    at    bigint  NOT NULL,
    PRIMARY KEY (party, epoch, seq)
);
CALL bank.keep_for_ever('bank.link_item');

-- What has to be copied to a front or gateway after the commit. A row goes once its copy is
-- committed there; copying twice does no harm. For a gateway the row names the link item.
CREATE TABLE bank.outbox (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target     text   NOT NULL, -- 'front', or the party
    envelope   bytea,
    mailbox    bytea,
    body       text,
    expires_at bigint,
    epoch      integer,
    seq        bigint,
    CHECK (CASE WHEN target = 'front'
        THEN envelope IS NOT NULL AND mailbox IS NOT NULL AND body IS NOT NULL
        ELSE epoch IS NOT NULL AND seq IS NOT NULL END)
);
CREATE INDEX outbox_target ON bank.outbox (target, epoch, seq, id);

-- What a peer or the replication between us did that must not happen. Once per item and reason.
CREATE TABLE bank.alarm (
    id     bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    party  text    NOT NULL,
    epoch  integer NOT NULL,
    seq    bigint  NOT NULL,
    what   text    NOT NULL,
    detail text    NOT NULL,
    at     bigint  NOT NULL,
    UNIQUE (party, epoch, seq, what)
);
CALL bank.keep_for_ever('bank.alarm');

-- A licensed bank becomes a peer: its row, its mirror account and both directions of its link. A
-- function, so that a processor can make mirror accounts without being able to make others.
CREATE FUNCTION bank.admit_peer(
    peer_bic text, peer_name text, prefix text, cap bigint, der bytea,
    start_out bytea, start_in bytea, now_at bigint
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ours bank.institution;
    mirror_id bigint;
BEGIN
    SELECT * INTO ours FROM bank.institution;
    PERFORM pg_advisory_xact_lock(hashtextextended('bank.admit_peer', 0));
    IF peer_bic = ours.bic THEN
        RETURN false;
    END IF;
    IF EXISTS (SELECT FROM bank.peer WHERE bic = peer_bic) THEN
        RETURN false;
    END IF;
    -- What we owe it is bounded by our licence, what it owes us by its own.
    INSERT INTO bank.account (kind, label, currency, floor, ceiling, at)
        VALUES ('mirror', 'Mirror ' || peer_bic, ours.currency, -cap, ours.settlement_cap, now_at)
        RETURNING id INTO mirror_id;
    INSERT INTO bank.peer (bic, name, iban_prefix, settlement_cap, licence, mirror, status, at)
        VALUES (peer_bic, peer_name, prefix, cap, der, mirror_id, 'active', now_at);
    INSERT INTO bank.link (party, direction, last_hash)
        VALUES (lower(peer_bic), 'out', start_out), (lower(peer_bic), 'in', start_in);
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION bank.admit_peer FROM PUBLIC;
