package schema_test

import (
	"testing"

	"parley/store/schema"
)

// A conversation that was renamed before the upgrade is found by its name.
func TestRenamedBeforeAnUpgrade(t *testing.T) {
	t.Parallel()
	pool := olderDatabase(t, 71)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) OVERRIDING SYSTEM VALUE VALUES (7, 'mail', 'test', 'channel')`)
	exec(t, pool, `
		INSERT INTO conversations (id, account_id, status, subject, traits, last_at, created_at)
		VALUES (1, 7, 'open', 'Broken', '{"name": "Berlin Lamps"}', now(), now()), (2, 7, 'open', 'Lamp', '{}', now(), now())`)
	check(t, schema.Migrate(t.Context(), pool))

	checkNames(t, pool, "found", `SELECT array_agg(conversation_id::text) FROM conversation_words
		WHERE words @@ find_query('berlin broken')`, "1")
}
