package site_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/storetest"
)

// logBuffer keeps what is logged. It may be written to by several goroutines.
type logBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBuffer) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}

// tablesWith returns the tables in which a text can be read.
func tablesWith(t *testing.T, s *sitetest.Site, text string) (tables []string) {
	t.Helper()
	tables = storetest.Rows(t, s.Pool, pgx.RowTo[string], `
		SELECT relname FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
			AND position($1 IN (query_to_xml(format('SELECT * FROM %I', relname), true, false, '')::text)) > 0`, text)
	return tables
}

// canary begins each secret that TestSecretsStaySecret types, so that it can be looked for everywhere.
const canary = "c4nary"

// secretTyper types secrets into forms, and counts them.
type secretTyper struct {
	t     *testing.T
	ann   *sitetest.Visitor
	typed int // secrets
	saved int // forms that were taken
}

// passwordFields lists the fields of a form that take secrets.
func passwordFields(form sitetest.Form) (names []string) {
	for _, c := range form.Fields {
		if c.Kind == "password" {
			names = append(names, c.Name)
		}
	}
	return names
}

// sendSpoiled sends a form with a secret in each field for one, and with other values that have it refused. The
// secret has characters that no password has.
func (s *secretTyper) sendSpoiled(form sitetest.Form, what string, values map[string]string) {
	s.t.Helper()
	sent := with(form.Values, nil)
	for _, name := range passwordFields(form) {
		sent.Set(name, fmt.Sprintf("  %s-%d\x01\n", canary, s.typed))
		s.typed++
	}
	for name, value := range values {
		sent.Set(name, value)
	}
	s.send(form, what, sent)
}

// sendWhole sends a form as it was shown, with a secret in each field for one.
func (s *secretTyper) sendWhole(form sitetest.Form) {
	s.t.Helper()
	sent := with(form.Values, nil)
	for _, name := range passwordFields(form) {
		sent.Set(name, fmt.Sprintf("%s-%d", canary, s.typed))
		s.typed++
	}
	if a := s.send(form, "as it was shown", sent); a.Header.Get("Location") != "" {
		s.saved++
	}
}

// send sends a form, and checks that neither the answer nor the page after it shows a secret.
func (s *secretTyper) send(form sitetest.Form, what string, values url.Values) sitetest.Answer {
	s.t.Helper()
	a := s.ann.Post(form.Action, values)
	if a.Status >= http.StatusInternalServerError {
		s.t.Errorf("%s, %s: status %d, want no error of Parley's", form.Action, what, a.Status)
	}
	for _, shown := range []sitetest.Answer{a, follow(s.ann, a)} {
		if shown.Has(canary) {
			s.t.Errorf("%s, %s: the secret is shown again", form.Action, what)
		}
	}
	return a
}

// A secret that an admin types into a form is shown nowhere again, and can be read nowhere: not in the answer, on any
// page, in the log, in the database or in the export. This holds for forms that are refused, for whatever reason, and
// for forms that are saved.
// Requirement R-221: Pages for admins.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	s := startEverything(t, func(o *site.Options) {
		o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	ann := s.Visitor("ann@acme.test")
	pages := everyPage(ann)
	secondStep := url.Values{"email.address": {"new@acme.test"}, "email.sender_name": {""}, "team": {"Support"}}
	pages["/settings/add-mailbox, gone on"] = ann.Post("/settings/add-mailbox", secondStep)

	typer := &secretTyper{t: t, ann: ann}
	sent := map[string]bool{}
	for _, page := range pages {
		for _, form := range page.Forms() {
			if len(passwordFields(form)) == 0 || sent[form.Action] {
				continue
			}
			sent[form.Action] = true
			typer.sendSpoiled(form, "of an older version", map[string]string{"version": "0000"})
			typer.sendSpoiled(form, "with nothing else", map[string]string{"name": "", "version": "", "team": "nobody's"})
			typer.sendSpoiled(form, "with a host that answers nobody", map[string]string{
				"name":              "new one",
				"email.imap.host":   "127.0.0.1",
				"email.imap.port":   "1",
				"email.smtp.host":   "127.0.0.1",
				"email.smtp.port":   "1",
				"http.callback_url": "://",
				"team":              "nobody's",
			})
			typer.sendWhole(form)
		}
	}
	if typer.typed < 60 || typer.saved < 5 {
		t.Errorf("%d secrets were typed and %d forms saved, want at least 60 and 5: else this test shows little", typer.typed, typer.saved)
	}
	checkSecretsAreNowhere(t, s, ann, log)
}

// checkSecretsAreNowhere looks for secrets in all places where they could stand readable.
func checkSecretsAreNowhere(t *testing.T, s *sitetest.Site, ann *sitetest.Visitor, log *logBuffer) {
	t.Helper()
	if log.has(canary) {
		t.Error("the log has a secret")
	}
	if tables := tablesWith(t, s, canary); len(tables) > 0 {
		t.Errorf("the tables %q have secrets that can be read", tables)
	}
	if len(tablesWith(t, s, "ben@acme.test")) == 0 {
		t.Error("no table has Ben's address, so tablesWith finds nothing")
	}
	if strings.Contains(exported(t, s), canary) {
		t.Error("the exported set-up has a secret")
	}
	for path, page := range everyPage(ann) {
		for _, secret := range append(sitetest.Secrets(), canary, "tops3cret") {
			if page.Has(secret) {
				t.Errorf("%s shows the secret %s", path, secret)
			}
		}
	}
}
