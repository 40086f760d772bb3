package site_test

import (
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// logged keeps what is logged.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}

// stored finds the tables in which a text stands.
func stored(t *testing.T, s *sitetest.Site, text string) (tables []string) {
	t.Helper()
	rows, err := s.Pool.Query(t.Context(), `
		SELECT relname FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
			AND position($1 IN (query_to_xml(format('SELECT * FROM %I', relname), true, false, '')::text)) > 0`, text)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		if err := rows.Scan(&table); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, table)
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return tables
}

// What somebody types as a secret is shown nowhere again and stands readable nowhere: not in the answer to a form that was
// refused, for whatever reason, not on any page, in the log, in the database or in the export; nor after it was saved.
//
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	log := &logged{}
	s := startEverything(t, func(o *site.Options) {
		o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	ann := s.Visitor("ann@acme.test")
	canaries, saved := 0, 0
	pages := everyPage(ann)
	begun := url.Values{"email.address": {"new@acme.test"}, "email.sender_name": {""}, "team": {"Support"}}
	pages["/settings/add-mailbox, gone on"] = ann.Post("/settings/add-mailbox", begun)
	sent := map[string]bool{}
	send := func(form sitetest.Form, what string, spoil map[string]string) {
		t.Helper()
		values := with(form.Values, nil)
		for _, c := range form.Fields {
			if c.Kind == "password" {
				values.Set(c.Name, fmt.Sprintf("  c4nary-%d\x01\n", canaries))
				if spoil == nil {
					values.Set(c.Name, fmt.Sprintf("c4nary-%d", canaries))
				}
				canaries++
			}
		}
		for name, value := range spoil {
			values.Set(name, value)
		}
		a := ann.Post(form.Action, values)
		if a.Status >= 500 {
			t.Errorf("%s, %s: %d", form.Action, what, a.Status)
		}
		if shown := follow(ann, a); a.Has("c4nary") || shown.Has("c4nary") {
			t.Errorf("%s, %s: shown again", form.Action, what)
		}
		if spoil == nil && a.Header.Get("Location") != "" {
			saved++
		}
	}
	for _, page := range pages {
		for _, form := range page.Forms() {
			secrets := 0
			for _, c := range form.Fields {
				if c.Kind == "password" {
					secrets++
				}
			}
			if secrets == 0 || sent[form.Action] {
				continue
			}
			sent[form.Action] = true
			send(form, "of an older version", map[string]string{"version": "0000"})
			send(form, "with nothing else", map[string]string{"name": "", "version": "", "team": "nobody's"})
			send(form, "with a host that answers nobody", map[string]string{"name": "new one", "email.imap.host": "127.0.0.1", "email.imap.port": "1", "email.smtp.host": "127.0.0.1", "email.smtp.port": "1",
				"http.callback_url": "://", "hold": "soon"})
			send(form, "as it was shown", nil)
		}
	}
	if canaries < 60 || saved < 5 {
		t.Errorf("%d secrets were typed, %d forms were saved", canaries, saved)
	}
	if log.has("c4nary") {
		t.Error("a secret was logged")
	}
	if tables := stored(t, s, "c4nary"); len(tables) > 0 {
		t.Errorf("secrets stand readable in %q", tables)
	}
	if strings.Contains(exported(t, s), "c4nary") {
		t.Error("a secret was exported")
	}
	for address, page := range everyPage(ann) {
		for _, secret := range append(sitetest.Secrets(), "c4nary", "tops3cret") {
			if page.Has(secret) {
				t.Errorf("%s shows a secret", address)
			}
		}
	}
	if len(stored(t, s, "ben@acme.test")) == 0 {
		t.Error("the database isn't looked through")
	}
}
