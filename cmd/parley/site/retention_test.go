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

// oldRows are three facts that arrived ten days ago.
const oldRows = `
	INSERT INTO events (account_id, external_id, order_key, payload, size_bytes, received_at)
	SELECT id, 'mail:' || n, 'x', 'From: nobody', 1, now() - interval '10 days' FROM accounts, generate_series(1, 3) AS n WHERE name = 'support-mail'`

// days reads for how many days records are kept.
func days(t *testing.T, s *sitetest.Site) retention.Days {
	t.Helper()
	d, err := retention.ReadDays(t.Context(), s.Pool)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// An admin chooses for how long records are kept. A shorter time removes something for good: the page says how much before
// anything is saved. The log has what was before and after.
func TestRetentionPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.Operations.Backups = t.TempDir() })
	if _, err := s.Pool.Exec(t.Context(), oldRows); err != nil {
		t.Fatal(err)
	}
	b := s.Browser("ann@acme.test")
	b.Open("/settings/retention")
	b.Shows("What arrived, as it came")
	b.Looks("retention")
	b.Write("#f-retention-arrived_days", "5")
	b.Press("form.page button.main")
	b.Shows("Write a number from 7 to 3650")
	b.Until("what was typed stands there", "document.querySelector('#f-retention-arrived_days').value === '5'")
	b.Write("#f-retention-arrived_days", "7")
	b.Press("form.page button.main")
	b.Shows("What arrived, as it came: 3")
	b.Looks("retention-shorter")
	if got := (days(t, s)); got != (retention.Days{}) {
		t.Errorf("the question saved %+v", got)
	}
	b.Write("#f-retention-arrived_days", "8")
	b.Press("form.page button.main")
	b.Until("another time is asked about anew", "document.querySelector('[name=sure]').value === 'retention.arrived_days=8'")
	b.Press("form.page button.main")
	b.Shows("Saved.")
	if got := (days(t, s)); got != (retention.Days{Arrived: 8}) {
		t.Errorf("stored: %+v", got)
	}
	if file := exported(t, s); !strings.Contains(file, "retention:\n  arrived_days: 8\n") {
		t.Errorf("parley.yaml says %s", file)
	}
	b.Write("#f-retention-arrived_days", "")
	b.Write("#f-retention-ended_days", "400")
	b.Press("form.page button.main")
	b.Shows("400 days after the end") // longer times need no question
	if got := (days(t, s)); got != (retention.Days{Ended: 400}) || got.Kept().Payloads != 30*24*time.Hour {
		t.Errorf("stored: %+v", got)
	}
	log := s.Visitor("ann@acme.test").Get("/settings/log?what=set+up")
	for _, line := range []string{"retention: arrived_days (default) → 8", "arrived_days 8 → (default)", "ended_days (default) → 400"} {
		if !log.Has(line) {
			t.Errorf("the log doesn't tell: %s", line)
		}
	}
}

// Two admins who change it at once are told, and nobody saves a shorter time without having seen what it removes.
func TestRetentionAtOnce(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	ann := s.Visitor("ann@acme.test")
	version := ann.Get("/settings/retention").Version()
	longer := func(days string) sitetest.Answer {
		return ann.Post("/settings/retention", url.Values{"version": {version}, "retention.ended_days": {days}})
	}
	if a := longer("100"); a.Status != http.StatusSeeOther {
		t.Fatalf("saved: %d %s", a.Status, a.Body)
	}
	if a := longer("200"); a.Status != http.StatusUnprocessableEntity || !a.Has("Somebody else changed") || !a.Has(`value="200"`) {
		t.Errorf("an old page: %d", a.Status)
	}
	version = ann.Get("/settings/retention").Version()
	for _, sure := range []string{"", "yes", "retention.ended_days=30", "retention.arrived_days=40"} {
		a := ann.Post("/settings/retention", url.Values{"version": {version}, "retention.ended_days": {"40"}, "sure": {sure}})
		if a.Status != http.StatusOK || !a.Has("Nothing was saved yet") || days(t, s).Ended != 100 {
			t.Errorf("sure %q: %d, kept are %+v", sure, a.Status, days(t, s))
		}
	}
}
