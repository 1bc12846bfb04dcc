-- Public documents: what a device needs to know of its bank. Readers check each against the root
-- they have pinned, so an altered row is of no use to anybody.
SET LOCAL ROLE relay_owner;

-- The certificate of a signing key, with the CAs above it: DER, issuer after issued.
CREATE TABLE front.certificate (
  thumbprint text PRIMARY KEY CHECK (thumbprint ~ '^[A-Za-z0-9_-]{43}$'),
  chain bytea[] NOT NULL CHECK (cardinality(chain) BETWEEN 1 AND 8),
  at timestamptz NOT NULL DEFAULT now()
);

-- The bank's key sets, compact JWS. The highest number counts.
CREATE TABLE front.key_set (
  number bigint PRIMARY KEY CHECK (number > 0),
  jws text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

-- Further documents by name ("bank": name, certificates and edges of the bank), JSON.
CREATE TABLE front.bank_document (
  name text PRIMARY KEY CHECK (name ~ '^[a-z-]{1,40}$'),
  body text NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);

-- A renewed certificate of the same key takes the place of the old one.
CREATE FUNCTION front.publish_certificate(p_thumbprint text, p_chain bytea[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO front.certificate (thumbprint, chain) VALUES (p_thumbprint, p_chain)
  ON CONFLICT (thumbprint) DO UPDATE SET chain = EXCLUDED.chain, at = now()
  WHERE certificate.chain <> EXCLUDED.chain
$$;

-- A number stands for one key set for ever.
CREATE FUNCTION front.publish_key_set(p_number bigint, p_jws text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO front.key_set (number, jws) VALUES (p_number, p_jws)
  ON CONFLICT (number) DO NOTHING;
  IF NOT EXISTS (SELECT FROM front.key_set WHERE number = p_number AND jws = p_jws) THEN
    RAISE EXCEPTION 'the number stands for another key set' USING ERRCODE = 'CSD01';
  END IF;
END
$$;

CREATE FUNCTION front.publish_document(p_name text, p_body text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO front.bank_document (name, body) VALUES (p_name, p_body)
  ON CONFLICT (name) DO UPDATE SET body = EXCLUDED.body, at = now()
  WHERE bank_document.body <> EXCLUDED.body
$$;

-- One certificate by its exact name: there is no list.
CREATE FUNCTION front.certificate_of(p_thumbprint text) RETURNS bytea[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT chain FROM front.certificate WHERE thumbprint = p_thumbprint
$$;

CREATE FUNCTION front.newest_key_set() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT jws FROM front.key_set ORDER BY number DESC LIMIT 1
$$;

CREATE FUNCTION front.document(p_name text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT body FROM front.bank_document WHERE name = p_name
$$;

-- Functions may be called by everybody unless that is taken back. From here on it is a list.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA front FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  front.store_envelopes(text[]), front.put_challenge(bytea),
  front.open_mailbox(bytea, bytea, text, integer), front.check_session(bytea, text),
  front.read_mailbox(bytea, text, bigint, integer), front.close_mailbox(bytea),
  front.certificate_of(text), front.newest_key_set(), front.document(text)
TO edge;
GRANT EXECUTE ON FUNCTION
  front.publish(bytea[], text[], text[], bigint[]), front.revoke_device(text),
  front.prune(integer), front.publish_certificate(text, bytea[]),
  front.publish_key_set(bigint, text), front.publish_document(text, text)
TO processor;
GRANT SELECT ON front.envelope_in, front.envelope_out TO processor;
GRANT SELECT, UPDATE, DELETE ON front.waiting TO processor;

RESET ROLE;
