package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/storetest"
)

// A set-up that `parley export` wrote, with its remarks about what is stored of chats, is applied to another database as it
// is, and exported there again is the same.
//
func TestExportIsApplied(t *testing.T) {
	t.Parallel()
	base := openFolder(t)
	run := func(url string, args ...string) string {
		t.Helper()
		said, ok := parleyIn(t, filepath.Join(base, "data"), []string{"DATABASE_URL=" + url, "SHOP_SECRET=tops3cret"}, args...)
		if !ok {
			t.Fatalf("parley %s: %s", strings.Join(args, " "), said)
		}
		return said
	}
	write := func(name, text string) string {
		path := filepath.Join(base, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	one, two := storetest.URL(t), storetest.URL(t)
	run(one, "apply", "-f", write("first.yaml", `
company: "Acme # & Sons"
agents: [{email: ann@acme.test, name: Ann, roles: [super_admin]}, {email: cy@acme.test, name: Cy, roles: [admin]}]
teams: [{name: Support, members: [ann@acme.test], slack_channel: C0SUPPORT}]
accounts: [{name: shop, kind: http, team: Support, http: {secret: "${SHOP_SECRET}", callback_url: "https://shop.test/parley"}}]
`))
	pool, err := pgxpool.New(t.Context(), one)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), `INSERT INTO chat_credentials (kind, home, sealed, author) VALUES ('slack', 'T0', '', 'ann@acme.test'), ('teams', 'T1', '', 'ann@acme.test')`); err != nil {
		t.Fatal(err)
	}
	exported := run(one, "export")
	if strings.Count(exported, "# What signs Parley in to") != 2 || strings.Contains(exported, "tops3cret") {
		t.Errorf("exported:\n%s", exported)
	}
	run(two, "apply", "-f", write("exported.yaml", exported))
	var bare strings.Builder
	for line := range strings.Lines(exported) {
		if !strings.HasPrefix(line, "# ") {
			bare.WriteString(line)
		}
	}
	if again := run(two, "export"); again != bare.String() {
		t.Errorf("exported there:\n%s\nwant\n%s", again, bare.String())
	}
	if said := run(two, "apply", "-f", filepath.Join(base, "exported.yaml")); !strings.Contains(said, "nothing to change") {
		t.Errorf("applied again: %s", said)
	}
}
