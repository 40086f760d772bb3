package main

import (
	"archive/zip"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"parley/store/erase"
	"parley/store/storetest"
)

// These tests run the program as docs/erase.md describes it, on a database with three customers (newEraseTest).

// customers are two contacts with one address in two mailboxes, of whom the first has written a mail, and a third contact.
const customers = `
	INSERT INTO accounts (id, name, kind, side) VALUES (10, 'help', 'email', 'channel'), (11, 'sales', 'email', 'channel');
	INSERT INTO contacts (id, name) VALUES (1, 'Zebra'), (2, 'Zebra'), (3, 'Otter');
	INSERT INTO identities (id, account_id, key, name, contact_id)
		VALUES (1, 10, 'zebra@shop.example', 'Zebra', 1), (2, 11, 'zebra@shop.example', 'Zebra', 2), (3, 10, 'otter@shop.example', 'Otter', 3);
	INSERT INTO conversations (id, account_id, identity_id, status, subject, last_at, created_at)
	VALUES (7, 10, 1, 'open', 'My zebra', now(), now());
	INSERT INTO events (id, account_id, external_id, order_key, payload, size_bytes) OVERRIDING SYSTEM VALUE
		VALUES (1, 10, 'mail:1', '10/mail', convert_to('From: zebra@shop.example', 'UTF8'), 1);
	INSERT INTO messages (id, conversation_id, direction, fate, identity_id, text, event_id, said_at, created_at)
		VALUES (8, 7, 'in', 'in', 1, 'A zebra writes', 1, now(), now());`

const (
	zebra = "zebra@shop.example"
	otter = "otter@shop.example"
)

// eraseTest is a folder, and a database with the customers.
type eraseTest struct {
	cli

	base string // the folder. PARLEY_DATA is the folder data in it
	url  string // of the database
}

func newEraseTest(t *testing.T) eraseTest {
	t.Helper()
	e := eraseTest{base: folderForServer(t), url: storetest.Reused(t).Config().ConnString()}
	e.cli = e.on(t, e.url, "data")
	storetest.Exec(t, openPool(t, e.url), customers)
	return e
}

// on returns the commands of a Parley with another database and another data folder.
func (e eraseTest) on(t *testing.T, url, folder string) cli {
	return cli{
		t:    t,
		data: filepath.Join(e.base, folder),
		env:  []string{"DATABASE_URL=" + url, "PARLEY_BACKUP_PASSPHRASE=correct horse battery"},
	}
}

// eraseAfterBackup makes a backup, and erases the zebras after it.
func (e eraseTest) eraseAfterBackup() (backup string) {
	backup = filepath.Join(e.base, "before.parley")
	e.mustRun("migrate") // makes the master key, without which no backup is made
	e.mustRun("backup", backup)
	e.mustRun("erase", "--all", zebra)
	return backup
}

// An address that several contacts have is refused, and the contacts are listed.
// Requirement R-276: Erase and export a person.
func TestEraseRefusesSharedAddress(t *testing.T) {
	t.Parallel()
	e := newEraseTest(t)
	wantText(t, e.mustFail("erase", zebra), "names 2 contacts:\n  contact:1  Zebra, 1 conversations: help: zebra@shop.example")
}

// Requirement R-276: Erase and export a person.
func TestEraseDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	e := newEraseTest(t)
	wantText(t, e.mustRun("erase", "--dry-run", "1"), "messages            1  emptied")
	wantText(t, e.mustRun("erase", "--dry-run", "1"), "These may be the same person, and are not erased with it:\n"+
		"  contact:2  Zebra, 0 conversations: sales: zebra@shop.example (has the same address or number; has the same name)\n"+
		"Erase each by its id, such as contact:2.")
	if n := storetest.Row(t, openPool(t, e.url), `SELECT count(*) FROM messages WHERE text = 'A zebra writes'`); n != "(1)" {
		t.Errorf("after the dry run %s messages have their text, want (1)", n)
	}
}

// An erasure of all contacts of an address ends with a certificate, in which the address doesn't stand. After it nothing is left
// to do.
// Requirement R-276: Erase and export a person.
func TestEraseWritesCertificate(t *testing.T) {
	t.Parallel()
	e := newEraseTest(t)
	path := filepath.Join(e.base, "certificate.json")
	wantText(t, e.mustRun("erase", "--all", zebra, "--by", "privacy@acme.test", "--certificate", path), "Erasing: events")

	body := mustReadFile(t, path)
	var certificate erase.Certificate
	if err := json.Unmarshal([]byte(body), &certificate); err != nil {
		t.Fatalf("the certificate is no JSON: %v\n%s", err, body)
	}
	if !certificate.IsUnchanged() {
		t.Errorf("the certificate doesn't match its own checksum:\n%s", body)
	}
	if certificate.By != "privacy@acme.test" {
		t.Errorf("asked by %q, want privacy@acme.test", certificate.By)
	}
	if n := len(certificate.Contacts); n != 2 {
		t.Errorf("the certificate names %d contacts, want 2", n)
	}
	if strings.Contains(body, "zebra") {
		t.Errorf("the certificate names the customer:\n%s", body)
	}

	wantText(t, e.mustRun("erase"), "nothing to go on with")
}

// A customer's copy of her data has the mail as it came, and her conversations in contact.json. It has nothing of others.
// Requirement R-276: Erase and export a person.
func TestExportContact(t *testing.T) {
	t.Parallel()
	e := newEraseTest(t)
	path := filepath.Join(e.base, "zebra.zip")
	e.mustRun("export-contact", "--all", zebra, path)

	files := readZip(t, path)
	if got, want := files["originals/8-1.eml"], "From: zebra@shop.example"; got != want {
		t.Errorf("originals/8-1.eml holds %q, want %q", got, want)
	}
	contact := files["contact.json"]
	wantText(t, contact, "A zebra writes")
	wantText(t, contact, "My zebra")
	if strings.Contains(contact, "otter") {
		t.Errorf("contact.json names another customer:\n%s", contact)
	}
}

// readZip returns what the files of an archive hold, by name.
func readZip(t *testing.T, path string) map[string]string {
	t.Helper()
	archive := must(zip.OpenReader(path))(t)
	defer func() { _ = archive.Close() }()
	files := map[string]string{}
	for _, f := range archive.File {
		r := must(f.Open())(t)
		body := must(io.ReadAll(r))(t)
		files[f.Name] = string(body)
	}
	return files
}
