-- Operators have keys of their own, and two of them lay down limits and fees.
--
-- Who is an operator stands in `certificate` (role `operator`). None of these rows is believed for
-- standing here: readers check signatures and chain, ignore what does not hold, and raise an alarm.
-- Whoever adds a row holds the advisory lock `bank.parameter_record`.
--
-- In the lock order of 0001, `customer_day` rows come after `payment_out` and before `account` rows,
-- by customer.

-- Signed by the bank CA: an operator's signature counts on no later version.
CREATE TABLE bank.operator_removal (
    id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    jws text   NOT NULL,
    at  bigint NOT NULL
);
CALL bank.keep_for_ever('bank.operator_removal');

-- Versions of the parameters (`parameters`) and approvals (`parameters-approval`), as signed.
CREATE TABLE bank.parameter_record (
    id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    jws text   NOT NULL,
    at  bigint NOT NULL
);
CALL bank.keep_for_ever('bank.parameter_record');
CREATE TRIGGER wake AFTER INSERT ON bank.parameter_record
    FOR EACH STATEMENT EXECUTE FUNCTION bank.wake_processor();

-- What a customer has paid in a day (counted in UTC from 1970-01-01) under limits. A projection; its
-- rows are what two processors wait for each other at.
CREATE TABLE bank.customer_day (
    customer bigint  NOT NULL,
    currency text    NOT NULL,
    day      integer NOT NULL,
    paid     bigint  NOT NULL DEFAULT 0 CHECK (paid >= 0),
    PRIMARY KEY (customer, currency, day)
) WITH (fillfactor = 50);

-- The version that an order was decided under; 0 for none.
ALTER TABLE bank.receipt ADD COLUMN parameters bigint NOT NULL DEFAULT 0 CHECK (parameters >= 0);
ALTER TABLE bank.payment_out
    ADD COLUMN parameters  bigint NOT NULL DEFAULT 0 CHECK (parameters >= 0),
    ADD COLUMN booking_day integer;
-- What came back on a day does not count towards that day's limit.
CREATE INDEX payment_out_rejected ON bank.payment_out (customer, sent_at) WHERE status = 'rejected';

-- Fees: taken in the payment's own posting, as two entries more, into an account of the bank.
ALTER TABLE bank.account
    DROP CONSTRAINT account_kind_check,
    ADD CONSTRAINT account_kind_check CHECK (kind IN ('customer', 'mirror', 'vault', 'fees'));
CREATE UNIQUE INDEX account_fees ON bank.account (currency) WHERE kind = 'fees';
INSERT INTO bank.account (kind, label, currency, floor, at)
    SELECT 'fees', 'Fees', currency, 0, founded_at FROM bank.institution;
ALTER TABLE bank.posting ADD COLUMN fee bigint NOT NULL DEFAULT 0 CHECK (fee >= 0);
ALTER TABLE bank.entry ADD COLUMN fee boolean NOT NULL DEFAULT false;
ALTER TABLE bank.hold
    ADD COLUMN fee    bigint NOT NULL DEFAULT 0 CHECK (fee >= 0),
    ADD COLUMN income bigint, -- the account that the fee goes to
    ADD CHECK ((fee > 0) = (income IS NOT NULL));

CREATE OR REPLACE FUNCTION bank.check_hold() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'open' OR NEW.status = 'open' OR (NEW.payment, NEW.debtor, NEW.mirror,
        NEW.amount, NEW.currency, NEW.at, NEW.fee, NEW.income) IS DISTINCT FROM (OLD.payment,
        OLD.debtor, OLD.mirror, OLD.amount, OLD.currency, OLD.at, OLD.fee, OLD.income)
    THEN
        RAISE EXCEPTION 'a hold ends once and does not change'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'hold_once';
    END IF;
    RETURN NEW;
END $$;

GRANT SELECT ON bank.operator_removal, bank.parameter_record, bank.customer_day TO processor;
GRANT INSERT, UPDATE (paid) ON bank.customer_day TO processor;

-- A line of a statement. A fee is a line of its own, taken by the bank.
CREATE OR REPLACE VIEW bank.statement_line AS
    SELECT e.account, a.customer, a.iban, e.n, e.posting, e.amount, e.balance_after, p.currency,
           p.payment, p.remittance, p.at, p.debtor_iban, p.creditor_name, p.creditor_iban,
           CASE WHEN e.fee THEN (SELECT name FROM bank.institution)
                WHEN e.amount < 0 THEN p.creditor_name ELSE p.debtor_name END AS counterparty_name,
           CASE WHEN e.fee THEN NULL
                WHEN e.amount < 0 THEN p.creditor_iban ELSE p.debtor_iban END AS counterparty_iban,
           e.fee
    FROM bank.entry e
    JOIN bank.account a ON a.id = e.account
    JOIN bank.posting p ON p.id = e.posting;

-- The fees that were taken, by what they were taken for: compared with what was laid down.
CREATE VIEW bank.fee_taken AS
    SELECT r.parameters, p.kind = 'outgoing' AS outside, p.currency, p.fee, count(*) AS payments
    FROM bank.receipt r JOIN bank.posting p ON p.id = r.posting
    GROUP BY 1, 2, 3, 4;

-- What the books say that should not be, now with fees and what was paid in a day.
CREATE OR REPLACE VIEW bank.audit_finding AS
    SELECT 'posting does not sum to zero' AS finding, posting::text AS subject
        FROM bank.entry GROUP BY posting HAVING sum(amount) <> 0
    UNION ALL
    SELECT 'posting without entries', p.id::text FROM bank.posting p
        WHERE NOT EXISTS (SELECT FROM bank.entry e WHERE e.posting = p.id)
    UNION ALL
    SELECT 'entry without posting or in another currency', e.account || '/' || e.n FROM bank.entry e
        LEFT JOIN bank.posting p ON p.id = e.posting LEFT JOIN bank.account a ON a.id = e.account
        WHERE p.id IS NULL OR a.id IS NULL OR a.currency <> p.currency
    UNION ALL
    SELECT 'entries not dense or balance after an entry wrong', account || '/' || n FROM (
        SELECT account, n, amount, balance_after,
               row_number() OVER w AS place, sum(amount) OVER w AS total
        FROM bank.entry WINDOW w AS (PARTITION BY account ORDER BY n)) line
        WHERE place <> n OR total <> balance_after
    UNION ALL
    SELECT 'balance is not the sum of the entries', a.id::text FROM bank.account a
        LEFT JOIN (SELECT account, sum(amount) AS total, count(*) AS lines FROM bank.entry GROUP BY account) e
            ON e.account = a.id
        WHERE a.booked <> coalesce(e.total, 0) OR a.entries <> coalesce(e.lines, 0)
    UNION ALL
    SELECT 'held is not the sum of the open holds', a.id::text FROM bank.account a
        LEFT JOIN (SELECT debtor, sum(amount + fee) AS total FROM bank.hold WHERE status = 'open' GROUP BY debtor) h
            ON h.debtor = a.id
        WHERE a.held <> coalesce(h.total, 0)
    UNION ALL
    SELECT 'awaited is not the sum of the open holds', a.id::text FROM bank.account a
        LEFT JOIN (SELECT mirror, sum(amount) AS total FROM bank.hold WHERE status = 'open' GROUP BY mirror) h
            ON h.mirror = a.id
        WHERE a.awaited <> coalesce(h.total, 0)
    UNION ALL
    SELECT 'currency does not sum to zero', currency FROM bank.account
        GROUP BY currency HAVING sum(booked) <> 0
    UNION ALL
    SELECT 'order without receipt and not on its way', encode(o.message_id, 'hex') FROM bank.customer_order o
        LEFT JOIN bank.receipt r ON r.digest = o.digest
        LEFT JOIN bank.payment_out p ON p.payment = o.message_id
        WHERE r.digest IS NULL AND p.status IS DISTINCT FROM 'sent'
    UNION ALL
    SELECT 'order in the inbox without order or receipt', encode(i.message_id, 'hex') FROM bank.inbox i
        WHERE i.kind = 'pain.001'
          AND NOT EXISTS (SELECT FROM bank.customer_order o WHERE o.digest = i.digest)
          AND NOT EXISTS (SELECT FROM bank.receipt r WHERE r.digest = i.digest)
    UNION ALL
    SELECT 'order that never came in', encode(o.message_id, 'hex') FROM bank.customer_order o
        LEFT JOIN bank.inbox i ON i.signer = o.signer AND i.message_id = o.message_id AND i.digest = o.digest
        WHERE i.digest IS NULL
    UNION ALL
    SELECT 'receipt names a posting that does not fit its order', encode(r.message_id, 'hex') FROM bank.receipt r
        JOIN bank.customer_order o ON o.digest = r.digest
        LEFT JOIN bank.posting p ON p.id = r.posting AND p.payment = o.message_id AND p.amount = o.amount
            AND p.currency = o.currency AND p.debtor_iban = o.debtor_iban AND p.creditor_iban = o.creditor_iban
        WHERE r.posting IS NOT NULL AND p.id IS NULL
    UNION ALL
    SELECT 'payment booked twice', encode(payment, 'hex') FROM bank.posting
        WHERE payment IS NOT NULL GROUP BY payment, kind HAVING count(*) > 1
    UNION ALL
    SELECT 'hold does not fit its payment', encode(h.payment, 'hex') FROM bank.hold h
        LEFT JOIN bank.payment_out p ON p.payment = h.payment
        WHERE (h.status, p.status) NOT IN (('open', 'sent'), ('booked', 'accepted'), ('released', 'rejected'))
           OR p.payment IS NULL
    UNION ALL
    SELECT 'accepted payment without its posting', encode(p.payment, 'hex') FROM bank.payment_in p
        LEFT JOIN bank.posting b ON b.id = p.posting AND b.payment = p.payment
        WHERE p.posting IS NOT NULL AND b.id IS NULL
    UNION ALL
    SELECT 'fee of a posting is not what its entries say', p.id::text FROM bank.posting p
        LEFT JOIN (SELECT e.posting, sum(e.amount) FILTER (WHERE a.kind = 'fees') AS taken,
                       sum(e.amount) FILTER (WHERE a.kind <> 'fees' AND e.fee) AS paid
                   FROM bank.entry e JOIN bank.account a ON a.id = e.account GROUP BY e.posting) f
            ON f.posting = p.id
        WHERE p.fee <> coalesce(f.taken, 0) OR p.fee <> -coalesce(f.paid, 0)
    UNION ALL
    SELECT 'fee of a payment is not what was set aside for it', encode(h.payment, 'hex') FROM bank.hold h
        JOIN bank.posting p ON p.payment = h.payment AND p.kind = 'outgoing'
        WHERE p.fee <> h.fee
    UNION ALL
    SELECT 'what a customer has paid in a day does not fit the orders', d.customer || ' on day ' || d.day
        FROM bank.customer_day d
        LEFT JOIN (
            SELECT o.customer, o.currency, o.at / 86400 AS day, sum(o.amount) AS total
            FROM bank.customer_order o
            LEFT JOIN bank.payment_out p ON p.payment = o.message_id
            LEFT JOIN bank.receipt r ON r.digest = o.digest
            WHERE p.parameters > 0 OR (r.posting IS NOT NULL AND r.parameters > 0)
            GROUP BY 1, 2, 3) o
            ON o.customer = d.customer AND o.currency = d.currency AND o.day = d.day
        WHERE d.paid <> coalesce(o.total, 0);
