-- Items of other parties that could not be read, as acknowledgements name them. `envelope` is the
-- row in the quarantine, where the same bytes lie once, whatever their numbers.
CREATE TABLE bank.unreadable (
    party    text    NOT NULL,
    epoch    integer NOT NULL,
    seq      bigint  NOT NULL CHECK (seq > 0),
    envelope bytea   NOT NULL CHECK (length(envelope) = 32),
    at       bigint  NOT NULL,
    PRIMARY KEY (party, epoch, seq)
);
CALL bank.keep_for_ever('bank.unreadable');
GRANT SELECT, INSERT ON bank.unreadable TO processor;
