package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
	"parley/store/storetest"
)

// These tests restore a backup that is older than an erasure. The list of erasures says who has to be erased again. It is
// looked for in PARLEY_DATA/backups and beside the backup.

const erasedAgain = "1 erasures that are newer than the backup were applied again."

// Requirement R-276: Erase and export a person.
func TestRestoreErasesAgain(t *testing.T) {
	t.Parallel()
	e := newEraseTest(t)
	backup := e.eraseAfterBackup()

	restored := e.on(t, emptyDatabase(t), "data") // the data folder has the list of erasures
	wantText(t, restored.mustRun("restore", backup), erasedAgain)
	restored.mustFail("erase", "--dry-run", zebra)
	restored.mustRun("erase", "--dry-run", otter)
}

// An erasure is in the list even if it waits for something, and no parley serve runs that would add it later.
// Requirement R-276: Erase and export a person.
func TestRestoreErasesWhoWaitsToBeErased(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		wait func(t *testing.T, pool *pgxpool.Pool)
		want string // what the erasure says
	}{
		"for an event to be applied": {
			wait: func(t *testing.T, pool *pgxpool.Pool) {
				storetest.Exec(t, pool, `SELECT setval('events_id_seq', 100)`) // the customers' event has an id already
				_, err := store.InsertEvents(t.Context(), pool, []store.NewEvent{
					{AccountID: 10, ExternalID: "waits", OrderKey: "10/mail", Payload: []byte("From: " + zebra)}})
				check(t, err)
			},
			want: "still waits to be applied",
		},
		"for chats": {wait: postInSlack, want: "What stands in Slack and Teams goes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := newEraseTest(t)
			backup := filepath.Join(e.base, "before.parley")
			e.mustRun("migrate")
			e.mustRun("backup", backup)
			tt.wait(t, openPool(t, e.url))
			wantText(t, e.mustFail("erase", "1"), tt.want)

			restored := e.on(t, emptyDatabase(t), "data")
			wantText(t, restored.mustRun("restore", backup), erasedAgain)
		})
	}
}

// A restore reads the list of erasures before it changes anything.
// Requirement R-276: Erase and export a person.
func TestRestoreRefusesBadList(t *testing.T) {
	t.Parallel()
	e := newEraseTest(t)
	backup := e.eraseAfterBackup()
	broken := filepath.Join(e.base, "broken.jsonl")
	mustWriteFile(t, broken, "{\n")
	url := emptyDatabase(t)
	restored := e.on(t, url, "new")

	for _, tt := range []struct {
		name string
		list string
		want string
	}{
		{name: "missing", list: filepath.Join(e.base, "missing.jsonl"), want: "nothing was changed"},
		{name: "not JSON", list: broken, want: "line 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			restored.t = t
			wantText(t, restored.mustFail("restore", backup, "--erasures", tt.list), tt.want)
		})
	}

	if n := storetest.Row(t, openPool(t, url), `SELECT count(*) FROM pg_tables WHERE schemaname = 'public'`); n != "(0)" {
		t.Errorf("after the refused restores the database has %s tables, want none", n)
	}
}

// The list of erasures beside the backup counts, too. Afterwards Parley's own list has its entries, except those of another
// database.
// Requirement R-276: Erase and export a person.
func TestRestoreReadsListBesideBackup(t *testing.T) {
	t.Parallel()
	e := newEraseTest(t)
	backup := e.eraseAfterBackup()
	beside := filepath.Join(e.data, "backups", "before.parley")
	mustWriteFile(t, beside, mustReadFile(t, backup))
	const foreign = "0b0e6f6c-5a8e-4c53-9d0a-6d5a3f1f7e11"
	mustWriteFile(t, e.list(), `{"erasure": "`+foreign+`", "key": "b3RoZXI="}`+"\n"+mustReadFile(t, e.list()))

	restored := e.on(t, emptyDatabase(t), "new")
	wantText(t, restored.mustRun("restore", beside), erasedAgain)
	wantText(t, restored.mustFail("erase", "--dry-run", zebra), "nobody is called")

	kept := mustReadFile(t, filepath.Join(restored.data, "backups", "erasures.jsonl"))
	if kept == "" {
		t.Error("Parley's own list is empty, want the entry of the list beside the backup")
	}
	if strings.Contains(kept, foreign) {
		t.Errorf("Parley's own list has an entry of another database:\n%s", kept)
	}
}

// If there is no list of erasures, a restore says so.
// Requirement R-276: Erase and export a person.
func TestRestoreWithoutList(t *testing.T) {
	t.Parallel()
	e := newEraseTest(t)
	backup := e.eraseAfterBackup()
	restored := e.on(t, emptyDatabase(t), "new")
	wantText(t, restored.mustRun("restore", backup), "There is no list of erasures")
}
