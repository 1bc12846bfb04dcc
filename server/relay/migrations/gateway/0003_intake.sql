-- The guards of what comes in. One bad row must never stop the apply worker, so they raise nothing:
-- what is there already is dropped quietly, what must not be there is dropped with an alarm. The
-- triggers are ENABLE ALWAYS because the apply worker fires no others; they run as their owner
-- because the subscription's owner may do nothing but insert.
SET LOCAL ROLE relay_owner;

CREATE FUNCTION link.guard_item() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  fault text;
  there record;
BEGIN
  fault := link.fault_of(NEW.epoch, NEW.seq, NEW.prev, NEW.hash, NEW.kind, NEW.body);
  IF fault IS NOT NULL THEN
    PERFORM link.raise_alarm(TG_TABLE_NAME, fault, NEW.epoch, NEW.seq, sha256(NEW.body));
    RETURN NULL;
  END IF;
  SELECT prev, hash, kind, body INTO there FROM link.from_{peer}
  WHERE epoch = NEW.epoch AND seq = NEW.seq;
  IF NOT FOUND THEN
    NEW.at := now();
    RETURN NEW;
  END IF;
  IF (there.prev, there.hash, there.kind, there.body)
    IS DISTINCT FROM (NEW.prev, NEW.hash, NEW.kind, NEW.body) THEN
    PERFORM link.raise_alarm(TG_TABLE_NAME, 'other bytes under a known number',
      NEW.epoch, NEW.seq, sha256(NEW.body));
  END IF;
  RETURN NULL;
END
$$;

CREATE FUNCTION link.guard_ack() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF NEW.body IS NULL OR octet_length(NEW.body) NOT BETWEEN 1 AND 16384
    OR NEW.id IS DISTINCT FROM sha256(convert_to(NEW.body, 'UTF8')) THEN
    PERFORM link.raise_alarm(TG_TABLE_NAME, 'no acknowledgement', NULL, NULL, NEW.id);
    RETURN NULL;
  END IF;
  IF EXISTS (SELECT FROM link.ack_from_{peer} WHERE id = NEW.id) THEN
    RETURN NULL;
  END IF;
  NEW.at := now();
  RETURN NEW;
END
$$;

-- Row triggers: statement triggers do not fire in the apply worker. Equal notifications of one
-- transaction become one.
CREATE FUNCTION link.let_item_wait() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO link.waiting (epoch, seq) VALUES (NEW.epoch, NEW.seq);
  PERFORM pg_notify('intake', '');
  RETURN NULL;
END
$$;

CREATE FUNCTION link.let_ack_wait() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO link.waiting_ack (id) VALUES (NEW.id);
  PERFORM pg_notify('intake', '');
  RETURN NULL;
END
$$;

CREATE TRIGGER guard BEFORE INSERT ON link.from_{peer}
  FOR EACH ROW EXECUTE FUNCTION link.guard_item();
CREATE TRIGGER intake AFTER INSERT ON link.from_{peer}
  FOR EACH ROW EXECUTE FUNCTION link.let_item_wait();
CREATE TRIGGER guard BEFORE INSERT ON link.ack_from_{peer}
  FOR EACH ROW EXECUTE FUNCTION link.guard_ack();
CREATE TRIGGER intake AFTER INSERT ON link.ack_from_{peer}
  FOR EACH ROW EXECUTE FUNCTION link.let_ack_wait();
ALTER TABLE link.from_{peer} ENABLE ALWAYS TRIGGER guard;
ALTER TABLE link.from_{peer} ENABLE ALWAYS TRIGGER intake;
ALTER TABLE link.ack_from_{peer} ENABLE ALWAYS TRIGGER guard;
ALTER TABLE link.ack_from_{peer} ENABLE ALWAYS TRIGGER intake;

-- Our processors append what the core has committed, exactly as it stands there. Repeating it
-- changes nothing; other bytes under a known number are refused, for the other party may have them.
CREATE FUNCTION link.append(
  p_epoch integer[], p_seq bigint[], p_prev bytea[], p_hash bytea[], p_kind text[], p_body bytea[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  fault text;
  appended bigint;
BEGIN
  SELECT link.fault_of(epoch, seq, prev, hash, kind, body) INTO fault
  FROM unnest(p_epoch, p_seq, p_prev, p_hash, p_kind, p_body)
    i (epoch, seq, prev, hash, kind, body)
  WHERE link.fault_of(epoch, seq, prev, hash, kind, body) IS NOT NULL LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION 'an item is %', fault USING ERRCODE = 'CSE01';
  END IF;
  INSERT INTO link.from_{own} (epoch, seq, prev, hash, kind, body)
  SELECT epoch, seq, prev, hash, kind, body
  FROM unnest(p_epoch, p_seq, p_prev, p_hash, p_kind, p_body)
    i (epoch, seq, prev, hash, kind, body)
  ORDER BY epoch, seq
  ON CONFLICT (epoch, seq) DO NOTHING;
  GET DIAGNOSTICS appended = ROW_COUNT;
  -- The hash covers everything else.
  IF appended < cardinality(p_seq) AND EXISTS (
    SELECT FROM unnest(p_epoch, p_seq, p_hash) i (epoch, seq, hash)
    JOIN link.from_{own} o USING (epoch, seq) WHERE o.hash <> i.hash
  ) THEN
    RAISE EXCEPTION 'a number stands for another item' USING ERRCODE = 'CSD01';
  END IF;
  RETURN appended;
END
$$;

CREATE FUNCTION link.append_ack(p_body text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO link.ack_from_{own} (id, body)
  VALUES (sha256(convert_to(p_body, 'UTF8')), p_body) ON CONFLICT (id) DO NOTHING
$$;

-- Functions may be called by everybody unless that is taken back. From here on it is a list.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA link FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  link.append(integer[], bigint[], bytea[], bytea[], text[], bytea[]), link.append_ack(text),
  link.raise_alarm(text, text, integer, bigint, bytea)
TO processor;
GRANT SELECT ON link.outbound, link.inbound, link.ack_outbound, link.ack_inbound, link.alarm
TO processor;
GRANT SELECT, DELETE ON link.waiting, link.waiting_ack TO processor;
-- Taking the lock needs the right to update; there is nothing in it to be changed.
GRANT SELECT, UPDATE ON link.turn TO processor;
GRANT INSERT, SELECT ON link.from_{peer}, link.ack_from_{peer} TO subscriber;
-- What the other party may read anyway: a lost slot is healed by copying it once more.
GRANT SELECT ON link.from_{own}, link.ack_from_{own} TO peer_{peer};

RESET ROLE;
