-- The core of a bank: everything that only the bank itself may know. One instance per bank; no
-- outsider has a role on it, and no other node's credentials are stored in it.
--
-- Times are seconds since 1970 (the wire's NumericDate). Money is in integer minor units; positive
-- is what the bank owes. Identifiers of keys, digests and messages are raw bytes.
--
-- Lock order, the same in every transaction, so that two processors never wait for each other in a
-- circle:
--   1. the inbound row of `link` (only while a link's items are taken)
--   2. `inbox` keys, by (signer, message_id)
--   3. `slip`, `device`, `certificate_request` rows, by key
--   4. `payment_out` rows, by payment
--   5. `account` rows, by id, FOR NO KEY UPDATE
--   6. outbound rows of `link`, by party: last, since each holds up everybody who sends there
-- Foreign keys are left out where a batch writes thousands of rows: each would lock a row of its own.
-- What they would promise is checked per statement (see 0005) and by the audit.

CREATE SCHEMA bank;

-- `processor` is a group: each processor logs in under a role of its own that is in it. There is one
-- registrar. Roles belong to the instance, not to the database, so they may be there already.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'processor') THEN
        CREATE ROLE processor NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'registrar') THEN
        CREATE ROLE registrar LOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA bank TO processor, registrar;

-- What is written for ever. Fires for the owner and for superusers as well.
CREATE FUNCTION bank.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on bank.% is refused: its rows are for ever', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE PROCEDURE bank.keep_for_ever(named regclass) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER for_ever BEFORE UPDATE OR DELETE OR TRUNCATE ON %s '
        'FOR EACH STATEMENT EXECUTE FUNCTION bank.refuse_change()', named);
    EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER for_ever', named);
END $$;
