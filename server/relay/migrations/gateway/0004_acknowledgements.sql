-- Acknowledgements are cumulative: below a newer one an older one is of no use, and it may go. Items
-- stay for ever. Publications carry insertions only, so each end removes its own copies.
SET LOCAL ROLE relay_owner;

-- What an acknowledgement confirms: this end's own knowledge, which does not travel. Known of ours
-- alone, and not of those from before this.
ALTER TABLE link.ack_from_{own} ADD COLUMN epoch integer, ADD COLUMN seq bigint;

-- Whether one of ours confirms less than another one.
CREATE FUNCTION link.superseded_out(p_id bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT EXISTS (
    SELECT FROM link.ack_from_{own} o JOIN link.ack_from_{own} newer
      ON (newer.epoch, newer.seq, newer.at, newer.id)
       > (coalesce(o.epoch, 0), coalesce(o.seq, 0), o.at, o.id)
    WHERE o.id = p_id)
$$;

-- Whether one that came in was taken by a processor, and a later one as well. The last one stays: it is
-- signed.
CREATE FUNCTION link.superseded_in(p_id bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT NOT EXISTS (SELECT FROM link.waiting_ack w WHERE w.id = p_id)
    AND EXISTS (
      SELECT FROM link.ack_from_{peer} o JOIN link.ack_from_{peer} newer
        ON (newer.at, newer.id) > (o.at, o.id)
      WHERE o.id = p_id AND NOT EXISTS (SELECT FROM link.waiting_ack w WHERE w.id = newer.id))
$$;

-- As before, but many that come in one transaction each have a time of their own.
CREATE OR REPLACE FUNCTION link.guard_ack() RETURNS trigger
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
  NEW.at := clock_timestamp();
  RETURN NEW;
END
$$;

CREATE FUNCTION link.refuse_needed_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  useless boolean;
BEGIN
  IF TG_TABLE_NAME = 'ack_from_{own}' THEN
    useless := link.superseded_out(OLD.id);
  ELSE
    useless := link.superseded_in(OLD.id);
  END IF;
  IF useless THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'rows of % are never deleted before there are newer ones', TG_TABLE_NAME
    USING ERRCODE = 'CSI01';
END
$$;
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['ack_from_{own}', 'ack_from_{peer}'] LOOP
    EXECUTE format('DROP TRIGGER immutable ON link.%I', name);
    EXECUTE format('CREATE TRIGGER immutable BEFORE UPDATE ON link.%I
      FOR EACH ROW EXECUTE FUNCTION link.refuse_change()', name);
    EXECUTE format('CREATE TRIGGER kept BEFORE DELETE ON link.%I
      FOR EACH ROW EXECUTE FUNCTION link.refuse_needed_delete()', name);
    EXECUTE format('ALTER TABLE link.%I ENABLE ALWAYS TRIGGER immutable', name);
    EXECUTE format('ALTER TABLE link.%I ENABLE ALWAYS TRIGGER kept', name);
  END LOOP;
END
$$;

-- Appends an acknowledgement of everything up to an item, unless a newer one is there.
CREATE FUNCTION link.append_ack(p_body text, p_epoch integer, p_seq bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO link.ack_from_{own} (id, body, epoch, seq)
  SELECT sha256(convert_to(p_body, 'UTF8')), p_body, p_epoch, p_seq
  WHERE NOT EXISTS (
    SELECT FROM link.ack_from_{own} newer WHERE (newer.epoch, newer.seq) > (p_epoch, p_seq))
  ON CONFLICT (id) DO NOTHING
$$;

-- Removes acknowledgements of no use, at most so many of each direction in one go.
CREATE FUNCTION link.prune_acks(p_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  sent bigint;
  received bigint;
BEGIN
  DELETE FROM link.ack_from_{own} WHERE id IN (
    SELECT id FROM link.ack_from_{own} WHERE link.superseded_out(id)
    LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS sent = ROW_COUNT;
  DELETE FROM link.ack_from_{peer} WHERE id IN (
    SELECT id FROM link.ack_from_{peer} WHERE link.superseded_in(id)
    LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS received = ROW_COUNT;
  RETURN sent + received;
END
$$;

REVOKE ALL ON FUNCTION link.superseded_out(bytea), link.superseded_in(bytea), link.guard_ack(),
  link.refuse_needed_delete(), link.append_ack(text, integer, bigint), link.prune_acks(integer)
FROM PUBLIC;
GRANT EXECUTE ON FUNCTION link.append_ack(text, integer, bigint), link.prune_acks(integer) TO processor;

RESET ROLE;
