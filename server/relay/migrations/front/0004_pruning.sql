-- Answers how full the fullest measure was: whoever prunes goes on until nothing has more to give.
SET LOCAL ROLE relay_owner;

CREATE OR REPLACE FUNCTION front.prune(p_limit integer) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  letters bigint;
  sessions bigint;
  challenges bigint;
BEGIN
  DELETE FROM front.envelope_out WHERE id IN (
    SELECT id FROM front.envelope_out WHERE expires_at < now() LIMIT p_limit
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS letters = ROW_COUNT;
  DELETE FROM front.mailbox_session WHERE hash IN (
    SELECT hash FROM front.mailbox_session WHERE until < now() LIMIT p_limit
    FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS sessions = ROW_COUNT;
  DELETE FROM front.challenge WHERE hash IN (
    SELECT hash FROM front.challenge WHERE until < now() LIMIT p_limit FOR UPDATE SKIP LOCKED);
  GET DIAGNOSTICS challenges = ROW_COUNT;
  RETURN greatest(letters, sessions, challenges);
END
$$;

RESET ROLE;
