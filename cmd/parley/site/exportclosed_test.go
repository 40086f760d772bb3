package site_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
	"parley/store/storetest"
)

// copyOfZoe is what the export of a customer is in these tests.
const copyOfZoe = "all of the customer"

// startWithVaultContact starts a site with deskCompany, in which contact 101 has the conversation 4711 of
// guards-mail. Ann, an admin, is neither in the private channel of that account nor in its team.
func startWithVaultContact(t *testing.T) *sitetest.Site {
	t.Helper()
	s := sitetest.Start(t, deskCompany, withInbox(t), func(o *site.Options) {
		o.Operations.ExportContact = func(_ context.Context, _ []store.ContactID, w io.Writer) error {
			_, err := io.WriteString(w, copyOfZoe)
			return err
		}
	})
	for _, statement := range []string{
		`INSERT INTO contacts (id, name) VALUES (101, 'Zoe')`,
		`INSERT INTO identities (id, account_id, key, name, contact_id)
			SELECT 101, id, 'zoe@shop.example', 'Zoe', 101 FROM accounts WHERE name = 'guards-mail'`,
		`INSERT INTO conversations (id, account_id, team_id, identity_id, status, last_at, created_at)
			SELECT 4711, accounts.id, teams.id, 101, 'open', now(), now()
			FROM accounts, teams
			WHERE accounts.name = 'guards-mail' AND teams.name = 'Guards'`,
	} {
		storetest.Exec(t, s.Pool, statement)
	}
	return s
}

// exportPath exports contact 101.
const exportPath = "/settings/erase/contact/101/export"

// An admin gets no export that has something of a conversation that is not open to them, and reads what to do.
// Requirement R-212: Only some people read an account.
func TestExportOfAPrivateChannel(t *testing.T) {
	t.Parallel()
	s := startWithVaultContact(t)

	a := s.Visitor("ann@acme.test").Get(exportPath)

	wantStatus(t, "the export", a, http.StatusForbidden)
	wantShown(t, "the export", a, "#4711", "not open to you", "parley export-contact")
	wantHidden(t, "the export", a, copyOfZoe)
}

// The export is also refused if the customer wrote something in another customer's private conversation.
// Requirement R-212: Only some people read an account.
func TestExportOfWordsInAPrivateChannel(t *testing.T) {
	t.Parallel()
	s := startWithVaultContact(t)
	storetest.Exec(t, s.Pool, `INSERT INTO messages (id, conversation_id, direction, fate, identity_id, text, said_at, created_at)
		VALUES (11, 4711, 'in', 'in', 101, 'Me too', now(), now())`)
	storetest.Exec(t, s.Pool, `UPDATE conversations SET identity_id = NULL`)

	a := s.Visitor("ann@acme.test").Get(exportPath)

	wantStatus(t, "the export", a, http.StatusForbidden)
}

// An admin who may read all conversations of a customer gets the export, and the log names who got it.
// Requirement R-276: Erase and export a person.
func TestExportIsLogged(t *testing.T) {
	t.Parallel()
	s := startWithVaultContact(t)
	storetest.Exec(t, s.Pool, `
		UPDATE conversations
		SET assignees = ARRAY[(SELECT id FROM agents WHERE email = 'ann@acme.test')]`)
	ann := s.Visitor("ann@acme.test")

	a := ann.Get(exportPath)

	wantStatus(t, "the export", a, http.StatusOK)
	wantShown(t, "the export", a, copyOfZoe)
	wantShown(t, "the log", ann.Get("/settings/log?what=set+up"), "Ann Lee", "contact 101 is exported")
}
