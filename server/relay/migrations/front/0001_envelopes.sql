-- The front: customers' sealed messages in and out, and mailboxes. Nothing in here can be read
-- without a key that this node does not have.
--
-- Roles are group roles without login; whoever comes in gets a login role of his own in one of them.
-- They belong to the instance, so they may be there already.
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['relay_owner', 'edge', 'processor'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', name);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN
      NULL;
    END;
  END LOOP;
  EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO edge, processor', current_database());
END
$$;
REVOKE ALL ON SCHEMA public FROM PUBLIC;

-- The owner of everything below cannot log in and is no superuser: a function that runs with its
-- rights reaches this schema and nothing else.
CREATE SCHEMA front AUTHORIZATION relay_owner;
GRANT USAGE ON SCHEMA front TO edge, processor;
SET LOCAL ROLE relay_owner;

-- Sealed messages to the bank. The id is the SHA-256 of the text: the same envelope has one row.
CREATE TABLE front.envelope_in (
  id bytea PRIMARY KEY CHECK (octet_length(id) = 32),
  body text NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 65536),
  at timestamptz NOT NULL DEFAULT now()
);

-- What no processor has finished yet, in the order of arrival. Rows are locked (which needs the
-- right to update) and deleted, so they stand apart from the envelopes, which nobody may change.
-- Only the trigger below fills it, so no foreign key has to be checked row by row.
CREATE TABLE front.waiting (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

-- One row per mailbox. Its lock is held while messages are numbered, so numbers are given in the
-- order of commit and a reader of "after n" never misses one.
CREATE TABLE front.mailbox (
  thumbprint text PRIMARY KEY CHECK (thumbprint ~ '^[A-Za-z0-9_-]{43}$'),
  last_n bigint NOT NULL DEFAULT 0
);

-- Sealed messages to devices. Answers expire; orders' receipts and notices do not. The unique key is
-- the order of reading: one index range scan per page.
CREATE TABLE front.envelope_out (
  id bytea PRIMARY KEY CHECK (octet_length(id) = 32),
  mailbox text NOT NULL,
  n bigint NOT NULL CHECK (n > 0),
  body text NOT NULL CHECK (octet_length(body) BETWEEN 1 AND 65536),
  at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz,
  UNIQUE (mailbox, n)
);
CREATE INDEX envelope_out_expiry ON front.envelope_out (expires_at) WHERE expires_at IS NOT NULL;

-- Envelopes never change, whoever asks. Only an answer that has expired may go.
CREATE FUNCTION front.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'CSI01';
END
$$;

CREATE FUNCTION front.refuse_early_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.expires_at < now() THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'rows of % are never deleted before they expire', TG_TABLE_NAME
    USING ERRCODE = 'CSI01';
END
$$;

CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON front.envelope_in
  FOR EACH ROW EXECUTE FUNCTION front.refuse_change();
CREATE TRIGGER not_emptied BEFORE TRUNCATE ON front.envelope_in
  FOR EACH STATEMENT EXECUTE FUNCTION front.refuse_change();
CREATE TRIGGER immutable BEFORE UPDATE ON front.envelope_out
  FOR EACH ROW EXECUTE FUNCTION front.refuse_change();
CREATE TRIGGER kept BEFORE DELETE ON front.envelope_out
  FOR EACH ROW EXECUTE FUNCTION front.refuse_early_delete();
CREATE TRIGGER not_emptied BEFORE TRUNCATE ON front.envelope_out
  FOR EACH STATEMENT EXECUTE FUNCTION front.refuse_change();
ALTER TABLE front.envelope_in ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE front.envelope_in ENABLE ALWAYS TRIGGER not_emptied;
ALTER TABLE front.envelope_out ENABLE ALWAYS TRIGGER immutable;
ALTER TABLE front.envelope_out ENABLE ALWAYS TRIGGER kept;
ALTER TABLE front.envelope_out ENABLE ALWAYS TRIGGER not_emptied;

-- What comes in waits, and one notification per statement wakes the processors.
CREATE FUNCTION front.let_wait() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO front.waiting (id) SELECT id FROM arrived;
  IF FOUND THEN
    PERFORM pg_notify('intake', '');
  END IF;
  RETURN NULL;
END
$$;

CREATE TRIGGER intake AFTER INSERT ON front.envelope_in
  REFERENCING NEW TABLE AS arrived
  FOR EACH STATEMENT EXECUTE FUNCTION front.let_wait();

-- The edge stores envelopes. The ids are computed here, so an edge cannot name what it stores; the
-- answer gives them in the order of the envelopes. Known envelopes are left as they are. (Plans are made
-- anew for each call: one that was kept from when the tables were empty reads the whole of them.)
CREATE FUNCTION front.store_envelopes(p_body text[]) RETURNS SETOF bytea
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
BEGIN
  IF EXISTS (SELECT FROM unnest(p_body) b WHERE octet_length(b) NOT BETWEEN 1 AND 65536) THEN
    RAISE EXCEPTION 'an envelope is empty or too large' USING ERRCODE = 'CSE01';
  END IF;
  -- Sorted, so that two edges with the same envelopes do not wait for each other in a circle.
  INSERT INTO front.envelope_in (id, body)
  SELECT DISTINCT ON (id) sha256(convert_to(b, 'UTF8')) AS id, b FROM unnest(p_body) b ORDER BY id
  ON CONFLICT (id) DO NOTHING;
  RETURN QUERY SELECT sha256(convert_to(b, 'UTF8'))
    FROM unnest(p_body) WITH ORDINALITY i (b, k) ORDER BY k;
END
$$;

-- A processor publishes sealed messages (expiry in seconds since 1970, or null). Mailboxes are locked in the order of their names, so two
-- processors never wait for each other in a circle. Repeating what was published changes nothing;
-- an id that stands for another message is refused.
CREATE FUNCTION front.publish(
  p_id bytea[], p_mailbox text[], p_body text[], p_expires_at bigint[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  published bigint;
  woken bigint;
BEGIN
  INSERT INTO front.mailbox (thumbprint)
  SELECT DISTINCT m FROM unnest(p_mailbox) m ORDER BY m
  ON CONFLICT (thumbprint) DO NOTHING;
  PERFORM FROM front.mailbox WHERE thumbprint = ANY (p_mailbox) ORDER BY thumbprint FOR UPDATE;
  -- Further mailboxes of these ids are not locked: one id for two of them is a fault all the same.
  IF EXISTS (
    SELECT FROM unnest(p_id, p_mailbox, p_body) i (id, mailbox, body)
    JOIN front.envelope_out e USING (id)
    WHERE (e.mailbox, e.body) IS DISTINCT FROM (i.mailbox, i.body)
  ) THEN
    RAISE EXCEPTION 'an id stands for another message' USING ERRCODE = 'CSD01';
  END IF;
  WITH fresh AS (
    SELECT i.id, i.mailbox, i.body, to_timestamp(i.expires_at) AS expires_at,
           row_number() OVER (PARTITION BY i.mailbox ORDER BY i.k) AS place
    FROM unnest(p_id, p_mailbox, p_body, p_expires_at) WITH ORDINALITY
      i (id, mailbox, body, expires_at, k)
    WHERE NOT EXISTS (SELECT FROM front.envelope_out e WHERE e.id = i.id)
  ), placed AS (
    INSERT INTO front.envelope_out (id, mailbox, n, body, expires_at)
    SELECT f.id, f.mailbox, m.last_n + f.place, f.body, f.expires_at
    FROM fresh f JOIN front.mailbox m ON m.thumbprint = f.mailbox
    RETURNING mailbox, n
  ), counted AS (
    UPDATE front.mailbox m SET last_n = l.n
    FROM (SELECT mailbox, max(n) AS n FROM placed GROUP BY mailbox) l
    WHERE m.thumbprint = l.mailbox
    RETURNING m.thumbprint
  )
  SELECT (SELECT count(*) FROM placed),
         (SELECT count(pg_notify('mail', front.mail_key(thumbprint))) FROM counted)
  INTO published, woken;
  RETURN published;
END
$$;

-- What a notification calls a mailbox: whoever listens learns nothing of mailboxes that he does not
-- know already.
CREATE FUNCTION front.mail_key(p_thumbprint text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
  SELECT encode(sha256(convert_to(p_thumbprint, 'UTF8')), 'hex')
$$;

RESET ROLE;
