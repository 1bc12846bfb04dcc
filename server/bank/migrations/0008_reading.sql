-- Views that put tables together for reading, so that each table keeps one owner in the code.

-- A line of a statement.
CREATE VIEW bank.statement_line AS
    SELECT e.account, a.customer, a.iban, e.n, e.posting, e.amount, e.balance_after, p.currency,
           p.payment, p.remittance, p.at, p.debtor_iban, p.creditor_name, p.creditor_iban,
           CASE WHEN e.amount < 0 THEN p.creditor_name ELSE p.debtor_name END AS counterparty_name,
           CASE WHEN e.amount < 0 THEN p.creditor_iban ELSE p.debtor_iban END AS counterparty_iban
    FROM bank.entry e
    JOIN bank.account a ON a.id = e.account
    JOIN bank.posting p ON p.id = e.posting;

-- A payment as its payer sees it.
CREATE VIEW bank.payment_made AS
    SELECT o.message_id, o.customer, o.debtor_iban, o.creditor_name, o.creditor_iban, o.amount,
           o.currency, o.remittance, o.at AS received_at, o.jws AS order_jws, out.sent_at,
           peer.name AS creditor_bank, out.status AS interbank, r.jws AS receipt_jws, r.at AS decided_at,
           r.code, r.posting
    FROM bank.customer_order o
    LEFT JOIN bank.payment_out out ON out.payment = o.message_id
    LEFT JOIN bank.peer peer ON peer.bic = out.peer
    LEFT JOIN bank.receipt r ON r.digest = o.digest;

-- What the books say that should not be: an empty view is a clean bill of health. Recomputes every
-- balance, hold, posting and answer from the rows that are for ever.
CREATE VIEW bank.audit_finding AS
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
        LEFT JOIN (SELECT debtor, sum(amount) AS total FROM bank.hold WHERE status = 'open' GROUP BY debtor) h
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
        WHERE p.posting IS NOT NULL AND b.id IS NULL;

-- Numbers for `status` and `audit`.
CREATE VIEW bank.figure AS
    SELECT 'customers' AS name, count(*) AS value FROM bank.customer
    UNION ALL SELECT 'accounts', count(*) FROM bank.account WHERE kind = 'customer'
    UNION ALL SELECT 'devices active', count(*) FROM bank.device WHERE status = 'active'
    UNION ALL SELECT 'devices revoked', count(*) FROM bank.device WHERE status = 'revoked'
    UNION ALL SELECT 'certificate requests open', count(*) FROM bank.certificate_request WHERE status <> 'told'
    UNION ALL SELECT 'orders', count(*) FROM bank.customer_order
    UNION ALL SELECT 'receipts booked', count(*) FROM bank.receipt WHERE posting IS NOT NULL
    UNION ALL SELECT 'receipts refused', count(*) FROM bank.receipt WHERE posting IS NULL
    UNION ALL SELECT 'postings', count(*) FROM bank.posting
    UNION ALL SELECT 'payments on their way', count(*) FROM bank.payment_out WHERE status = 'sent'
    UNION ALL SELECT 'payments received', count(*) FROM bank.payment_in WHERE posting IS NOT NULL
    UNION ALL SELECT 'peers', count(*) FROM bank.peer;
