package schema_test

import (
	"testing"

	"parley/store/schema"
)

// A template that the version before tried to hand in, and of which it knows no id, may have been made: it counts as asked for.
func TestTemplatesAskedForBeforeAnUpgrade(t *testing.T) {
	t.Parallel()
	pool := olderDatabase(t, 70)
	exec(t, pool, `INSERT INTO accounts (id, name, kind, side) OVERRIDING SYSTEM VALUE VALUES (7, 'number', 'test', 'channel')`)
	exec(t, pool, `
		INSERT INTO templates (account_id, name, language, provider_name, category, uses, body, version, todo, tries, external_id)
		VALUES
			(7, 'lost', 'en', 'lost', 'utility', '{reply}', 'Hello', 3, 'submit', 1, ''),
			(7, 'new', 'en', 'new', 'utility', '{reply}', 'Hello', 1, 'submit', 0, ''),
			(7, 'known', 'en', 'known', 'utility', '{reply}', 'Hello', 2, 'submit', 1, 'x1')`)
	check(t, schema.Migrate(t.Context(), pool))

	checkNames(t, pool, "templates that were asked for",
		`SELECT array_agg(name || ' ' || asked_version || ' ' || asked_name) FROM templates WHERE asked_version > 0`, "lost 3 lost")
}
