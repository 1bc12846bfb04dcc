-- Least privilege. Nobody but the owner of the schema (operators, by the local socket) has more.

-- Processors read everything, add what happened, and change projections, column by column.
GRANT SELECT ON ALL TABLES IN SCHEMA bank TO processor;
GRANT USAGE ON SEQUENCE bank.posting_id TO processor;
GRANT EXECUTE ON FUNCTION bank.admit_peer TO processor;
GRANT INSERT ON bank.inbox, bank.customer_order, bank.receipt, bank.answer, bank.quarantine, bank.fault,
    bank.posting, bank.entry, bank.hold, bank.payment_out, bank.payment_in, bank.link_item, bank.outbox,
    bank.alarm, bank.device, bank.session, bank.certificate_request, bank.certificate, bank.key_set,
    bank.wrapped_key TO processor;
GRANT UPDATE (booked, held, awaited, entries) ON bank.account TO processor;
GRANT UPDATE (status, ended_at) ON bank.hold TO processor;
GRANT UPDATE (status, answer, decided_at, enquired_at, enquiries) ON bank.payment_out TO processor;
GRANT UPDATE (tries, used_by) ON bank.slip TO processor;
GRANT UPDATE (status, nonce, enrolled, active_at) ON bank.device TO processor;
GRANT UPDATE (status) ON bank.certificate_request TO processor;
GRANT UPDATE (used, ended_at) ON bank.session TO processor;
GRANT UPDATE (last_seq, last_hash, acked_seq, acked_at) ON bank.link TO processor;
GRANT UPDATE (told) ON bank.revocation TO processor;
GRANT DELETE ON bank.outbox TO processor;
-- A row lock needs the right to update some column of the row, even one that is never written.
GRANT UPDATE (target) ON bank.outbox TO processor;

-- The registrar reads requests, and writes certificates and that a request is fulfilled.
GRANT SELECT ON bank.institution, bank.certificate, bank.certificate_request TO registrar;
GRANT INSERT ON bank.certificate TO registrar;
GRANT UPDATE (status, signing_certificate, encryption_certificate) ON bank.certificate_request TO registrar;
