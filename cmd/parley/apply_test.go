package main

import (
	"path/filepath"
	"testing"

	"parley/store/schema"
	"parley/store/storetest"
)

// A command that changes nothing, such as a dry run, doesn't migrate a database whose schema is older than the command's,
// because an older Parley may be serving from it. The command fails, and says what to do.
func TestWhatChangesNothingLeavesTheSchema(t *testing.T) {
	t.Parallel()
	base := folderForServer(t)
	file := filepath.Join(base, "parley.yaml")
	mustWriteFile(t, file, "company: Acme\n")
	url := storetest.Reused(t).Config().ConnString()
	pool := openPool(t, url)
	check(t, schema.Migrate(t.Context(), pool))
	storetest.Exec(t, pool, `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`)
	older := must(schema.VersionOf(t.Context(), pool))(t)

	for _, tt := range []struct {
		name string
		args []string
	}{
		{name: "apply", args: []string{"apply", "-f", file, "--dry-run"}},
		{name: "erase", args: []string{"erase", "ann@shop.example", "--dry-run"}},
		{name: "list of erasures", args: []string{"erase", "--list"}},
		{name: "export of a contact", args: []string{"export-contact", "ann@shop.example", filepath.Join(base, "ann.zip")}},
		{name: "export of the set-up", args: []string{"export"}},
		{name: "explain", args: []string{"explain", "1"}},
		{name: "list of the quarantine", args: []string{"replay"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parley := cli{t: t, data: filepath.Join(base, "data"), env: []string{"DATABASE_URL=" + url}}
			wantText(t, parley.mustFail(tt.args...), "Run parley migrate first")
		})
	}

	version := must(schema.VersionOf(t.Context(), pool))(t)
	if version != older {
		t.Errorf("schema %d after these commands, want %d as before", version, older)
	}
}
