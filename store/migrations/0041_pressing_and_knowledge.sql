-- +goose NO TRANSACTION
-- +goose Up

-- Lists of a team, of what nobody has and of all show what presses first. The index conversations_waiting goes with a
-- later version: processes of the one before still read by it.
DROP INDEX CONCURRENTLY IF EXISTS conversations_pressing;
CREATE INDEX CONCURRENTLY conversations_pressing ON conversations ((status = 'snoozed'), (waiting_since IS NULL), (CASE
		WHEN traits->>'priority' = 'urgent' OR traits->>'urgent' IN ('now', 'again') THEN 1
		WHEN traits->>'priority' = 'high' OR traits->>'sentiment' IN ('negative', 'frustrated') THEN 2
		WHEN traits->>'priority' = 'low' THEN 4
		ELSE 3
	END), waiting_since, last_at DESC, id)
	WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed');
DROP INDEX CONCURRENTLY IF EXISTS conversations_team_pressing;
CREATE INDEX CONCURRENTLY conversations_team_pressing ON conversations (team_id, (status = 'snoozed'), (waiting_since IS NULL), (CASE
		WHEN traits->>'priority' = 'urgent' OR traits->>'urgent' IN ('now', 'again') THEN 1
		WHEN traits->>'priority' = 'high' OR traits->>'sentiment' IN ('negative', 'frustrated') THEN 2
		WHEN traits->>'priority' = 'low' THEN 4
		ELSE 3
	END), waiting_since, last_at DESC, id)
	WHERE kind = 'customer' AND status IN ('open', 'pending', 'snoozed');

-- A question looks which languages the knowledge base has, without reading all of it.
DROP INDEX CONCURRENTLY IF EXISTS knowledge_sections_config;
CREATE INDEX CONCURRENTLY knowledge_sections_config ON knowledge_sections (config);
