-- +goose NO TRANSACTION
-- +goose Up

-- Everything here can be repeated, like 0002.

-- The agent who ended the conversation; NULL = it ended by itself, or an earlier version ended it: then it counts as its first owner's.
ALTER TABLE conversations ADD COLUMN IF NOT EXISTS ended_by bigint;

-- The keys by which lists are sorted are numbers that grow, so that a page begins behind the keys of the last row before it.
CREATE OR REPLACE FUNCTION list_micros(at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
	$$ SELECT (extract(epoch FROM at - timestamptz '1970-01-01 00:00Z') * 1000000)::bigint $$;
-- Who waits longest comes first. Those in which nobody waits follow, the newest first.
CREATE OR REPLACE FUNCTION list_wait(waiting_since timestamptz, last_at timestamptz) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
	$$ SELECT coalesce((extract(epoch FROM waiting_since - timestamptz '1970-01-01 00:00Z') * 1000000)::bigint,
		4000000000000000000 - (extract(epoch FROM last_at - timestamptz '1970-01-01 00:00Z') * 1000000)::bigint) $$;
-- 1 urgent, 2 important or an unhappy customer, 3 normal, 4 unimportant; 10 more if nobody waits, and 20 more if it is snoozed.
CREATE OR REPLACE FUNCTION list_rank(status text, waiting_since timestamptz, traits jsonb) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
	$$ SELECT CASE WHEN status = 'snoozed' THEN 20 ELSE 0 END + CASE WHEN waiting_since IS NULL THEN 10 ELSE 0 END + CASE
		WHEN traits->>'priority' = 'urgent' OR traits->>'urgent' IN ('now', 'again') THEN 1
		WHEN traits->>'priority' = 'high' OR traits->>'sentiment' IN ('negative', 'frustrated') THEN 2
		WHEN traits->>'priority' = 'low' THEN 4
		ELSE 3
	END $$;

DROP INDEX CONCURRENTLY IF EXISTS conversations_pressing;
CREATE INDEX CONCURRENTLY conversations_pressing ON conversations
	(list_rank(status, waiting_since, traits), list_wait(waiting_since, last_at), id)
	WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed');
DROP INDEX CONCURRENTLY IF EXISTS conversations_team_pressing;
CREATE INDEX CONCURRENTLY conversations_team_pressing ON conversations
	(team_id, list_rank(status, waiting_since, traits), list_wait(waiting_since, last_at), id)
	WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed');
DROP INDEX CONCURRENTLY IF EXISTS conversations_waiting;
CREATE INDEX CONCURRENTLY conversations_waiting ON conversations (((status = 'snoozed')::int), list_wait(waiting_since, last_at), id)
	WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed');
DROP INDEX CONCURRENTLY IF EXISTS conversations_newest;
CREATE INDEX CONCURRENTLY conversations_newest ON conversations ((-list_micros(last_at)), id)
	WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed');
-- Those that nobody has are few.
DROP INDEX CONCURRENTLY IF EXISTS conversations_nobodys;
CREATE INDEX CONCURRENTLY conversations_nobodys ON conversations
	(list_rank(status, waiting_since, traits), list_wait(waiting_since, last_at), id)
	WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed') AND assignees = '{}';

-- What ended: all, by whose it was, and by who ended it.
DROP INDEX CONCURRENTLY IF EXISTS conversations_ended;
CREATE INDEX CONCURRENTLY conversations_ended ON conversations ((-list_micros(coalesce(resolved_at, created_at))), id)
	WHERE kind = 'customer' AND status IN ('resolved', 'closed');
DROP INDEX CONCURRENTLY IF EXISTS conversations_resolved;
DROP INDEX CONCURRENTLY IF EXISTS conversations_closed;
DROP INDEX CONCURRENTLY IF EXISTS conversations_ended_of;
CREATE INDEX CONCURRENTLY conversations_ended_of ON conversations USING gin (assignees)
	WHERE kind = 'customer' AND status IN ('resolved', 'closed');
DROP INDEX CONCURRENTLY IF EXISTS conversations_ended_by;
CREATE INDEX CONCURRENTLY conversations_ended_by ON conversations
	((coalesce(ended_by, assignees[1])), status, (-list_micros(coalesce(resolved_at, created_at))), id)
	WHERE kind = 'customer' AND status IN ('resolved', 'closed');
