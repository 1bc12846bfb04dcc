-- Who may read a mailbox: a device that has signed a challenge with the mailbox's key gets a session
-- for that one mailbox. The edges check the signature; the front keeps what must be shared by them.
SET LOCAL ROLE relay_owner;

-- Challenges that were given out, as SHA-256: good once, and for a minute. Losing them in a crash
-- costs a device one more question, so they are not logged.
CREATE UNLOGGED TABLE front.challenge (
  hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  until timestamptz NOT NULL
);
CREATE INDEX challenge_until ON front.challenge (until);

-- Sessions: the SHA-256 of the cookie, and the one mailbox it opens.
CREATE TABLE front.mailbox_session (
  hash bytea PRIMARY KEY CHECK (octet_length(hash) = 32),
  mailbox text NOT NULL CHECK (mailbox ~ '^[A-Za-z0-9_-]{43}$'),
  until timestamptz NOT NULL
);
CREATE INDEX mailbox_session_until ON front.mailbox_session (until);
CREATE INDEX mailbox_session_mailbox ON front.mailbox_session (mailbox);

-- Devices that may not come in any more. Never taken back: a new device has a new key.
CREATE TABLE front.device_revoked (
  thumbprint text PRIMARY KEY CHECK (thumbprint ~ '^[A-Za-z0-9_-]{43}$'),
  at timestamptz NOT NULL DEFAULT now()
);

CREATE FUNCTION front.put_challenge(p_hash bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO front.challenge (hash, until) VALUES (p_hash, now() + interval '60 seconds')
$$;

-- Uses up the challenge and opens a session of at most an hour.
CREATE FUNCTION front.open_mailbox(
  p_challenge bytea, p_session bytea, p_mailbox text, p_seconds integer
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  good boolean;
BEGIN
  DELETE FROM front.challenge WHERE hash = p_challenge RETURNING until >= now() INTO good;
  IF good IS NOT TRUE THEN
    RAISE EXCEPTION 'the challenge is unknown or used up' USING ERRCODE = 'CSM01';
  END IF;
  -- Waits for a revocation that is being written, and a revocation waits for this.
  PERFORM pg_advisory_xact_lock_shared(hashtextextended(p_mailbox, 0));
  IF EXISTS (SELECT FROM front.device_revoked WHERE thumbprint = p_mailbox) THEN
    RAISE EXCEPTION 'the device is revoked' USING ERRCODE = 'CSM04';
  END IF;
  INSERT INTO front.mailbox_session (hash, mailbox, until)
  VALUES (p_session, p_mailbox, now() + make_interval(secs => least(greatest(p_seconds, 1), 3600)));
END
$$;

-- Raises unless this session opens exactly this mailbox now.
CREATE FUNCTION front.check_session(p_session bytea, p_mailbox text) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  opened text;
BEGIN
  SELECT mailbox INTO opened FROM front.mailbox_session WHERE hash = p_session AND until >= now();
  IF NOT FOUND THEN
    RAISE EXCEPTION 'the session is unknown or over' USING ERRCODE = 'CSM02';
  END IF;
  IF opened IS DISTINCT FROM p_mailbox THEN
    RAISE EXCEPTION 'the session opens another mailbox' USING ERRCODE = 'CSM03';
  END IF;
  IF EXISTS (SELECT FROM front.device_revoked WHERE thumbprint = p_mailbox) THEN
    RAISE EXCEPTION 'the device is revoked' USING ERRCODE = 'CSM04';
  END IF;
END
$$;

-- A page of one mailbox. One row more than the 200 that a page may have says that there are more.
CREATE FUNCTION front.read_mailbox(
  p_session bytea, p_mailbox text, p_after bigint, p_limit integer
) RETURNS TABLE (n bigint, body text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM front.check_session(p_session, p_mailbox);
  RETURN QUERY
    SELECT e.n, e.body FROM front.envelope_out e
    WHERE e.mailbox = p_mailbox AND e.n > p_after
      AND (e.expires_at IS NULL OR e.expires_at >= now())
    ORDER BY e.n LIMIT least(greatest(p_limit, 1), 201);
END
$$;

CREATE FUNCTION front.close_mailbox(p_session bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  DELETE FROM front.mailbox_session WHERE hash = p_session
$$;

-- Ends the device's sessions at every edge and wakes those that hold a stream for it.
CREATE FUNCTION front.revoke_device(p_thumbprint text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_thumbprint, 0));
  INSERT INTO front.device_revoked (thumbprint) VALUES (p_thumbprint)
  ON CONFLICT (thumbprint) DO NOTHING;
  DELETE FROM front.mailbox_session WHERE mailbox = p_thumbprint;
  PERFORM pg_notify('mail', front.mail_key(p_thumbprint));
END
$$;

-- Removes what has expired, at most so many rows of each kind in one go.
CREATE FUNCTION front.prune(p_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  pruned bigint;
BEGIN
  DELETE FROM front.envelope_out WHERE id IN (
    SELECT id FROM front.envelope_out WHERE expires_at < now() LIMIT p_limit
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS pruned = ROW_COUNT;
  DELETE FROM front.mailbox_session WHERE hash IN (
    SELECT hash FROM front.mailbox_session WHERE until < now() LIMIT p_limit
    FOR UPDATE SKIP LOCKED);
  DELETE FROM front.challenge WHERE hash IN (
    SELECT hash FROM front.challenge WHERE until < now() LIMIT p_limit FOR UPDATE SKIP LOCKED);
  RETURN pruned;
END
$$;

RESET ROLE;
