package site_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"parley/bridge/holiday"
	"parley/cmd/parley/site/sitetest"
)

// opensAt reports whether an account is open at a moment in Berlin.
func opensAt(t *testing.T, s *sitetest.Site, account, moment string) bool {
	t.Helper()
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.ParseInLocation("2006-01-02 15:04", moment, berlin)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range directoryOf(t, s).Accounts {
		if a.Name == account {
			h, err := holiday.Hours(a.Hours)
			if err != nil {
				t.Fatal(err)
			}
			return h.OpenAt(at)
		}
	}
	t.Fatalf("no account %s", account)
	return false
}

// An admin sets business hours with public holidays and a half day, by the keyboard alone where it matters; what is wrong
// stands beside its field, and nothing is lost.
//
func TestHoursPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	b := s.Browser("ann@acme.test")
	b.Open("/settings/accounts/support-mail")
	b.Press("a[href$='/hours']")
	b.Until("the page is there", "document.querySelector('#f-hours-zone')")
	b.Looks("hours-none")
	b.Write("#f-hours-zone", "Europe/Berlin")
	b.Keys("\t9-17\t09:00-12:30, 13:30-17:00\t09:00-17:00\t09:00-17:00\t09:00-17:00")
	b.Value("document.querySelector('#f-hours-holidays-country').value = 'DE-BY'")
	b.Write("#f-hours-holidays-except", "Fronleichnam\nSaint Nobody")
	b.Value("document.querySelector('#f-hours-holidays-days-0-date').value = '2026-12-23'")
	b.Write("#f-hours-holidays-days-0-name", "Before Christmas")
	b.Write("#f-hours-holidays-days-0-open", "mornings")
	b.Press("form.page button")
	b.Until("what is wrong stands beside its field", "document.querySelector('#f-hours-week-mon-problem') && document.querySelector('#f-hours-holidays-days-0-open-problem')")
	b.Looks("hours-refused")
	b.Write("#f-hours-week-mon", "09:00-17:00")
	b.Write("#f-hours-holidays-days-0-open", "09:00-12:00")
	b.Press("form.page button")
	b.Until("the holiday that nobody knows is refused", "document.querySelector('#f-hours-holidays-except-problem') && !document.querySelector('#f-hours-week-mon-problem')")
	b.Write("#f-hours-holidays-except", "Fronleichnam")
	b.Press("form.page button")
	b.Shows("Saved.")
	b.Shows("The next public holidays")
	b.Press("details summary")
	b.Looks("hours")
	for moment, open := range map[string]bool{
		"2026-12-07 10:00": true, "2026-12-08 13:00": false, "2026-12-12 10:00": false, // a monday, a tuesday at noon, a saturday
		"2026-12-23 10:00": true, "2026-12-23 13:00": false, "2026-12-25 10:00": false, "2027-05-27 10:00": true, // Corpus Christi
	} {
		if got := opensAt(t, s, "support-mail", moment); got != open {
			t.Errorf("%s: open %v", moment, got)
		}
	}
}

// A page that is sent back as it was changes nothing; a date that is emptied takes its day out; with everything empty the
// account is always open.
func TestHoursWithoutScript(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme+`
  - name: second
    kind: http
    http: {secret: "another-secret-that-is-long", callback_url: "https://shop.test/parley"}
    hours: {zone: Europe/Berlin, week: {mon-fri: "9:00-17:00", "sat,sun": closed}, holidays: [2026-12-21, 2026-12-22]}
`)
	ann := s.Visitor("ann@acme.test")
	const path = "/settings/accounts/second/hours"
	week := func(form url.Values) url.Values {
		for _, day := range []string{"mon", "tue", "wed", "thu", "fri"} {
			form.Set("hours.week."+day, "9:00-17:00")
		}
		form.Set("hours.zone", "Europe/Berlin")
		form.Set("version", ann.Get(path).Version())
		return form
	}
	if a := ann.Post(path, week(url.Values{"hours.holidays.days.0.date": {"2026-12-21"}, "hours.holidays.days.1.date": {"2026-12-22"}})); a.Status != http.StatusSeeOther || !ann.Get(path).Has("Nothing was changed") {
		t.Errorf("sent back as it was: %d", a.Status)
	}
	if a := ann.Post(path, week(url.Values{"hours.holidays.days.0.date": {""}, "hours.holidays.days.0.name": {"x"}, "hours.holidays.days.1.date": {"2026-12-22"}, "hours.holidays.days.2.name": {"no date"}})); a.Status != http.StatusUnprocessableEntity || !a.Has("Is missing") {
		t.Errorf("a day without a date: %d", a.Status)
	}
	if a := ann.Post(path, week(url.Values{"hours.holidays.days.0.date": {""}, "hours.holidays.days.1.date": {"2026-12-22"}})); a.Status != http.StatusSeeOther {
		t.Errorf("a day is taken out: %d %s", a.Status, a.Body)
	}
	if !opensAt(t, s, "second", "2026-12-21 10:00") || opensAt(t, s, "second", "2026-12-22 10:00") {
		t.Error("the wrong day was taken out")
	}
	if a := ann.Post(path, url.Values{"hours.zone": {"UTC"}, "hours.week.sun": {"10:00-11:00"}, "version": {"old"}}); a.Status != http.StatusUnprocessableEntity || !a.Has("Somebody else changed") || !a.Has(`value="UTC"`) {
		t.Errorf("a second admin: %d", a.Status)
	}
	if a := ann.Post(path, url.Values{"version": {ann.Get(path).Version()}}); a.Status != http.StatusSeeOther || !opensAt(t, s, "second", "2026-12-20 03:00") {
		t.Errorf("always open: %d", a.Status)
	}
}
