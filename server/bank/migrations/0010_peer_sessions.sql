-- Sessions with other banks: symmetric keys shared with one bank, sealed under the storage key, so
-- that any of our processors may use what one of them has opened.
--
-- Lock order: these rows come after the outbound rows of `link`, by id.
CREATE TABLE bank.peer_session (
    id          bytea   PRIMARY KEY CHECK (length(id) = 16),
    peer        text    NOT NULL REFERENCES bank.peer,
    ours        boolean NOT NULL, -- whether we have opened it
    keys        bytea,            -- nonce, then AES-256-GCM of both keys; none once they were wiped
    opened_at   bigint  NOT NULL,
    answered_at bigint,           -- since when we may seal in it; for ours, when the answer came
    valid_until bigint  NOT NULL, -- nothing is sealed in it afterwards
    sent        bigint  NOT NULL DEFAULT 0,
    received    bigint  NOT NULL DEFAULT 0,
    used_max    bigint  NOT NULL CHECK (used_max > 0), -- in each direction
    ended_at    bigint
) WITH (fillfactor = 50);
-- The newest sessions of a bank, to seal to.
CREATE INDEX peer_session_newest ON bank.peer_session (peer, opened_at DESC);

-- Items of ours whose session the other bank could not use, sealed again: each at most once.
CREATE TABLE bank.sealed_again (
    party text    NOT NULL,
    epoch integer NOT NULL,
    seq   bigint  NOT NULL,
    at    bigint  NOT NULL,
    PRIMARY KEY (party, epoch, seq)
);
CALL bank.keep_for_ever('bank.sealed_again');

GRANT SELECT, INSERT ON bank.peer_session, bank.sealed_again TO processor;
GRANT UPDATE (keys, answered_at, valid_until, sent, received, used_max, ended_at) ON bank.peer_session
    TO processor;
