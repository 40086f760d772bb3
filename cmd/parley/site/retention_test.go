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
	SELECT id, 'mail:' || n, 'x', 'From: nobody', 1, now() - interval '10 days'
	FROM accounts, generate_series(1, 3) AS n
	WHERE name = 'support-mail'`

// storedDays returns for how many days an admin has chosen to keep records.
func storedDays(t *testing.T, s *sitetest.Site) retention.Days {
	t.Helper()
	return must(retention.ReadDays(t.Context(), s.Pool))(t)
}

// An admin chooses for how long records are kept. A shorter time removes records for good, so the page first shows
// how many, and asks. The log tells the old and the new time.
func TestRetentionPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme, func(o *site.Options) { o.Operations.Backups = t.TempDir() })
	must(s.Pool.Exec(t.Context(), addOldFacts))(t)
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
		t.Errorf("the question saved %+v, want nothing saved", got)
	}

	// Another time than the one that was asked about is asked about anew.
	save("arrived_days", "8")
	b.Until("another time is asked about anew", "document.querySelector('[name=sure]').value === 'retention.arrived_days=8'")

	// Once it is saved, the time is in the database and in parley.yaml.
	b.Press("form.page button.main")
	b.Shows("Saved.")
	if got, want := storedDays(t, s), (retention.Days{Arrived: 8}); got != want {
		t.Errorf("after the first change: stored %+v, want %+v", got, want)
	}
	if file, want := exported(t, s), "retention:\n  arrived_days: 8\n"; !strings.Contains(file, want) {
		t.Errorf("parley.yaml lacks %q:\n%s", want, file)
	}

	// An empty field means the default, and a longer time needs no question.
	b.Write("#f-retention-arrived_days", "")
	save("ended_days", "400")
	b.Shows("400 days after the end")
	got := storedDays(t, s)
	if want := (retention.Days{Ended: 400}); got != want {
		t.Errorf("after the second change: stored %+v, want %+v", got, want)
	}
	const defaultArrived = 30 * 24 * time.Hour
	if kept := got.Periods().Payloads; kept != defaultArrived {
		t.Errorf("what arrived is kept for %s, want %s, the default", kept, defaultArrived)
	}

	log := s.Visitor("ann@acme.test").Get("/settings/log?what=set+up")
	for _, line := range []string{"retention: arrived_days (default) → 8", "arrived_days 8 → (default)", "ended_days (default) → 400"} {
		if !log.Has(line) {
			t.Errorf("the log lacks %q", line)
		}
	}
}

// postRetention sends the page's form, in which conversations that ended are kept so many days. sure is the time that
// the page asked about; "" if it didn't ask.
func postRetention(v *sitetest.Visitor, version, endedDays, sure string) sitetest.Answer {
	return v.Post("/settings/retention", url.Values{"version": {version}, "retention.ended_days": {endedDays}, "sure": {sure}})
}

// startWithRetention starts a site where conversations that ended are kept for 100 days. version is that of the page
// before this was chosen.
func startWithRetention(t *testing.T) (s *sitetest.Site, ann *sitetest.Visitor, version string) {
	t.Helper()
	s = sitetest.Start(t, sitetest.Acme)
	ann = s.Visitor("ann@acme.test")
	version = ann.Get("/settings/retention").Version()
	if a := postRetention(ann, version, "100", ""); a.Status != http.StatusSeeOther {
		t.Fatalf("got status %d, want 303 as for what is saved: %s", a.Status, a.Body)
	}
	return s, ann, version
}

// Two forms of the same version of the page are sent. The second is refused, and what was typed stays.
func TestRetentionAtOnce(t *testing.T) {
	t.Parallel()
	_, ann, oldVersion := startWithRetention(t)

	a := postRetention(ann, oldVersion, "200", "")

	if a.Status != http.StatusUnprocessableEntity {
		t.Errorf("got status %d, want 422", a.Status)
	}
	for _, want := range []string{"Somebody else changed", `value="200"`} {
		if !a.Has(want) {
			t.Errorf("the page lacks %q: %s", want, a.Body)
		}
	}
}

// A shorter time is saved only if exactly that time was confirmed.
func TestRetentionIsConfirmed(t *testing.T) {
	t.Parallel()
	s, ann, _ := startWithRetention(t)
	version := ann.Get("/settings/retention").Version()
	for _, tt := range []struct {
		name string
		sure string
	}{
		{name: "nothing is confirmed", sure: ""},
		{name: "it isn't said what", sure: "yes"},
		{name: "another time", sure: "retention.ended_days=30"},
		{name: "the time of other records", sure: "retention.arrived_days=40"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := postRetention(ann, version, "40", tt.sure)
			if a.Status != http.StatusOK {
				t.Errorf("got status %d, want 200 with a question", a.Status)
			}
			if want := "Nothing was saved yet"; !a.Has(want) {
				t.Errorf("the page lacks %q: %s", want, a.Body)
			}
			if got := storedDays(t, s).Ended; got != 100 {
				t.Errorf("%d days are stored, want 100 as before", got)
			}
		})
	}
}
