package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
	"parley/store/retention"
)

// addOldFacts is a statement that journals three facts as if they had arrived ten days ago.
const addOldFacts = `
	INSERT INTO events (account_id, external_id, order_key, payload, size_bytes, received_at)
	SELECT id, 'mail:' || n, 'x', 'From: nobody', 1, now() - interval '10 days' FROM accounts, generate_series(1, 3) AS n WHERE name = 'support-mail'`

// storedDays returns for how many days an admin has chosen to keep records.
func storedDays(t *testing.T, s *sitetest.Site) retention.Days {
	t.Helper()
	d, err := retention.ReadDays(t.Context(), s.Pool)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// An admin chooses for how long records are kept. A shorter time removes records for good, so the page first shows how many, and
// asks. The log tells the old and the new time.
func TestRetentionPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.Operations.Backups = t.TempDir() })
	if _, err := s.Pool.Exec(t.Context(), addOldFacts); err != nil {
		t.Fatal(err)
	}
	b := s.Browser("ann@acme.test")
	save := func(field, days string) {
		t.Helper()
		b.Write("#f-retention-"+field, days)
		b.Press("form.page button.main")
	}
	b.Open("/settings/retention")
	b.Shows("What arrived, as it came")
	b.Looks("retention")

	// A number out of bounds is refused, and what was typed stays.
	save("arrived_days", "5")
	b.Shows("Write a number from 7 to 3650")
	b.Until("what was typed stands there", "document.querySelector('#f-retention-arrived_days').value === '5'")

	// A shorter time is asked about, and nothing is saved.
	save("arrived_days", "7")
	b.Shows("What arrived, as it came: 3")
	b.Looks("retention-shorter")
	if got := storedDays(t, s); got != (retention.Days{}) {
		t.Errorf("the question saved %+v", got)
	}

	// Another time than the one that was asked about is asked about anew.
	save("arrived_days", "8")
	b.Until("another time is asked about anew", "document.querySelector('[name=sure]').value === 'retention.arrived_days=8'")

	// Saved, it stands in the database and in parley.yaml.
	b.Press("form.page button.main")
	b.Shows("Saved.")
	if got := storedDays(t, s); got != (retention.Days{Arrived: 8}) {
		t.Errorf("stored: %+v", got)
	}
	if file := exported(t, s); !strings.Contains(file, "retention:\n  arrived_days: 8\n") {
		t.Errorf("parley.yaml says %s", file)
	}

	// An empty field means the default, and a longer time needs no question.
	b.Write("#f-retention-arrived_days", "")
	save("ended_days", "400")
	b.Shows("400 days after the end")
	if got := storedDays(t, s); got != (retention.Days{Ended: 400}) || got.Kept().Payloads != 30*24*time.Hour {
		t.Errorf("stored: %+v", got)
	}

	log := s.Visitor("ann@acme.test").Get("/settings/log?what=set+up")
	for _, line := range []string{"retention: arrived_days (default) → 8", "arrived_days 8 → (default)", "ended_days (default) → 400"} {
		if !log.Has(line) {
			t.Errorf("the log doesn't tell: %s", line)
		}
	}
}

// Of two changes of the same version of the page, the second is refused. Nobody saves a shorter time without having confirmed exactly
// that time.
func TestRetentionAtOnce(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	ann := s.Visitor("ann@acme.test")
	version := ann.Get("/settings/retention").Version()
	post := func(days string) sitetest.Answer {
		return ann.Post("/settings/retention", url.Values{"version": {version}, "retention.ended_days": {days}})
	}
	if a := post("100"); a.Status != http.StatusSeeOther {
		t.Fatalf("saved: %d %s", a.Status, a.Body)
	}
	if a := post("200"); a.Status != http.StatusUnprocessableEntity || !a.Has("Somebody else changed") || !a.Has(`value="200"`) {
		t.Errorf("a form of an old version: status %d, body %s", a.Status, a.Body)
	}
	version = ann.Get("/settings/retention").Version()
	for _, sure := range []string{"", "yes", "retention.ended_days=30", "retention.arrived_days=40"} {
		a := ann.Post("/settings/retention", url.Values{"version": {version}, "retention.ended_days": {"40"}, "sure": {sure}})
		if a.Status != http.StatusOK || !a.Has("Nothing was saved yet") || storedDays(t, s).Ended != 100 {
			t.Errorf("confirmed by %q: status %d, stored %+v", sure, a.Status, storedDays(t, s))
		}
	}
}
