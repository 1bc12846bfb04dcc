-- Double entry. Rows are for ever; corrections are new postings.

CREATE SEQUENCE bank.posting_id;

-- A balanced set of entries, with what a statement says about it.
CREATE TABLE bank.posting (
    id            bigint PRIMARY KEY,
    kind          text   NOT NULL CHECK (kind IN ('payment', 'outgoing', 'incoming', 'deposit')),
    payment       bytea,           -- the order's id
    debtor_name   text   NOT NULL,
    debtor_iban   text,
    creditor_name text   NOT NULL,
    creditor_iban text,
    remittance    text   NOT NULL,
    amount        bigint NOT NULL CHECK (amount > 0),
    currency      text   NOT NULL,
    at            bigint NOT NULL
);
CREATE INDEX posting_payment ON bank.posting (payment) WHERE payment IS NOT NULL;
CALL bank.keep_for_ever('bank.posting');

-- One line on one account. The newest page of a statement is one backward scan of the key, at any
-- size.
CREATE TABLE bank.entry (
    account       bigint NOT NULL,
    n             bigint NOT NULL CHECK (n > 0),
    posting       bigint NOT NULL,
    amount        bigint NOT NULL CHECK (amount <> 0),
    balance_after bigint NOT NULL,
    PRIMARY KEY (account, n)
);
CALL bank.keep_for_ever('bank.entry');

-- The database as the second judge of what the ledger decided: per statement, over all new entries.
CREATE FUNCTION bank.check_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Every entry belongs to a posting made in this transaction, in its account's currency.
    IF EXISTS (
        SELECT FROM added
        LEFT JOIN bank.posting p ON p.id = added.posting AND p.xmin = pg_current_xact_id()::xid
        LEFT JOIN bank.account a ON a.id = added.account
        WHERE p.id IS NULL OR a.id IS NULL OR a.currency <> p.currency
    ) THEN
        RAISE EXCEPTION 'an entry has no new posting, no account, or another currency'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_belongs';
    END IF;
    IF EXISTS (SELECT FROM added GROUP BY posting HAVING sum(amount) <> 0) THEN
        RAISE EXCEPTION 'the entries of a posting do not sum to zero'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_zero_sum';
    END IF;
    -- Dense numbers, and each balance is the one before plus the amount.
    IF EXISTS (
        SELECT FROM (
            SELECT account, n, amount, balance_after,
                   lag(n) OVER w AS n_before, lag(balance_after) OVER w AS balance_before
            FROM added WINDOW w AS (PARTITION BY account ORDER BY n)
        ) line
        LEFT JOIN bank.entry e
               ON line.n_before IS NULL AND e.account = line.account AND e.n = line.n - 1
        WHERE line.n <> coalesce(line.n_before, e.n, 0) + 1
           OR line.balance_after <> coalesce(line.balance_before, e.balance_after, 0) + line.amount
    ) THEN
        RAISE EXCEPTION 'the entries of an account are not dense, or a balance is wrong'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_chain';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER check_entries AFTER INSERT ON bank.entry
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION bank.check_entries();

-- A booked balance is that of the newest entry, always: entries are written before the account is.
CREATE FUNCTION bank.check_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed
        LEFT JOIN bank.entry e ON e.account = changed.id AND e.n = changed.entries
        WHERE changed.booked <> coalesce(e.balance_after, 0)
           OR (changed.entries > 0 AND e.n IS NULL)
    ) THEN
        RAISE EXCEPTION 'a balance is not that of the newest entry'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_balance';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER check_balances AFTER UPDATE ON bank.account
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION bank.check_balances();

-- Money set aside for a payment in flight, until the other bank has answered.
CREATE TABLE bank.hold (
    payment  bytea  PRIMARY KEY CHECK (length(payment) = 16),
    debtor   bigint NOT NULL,
    mirror   bigint NOT NULL,
    amount   bigint NOT NULL CHECK (amount > 0),
    currency text   NOT NULL,
    status   text   NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'booked', 'released')),
    at       bigint NOT NULL,
    ended_at bigint,
    CHECK ((status = 'open') = (ended_at IS NULL))
);
CREATE INDEX hold_open ON bank.hold (debtor) WHERE status = 'open';

-- A hold ends once and is otherwise for ever.
CREATE FUNCTION bank.check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'open' OR NEW.status = 'open' OR (NEW.payment, NEW.debtor, NEW.mirror,
        NEW.amount, NEW.currency, NEW.at) IS DISTINCT FROM (OLD.payment, OLD.debtor, OLD.mirror,
        OLD.amount, OLD.currency, OLD.at)
    THEN
        RAISE EXCEPTION 'a hold ends once and does not change'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_once';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_hold BEFORE UPDATE ON bank.hold
    FOR EACH ROW EXECUTE FUNCTION bank.check_hold();
