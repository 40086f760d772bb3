package main

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/erase"
	"parley/store/storetest"
)

// customers are two of one name in two mailboxes, and another one.
const customers = `
	INSERT INTO accounts (id, name, kind, side) VALUES (10, 'help', 'email', 'channel'), (11, 'sales', 'email', 'channel') ON CONFLICT DO NOTHING;
	INSERT INTO contacts (id, name) VALUES (1, 'Zebra'), (2, 'Zebra'), (3, 'Otter');
	INSERT INTO identities (id, account_id, key, name, contact_id)
		VALUES (1, 10, 'zebra@shop.example', 'Zebra', 1), (2, 11, 'zebra@shop.example', 'Zebra', 2), (3, 10, 'otter@shop.example', 'Otter', 3);
	INSERT INTO conversations (id, account_id, identity_id, status, subject, last_at, created_at) VALUES (7, 10, 1, 'open', 'My zebra', now(), now());
	INSERT INTO events (id, account_id, external_id, order_key, payload, size_bytes) OVERRIDING SYSTEM VALUE
		VALUES (1, 10, 'mail:1', '10/mail', convert_to('From: zebra@shop.example', 'UTF8'), 1);
	INSERT INTO messages (id, conversation_id, direction, fate, identity_id, text, event_id, said_at, created_at)
		VALUES (8, 7, 'in', 'in', 1, 'A zebra writes', 1, now(), now());`

// A customer is exported and erased by name, as docs/erase.md says: what several contacts share is listed and
// refused, a dry run changes nothing, and a restore of an older backup erases again.
//
func TestEraseAndRestore(t *testing.T) {
	base := openFolder(t)
	url := storetest.URL(t)
	in := func(url string, args ...string) (string, bool) {
		return parleyIn(t, filepath.Join(base, "data"), []string{"DATABASE_URL=" + url, "PARLEY_BACKUP_PASSPHRASE=correct horse battery"}, args...)
	}
	run := func(ok bool, says string, args ...string) string {
		t.Helper()
		said, well := in(url, args...)
		if well != ok || !strings.Contains(said, says) {
			t.Fatalf("parley %s: ended well: %v, and said\n%s", strings.Join(args, " "), well, said)
		}
		return said
	}
	run(true, "", "migrate")
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), customers); err != nil {
		t.Fatal(err)
	}
	run(true, "", "backup", filepath.Join(base, "before.parley"))
	run(false, "nobody is called", "erase", "nobody@shop.example")
	run(false, "names 2 contacts:\n  1  Zebra, 1 conversations: help: zebra@shop.example", "erase", "zebra@shop.example")
	run(true, "messages            1  emptied", "erase", "--dry-run", "1")
	run(true, "", "export-contact", "--all", "zebra@shop.example", filepath.Join(base, "zebra.zip"))
	checkExport(t, filepath.Join(base, "zebra.zip"))
	certificate := filepath.Join(base, "certificate.json")
	run(true, "Erasing: events", "erase", "--all", "zebra@shop.example", "--by", "privacy@acme.test", "--certificate", certificate)
	var c erase.Certificate
	body, err := os.ReadFile(certificate)
	if err == nil {
		err = json.Unmarshal(body, &c)
	}
	if err != nil || !c.Whole() || c.By != "privacy@acme.test" || len(c.Contacts) != 2 || strings.Contains(string(body), "zebra") {
		t.Fatalf("%v: %s", err, body)
	}
	run(true, "nothing to go on with", "erase")
	list := filepath.Join(base, "data", "backups", "erasures.jsonl")
	if err := os.Rename(list, list+".gone"); err != nil { // as with the folder of a pod
		t.Fatal(err)
	}
	run(true, `"erasure":`, "erase", "--list")

	restored := storetest.URL(t) // a migrated one
	clear(t, restored)
	if said, ok := in(restored, "restore", filepath.Join(base, "before.parley")); !ok || !strings.Contains(said, "1 erasures that are newer than the backup were applied again.") {
		t.Fatal(said)
	}
	for text, found := range map[string]bool{"zebra@shop.example": false, "otter@shop.example": true} {
		if said, ok := in(restored, "erase", "--dry-run", text); ok != found {
			t.Errorf("%s: %s", text, said)
		}
	}
}

// A restore reads the list of erasures before it changes anything, also the one beside the backup, and keeps it for Parley.
//
func TestRestoreWithListElsewhere(t *testing.T) {
	base := openFolder(t)
	url := storetest.URL(t)
	in := func(data, url string, args ...string) (string, bool) {
		env := []string{"DATABASE_URL=" + url, "PARLEY_BACKUP_PASSPHRASE=correct horse battery"}
		return parleyIn(t, filepath.Join(base, data), env, args...)
	}
	if said, ok := in("old", url, "migrate"); !ok {
		t.Fatal(said)
	}
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), customers); err != nil {
		t.Fatal(err)
	}
	file, beside := filepath.Join(base, "before.parley"), filepath.Join(base, "old", "backups", "before.parley")
	for _, args := range [][]string{{"backup", file}, {"erase", "--all", "zebra@shop.example"}} {
		if said, ok := in("old", url, args...); !ok {
			t.Fatal(said)
		}
	}
	whole, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(beside, whole, 0o600)
	}
	const foreign = "0b0e6f6c-5a8e-4c53-9d0a-6d5a3f1f7e11"
	list := filepath.Join(base, "old", "backups", "erasures.jsonl")
	own, listErr := os.ReadFile(list)
	if err == nil && listErr == nil {
		err = os.WriteFile(list, append([]byte(`{"erasure": "`+foreign+`", "key": "b3RoZXI="}`+"\n"), own...), 0o600)
	}
	err = errors.Join(err, listErr)
	bad := filepath.Join(base, "bad.jsonl")
	if err == nil {
		err = os.WriteFile(bad, []byte("{\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}

	restored := storetest.URL(t)
	clear(t, restored)
	for _, step := range []struct {
		name string
		args []string
		ok   bool
		says string
	}{
		{"a list that isn't there", []string{"restore", file, "--erasures", filepath.Join(base, "missing.jsonl")}, false, "nothing was changed"},
		{"a list that can't be read", []string{"restore", file, "--erasures", bad}, false, "line 1"},
		{"the list beside the backup", []string{"restore", beside}, true, "1 erasures that are newer than the backup were applied again."},
		{"who was erased", []string{"erase", "--dry-run", "zebra@shop.example"}, false, "nobody is called"},
	} {
		if said, ok := in("new", restored, step.args...); ok != step.ok || !strings.Contains(said, step.says) {
			t.Errorf("%s: ended well: %v, and said\n%s", step.name, ok, said)
		}
	}
	if kept, err := os.ReadFile(filepath.Join(base, "new", "backups", "erasures.jsonl")); err != nil || len(kept) == 0 || strings.Contains(string(kept), foreign) {
		t.Errorf("the list is not kept, or with another database's entry: %v\n%s", err, kept)
	}

	clear(t, restored)
	if said, ok := in("third", restored, "restore", file); !ok || !strings.Contains(said, "There is no list of erasures") {
		t.Errorf("without a list: ended well: %v, and said\n%s", ok, said)
	}
}

// clear empties a database, so that it can be restored into.
func clear(t *testing.T, url string) {
	t.Helper()
	pool, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), `DROP SCHEMA public CASCADE; CREATE SCHEMA public`); err != nil {
		t.Fatal(err)
	}
}

func checkExport(t *testing.T, path string) {
	t.Helper()
	archive, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = archive.Close() }()
	held := map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		held[f.Name] = string(body)
	}
	if held["originals/8-1.eml"] != "From: zebra@shop.example" || !strings.Contains(held["contact.json"], "A zebra writes") ||
		!strings.Contains(held["contact.json"], "My zebra") || strings.Contains(held["contact.json"], "otter") {
		t.Errorf("the copy holds %v", held)
	}
}
