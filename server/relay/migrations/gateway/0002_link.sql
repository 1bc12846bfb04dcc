-- One table per direction, each with one writer. Both are insert-only for ever: what was said stays
-- said. The sequence is dense and chained by hashes within an epoch; cores give the numbers. The time
-- is each end's own and does not travel.
SET LOCAL ROLE relay_owner;

CREATE TABLE link.from_{own} (
  epoch integer NOT NULL CHECK (epoch > 0),
  seq bigint NOT NULL CHECK (seq > 0),
  prev bytea NOT NULL CHECK (octet_length(prev) = 32),
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  kind text NOT NULL,
  body bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (epoch, seq)
);
CREATE TABLE link.from_{peer} (LIKE link.from_{own} INCLUDING ALL);

-- Acknowledgements stand outside the sequence. The id is the SHA-256 of the text.
CREATE TABLE link.ack_from_{own} (
  id bytea PRIMARY KEY CHECK (octet_length(id) = 32),
  body text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE link.ack_from_{peer} (LIKE link.ack_from_{own} INCLUDING ALL);

-- The same names on every gateway, so that the programs' SQL is the same for all parties.
CREATE VIEW link.outbound AS SELECT epoch, seq, prev, hash, kind, body, at FROM link.from_{own};
CREATE VIEW link.inbound AS SELECT epoch, seq, prev, hash, kind, body, at FROM link.from_{peer};
CREATE VIEW link.ack_outbound AS SELECT id, body, at FROM link.ack_from_{own};
CREATE VIEW link.ack_inbound AS SELECT id, body, at FROM link.ack_from_{peer};

-- What our processors have not finished yet. Only the triggers below fill these.
CREATE TABLE link.waiting (
  epoch integer NOT NULL,
  seq bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (epoch, seq)
);
CREATE TABLE link.waiting_ack (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

-- Whoever holds the lock on this one row takes in items: they are a sequence, so it is one at a time.
CREATE TABLE link.turn (one boolean PRIMARY KEY DEFAULT true CHECK (one));
INSERT INTO link.turn DEFAULT VALUES;

-- What should never happen and did. Not replicated. The same thing is written once, and a flood of
-- different things stops at a thousand rows: by then somebody has to look.
CREATE TABLE link.alarm (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  source text NOT NULL,
  reason text NOT NULL,
  epoch integer,
  seq bigint,
  digest bytea,
  UNIQUE NULLS NOT DISTINCT (source, reason, epoch, seq, digest)
);

CREATE FUNCTION link.raise_alarm(
  p_source text, p_reason text, p_epoch integer, p_seq bigint, p_digest bytea
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (SELECT count(*) FROM link.alarm) < 1000 THEN
    INSERT INTO link.alarm (source, reason, epoch, seq, digest)
    VALUES (p_source, p_reason, p_epoch, p_seq, p_digest)
    ON CONFLICT DO NOTHING;
    PERFORM pg_notify('alarm', '');
  END IF;
END
$$;

-- The hash of an item: SHA-256(prev, epoch, seq, kind, 0, SHA-256(body)), as `relay::link::chain`.
CREATE FUNCTION link.chain_hash(
  p_prev bytea, p_epoch integer, p_seq bigint, p_kind text, p_body bytea
) RETURNS bytea
LANGUAGE sql IMMUTABLE STRICT SET search_path = pg_catalog, pg_temp AS $$
  SELECT sha256(p_prev || int4send(p_epoch) || int8send(p_seq) || convert_to(p_kind, 'UTF8')
    || '\x00'::bytea || sha256(p_body))
$$;

-- Why an item cannot stand in a link, or null when it can.
CREATE FUNCTION link.fault_of(
  p_epoch integer, p_seq bigint, p_prev bytea, p_hash bytea, p_kind text, p_body bytea
) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
  SELECT CASE
    WHEN num_nulls(p_epoch, p_seq, p_prev, p_hash, p_kind, p_body) > 0 THEN 'incomplete'
    WHEN p_epoch < 1 OR p_seq < 1 THEN 'numbered below one'
    WHEN octet_length(p_body) NOT BETWEEN 1 AND 65536 THEN 'empty or too large'
    WHEN p_kind !~ '^[a-z-]{1,40}$' THEN 'of no readable kind'
    WHEN octet_length(p_prev) <> 32 OR octet_length(p_hash) <> 32
      OR p_hash <> link.chain_hash(p_prev, p_epoch, p_seq, p_kind, p_body) THEN 'wrongly hashed'
  END
$$;

-- Nothing in the four tables is ever changed, by nobody.
CREATE FUNCTION link.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'CSI01';
END
$$;
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['from_{own}', 'from_{peer}', 'ack_from_{own}', 'ack_from_{peer}'] LOOP
    EXECUTE format('CREATE TRIGGER immutable BEFORE UPDATE OR DELETE ON link.%I
      FOR EACH ROW EXECUTE FUNCTION link.refuse_change()', name);
    EXECUTE format('CREATE TRIGGER not_emptied BEFORE TRUNCATE ON link.%I
      FOR EACH STATEMENT EXECUTE FUNCTION link.refuse_change()', name);
    EXECUTE format('ALTER TABLE link.%I ENABLE ALWAYS TRIGGER immutable', name);
    EXECUTE format('ALTER TABLE link.%I ENABLE ALWAYS TRIGGER not_emptied', name);
  END LOOP;
END
$$;

RESET ROLE;
