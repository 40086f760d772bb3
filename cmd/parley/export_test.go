package main

import (
	"path/filepath"
	"strings"
	"testing"

	"parley/store/storetest"
)

const exportedCompany = `
company: "Acme # & Sons"
agents: [{email: ann@acme.test, name: Ann, roles: [super_admin]}, {email: cy@acme.test, name: Cy, roles: [admin]}]
teams: [{name: Support, members: [ann@acme.test], slack_channel: C0SUPPORT}]
accounts: [{name: shop, kind: http, team: Support, http: {secret: "${SHOP_SECRET}", callback_url: "https://shop.test/parley"}}]
`

// A set-up that `parley export` wrote, with its remarks about what is stored of chats, is applied to another database as it
// is, and exported there again is the same.
// Requirement R-013: Each account is set up on its own.
func TestExportIsApplied(t *testing.T) {
	t.Parallel()
	base := folderForServer(t)
	on := func(url string) cli {
		return cli{t: t, data: filepath.Join(base, "data"), env: []string{"DATABASE_URL=" + url, "SHOP_SECRET=tops3cret-of-the-shop"}}
	}
	firstURL := storetest.Reused(t).Config().ConnString()
	first, second := on(firstURL), on(storetest.Reused(t).Config().ConnString())
	company, exported := filepath.Join(base, "first.yaml"), filepath.Join(base, "exported.yaml")
	mustWriteFile(t, company, exportedCompany)
	first.mustRun("apply", "-f", company)
	storetest.Exec(t, openPool(t, firstURL), `INSERT INTO chat_credentials (kind, home, sealed, author)
		VALUES ('slack', 'T0', '', 'ann@acme.test'), ('teams', 'T1', '', 'ann@acme.test')`)

	export := first.mustRun("export")
	if n := strings.Count(export, "# What signs Parley in to"); n != 2 {
		t.Errorf("the export has %d remarks about chats, want one for Slack and one for Teams:\n%s", n, export)
	}
	if strings.Contains(export, "tops3cret") {
		t.Errorf("the export shows a secret:\n%s", export)
	}

	mustWriteFile(t, exported, export)
	second.mustRun("apply", "-f", exported)
	if got, want := second.mustRun("export"), withoutRemarks(export); got != want {
		t.Errorf("the second database exports\n%s\nwant\n%s", got, want)
	}
	wantText(t, second.mustRun("apply", "-f", exported), "nothing to change")
}

// withoutRemarks returns a set-up without its lines of comment.
func withoutRemarks(yaml string) string {
	var lines strings.Builder
	for line := range strings.Lines(yaml) {
		if !strings.HasPrefix(line, "# ") {
			lines.WriteString(line)
		}
	}
	return lines.String()
}
