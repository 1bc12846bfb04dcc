-- Payments between banks: hold, ask, final signed answer, book or release.

-- Sent by us. `request` is the signed pacs.008, `answer` the other bank's signed pacs.002.
CREATE TABLE bank.payment_out (
    payment        bytea   PRIMARY KEY CHECK (length(payment) = 16),
    signer         bytea   NOT NULL, -- of the order
    order_digest   bytea   NOT NULL,
    customer       bigint  NOT NULL,
    peer           text    NOT NULL REFERENCES bank.peer,
    request_digest bytea   NOT NULL,
    request        text    NOT NULL,
    accept_until   bigint  NOT NULL,
    status         text    NOT NULL DEFAULT 'sent' CHECK (status IN ('sent', 'accepted', 'rejected')),
    answer         text,
    sent_at        bigint  NOT NULL,
    decided_at     bigint,
    enquired_at    bigint,
    enquiries      integer NOT NULL DEFAULT 0,
    CHECK ((status = 'sent') = (answer IS NULL))
);
-- What the other bank owes us an answer to.
CREATE INDEX payment_out_silent ON bank.payment_out (accept_until) WHERE status = 'sent';
CREATE INDEX payment_out_customer ON bank.payment_out (customer, sent_at DESC) WHERE status = 'sent';

-- Received by us, with the one answer that is given whenever it is asked for.
CREATE TABLE bank.payment_in (
    peer           text   NOT NULL REFERENCES bank.peer,
    payment        bytea  NOT NULL CHECK (length(payment) = 16),
    request_digest bytea  NOT NULL,
    request        text,           -- the pacs.008; none when only a pacs.028 was seen
    code           text,           -- why it was rejected
    posting        bigint,         -- where it was credited
    answer         text   NOT NULL,
    at             bigint NOT NULL,
    PRIMARY KEY (peer, payment),
    CHECK ((code IS NULL) = (posting IS NOT NULL))
);
CALL bank.keep_for_ever('bank.payment_in');
