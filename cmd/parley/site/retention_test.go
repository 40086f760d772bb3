package site_test

import (
	"net/http"
	"net/url"
	"testing"

	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// storedDays returns for how many days an admin has chosen to keep records.
func storedDays(t *testing.T, s *sitetest.Site) store.RetentionDays {
	t.Helper()
	return must(store.ReadRetentionDays(t.Context(), s.Pool))(t)
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
