package site_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"parley/bridge/holiday"
	"parley/cmd/parley/site/sitetest"
	"parley/store"
)

// opensAt reports whether an account is open at a moment in Berlin.
func opensAt(t *testing.T, s *sitetest.Site, account, moment string) bool {
	t.Helper()
	berlin := must(time.LoadLocation("Europe/Berlin"))(t)
	at := must(time.ParseInLocation("2006-01-02 15:04", moment, berlin))(t)
	accounts := directoryOf(t, s).Accounts
	i := slices.IndexFunc(accounts, func(a store.Account) bool { return a.Name == account })
	if i < 0 {
		t.Fatalf("there is no account %s", account)
	}
	hours := must(holiday.Hours(accounts[i].Hours))(t)
	return hours.OpenAt(at)
}

// An admin sets business hours with public holidays and a half day, partly by the keyboard only. Faults are shown
// beside their fields, and nothing that she typed is lost.
// Requirement R-143: Opening hours of an account.
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
	b.Until("what is wrong stands beside its field",
		"document.querySelector('#f-hours-week-mon-problem') && document.querySelector('#f-hours-holidays-days-0-open-problem')")
	b.Looks("hours-refused")

	b.Write("#f-hours-week-mon", "09:00-17:00")
	b.Write("#f-hours-holidays-days-0-open", "09:00-12:00")
	b.Press("form.page button")
	b.Until("the holiday that nobody knows is refused",
		"document.querySelector('#f-hours-holidays-except-problem') && !document.querySelector('#f-hours-week-mon-problem')")

	b.Write("#f-hours-holidays-except", "Fronleichnam")
	b.Press("form.page button")
	b.Shows("Saved.")
	b.Shows("The next public holidays")
	b.Press("details summary")
	b.Looks("hours")

	for _, tt := range []struct {
		name   string
		moment string // in Berlin
		want   bool   // open
	}{
		{name: "monday", moment: "2026-12-07 10:00", want: true},
		{name: "tuesday's lunch break", moment: "2026-12-08 13:00", want: false},
		{name: "saturday", moment: "2026-12-12 10:00", want: false},
		{name: "half day, in the morning", moment: "2026-12-23 10:00", want: true},
		{name: "half day, in the afternoon", moment: "2026-12-23 13:00", want: false},
		{name: "Christmas", moment: "2026-12-25 10:00", want: false},
		{name: "Corpus Christi, which is excepted", moment: "2027-05-27 10:00", want: true},
	} {
		if got := opensAt(t, s, "support-mail", tt.moment); got != tt.want {
			t.Errorf("%s (%s): open is %t, want %t", tt.name, tt.moment, got, tt.want)
		}
	}
}

const hoursForm = "/settings/accounts/second/hours"

// startWithHours starts a site with the account second, which is open from Monday to Friday, except on two days off.
func startWithHours(t *testing.T) *sitetest.Site {
	t.Helper()
	return sitetest.Start(t, sitetest.Acme+`
  - name: second
    kind: http
    http: {secret: "another-secret-that-is-long", callback_url: "https://shop.test/parley"}
    hours: {zone: Europe/Berlin, week: {mon-fri: "9:00-17:00", "sat,sun": closed}, holidays: [2026-12-21, 2026-12-22]}
`)
}

// postHours sends the form with the week as it is and with these days off.
func postHours(v *sitetest.Visitor, daysOff url.Values) sitetest.Answer {
	form := with(daysOff, url.Values{"hours.zone": {"Europe/Berlin"}, "version": {v.Get(hoursForm).Version()}})
	for _, day := range []string{"mon", "tue", "wed", "thu", "fri"} {
		form.Set("hours.week."+day, "9:00-17:00")
	}
	return v.Post(hoursForm, form)
}

// A page that is sent back unchanged changes nothing.
func TestHoursSentBackAsTheyWere(t *testing.T) {
	t.Parallel()
	ann := startWithHours(t).Visitor("ann@acme.test")
	a := postHours(ann, url.Values{"hours.holidays.days.0.date": {"2026-12-21"}, "hours.holidays.days.1.date": {"2026-12-22"}})
	wantStatus(t, "the form", a, http.StatusSeeOther)
	wantShown(t, "the page after it", ann.Get(hoursForm), "Nothing was changed")
}

func TestHoursDayOffNeedsDate(t *testing.T) {
	t.Parallel()
	a := postHours(startWithHours(t).Visitor("ann@acme.test"), url.Values{
		"hours.holidays.days.0.date": {""},
		"hours.holidays.days.0.name": {"x"},
		"hours.holidays.days.1.date": {"2026-12-22"},
		"hours.holidays.days.2.name": {"no date"},
	})
	wantStatus(t, "the form", a, http.StatusUnprocessableEntity)
	wantShown(t, "the form", a, "Is missing: each day has one")
}

// If the date of a day off is emptied, that day is removed.
func TestHoursDayOffIsTakenOut(t *testing.T) {
	t.Parallel()
	s := startWithHours(t)
	a := postHours(s.Visitor("ann@acme.test"), url.Values{"hours.holidays.days.0.date": {""}, "hours.holidays.days.1.date": {"2026-12-22"}})
	wantStatus(t, "the form", a, http.StatusSeeOther)
	if !opensAt(t, s, "second", "2026-12-21 10:00") {
		t.Error("the account is closed on the day that was taken out")
	}
	if opensAt(t, s, "second", "2026-12-22 10:00") {
		t.Error("the account is open on the day off that stayed")
	}
}

// If a second admin has an older page, her change is refused, and what she typed stays.
func TestHoursOfSecondAdmin(t *testing.T) {
	t.Parallel()
	form := url.Values{"hours.zone": {"UTC"}, "hours.week.sun": {"10:00-11:00"}, "version": {"old"}}
	a := startWithHours(t).Visitor("ann@acme.test").Post(hoursForm, form)
	wantStatus(t, "the form", a, http.StatusUnprocessableEntity)
	wantShown(t, "the form", a, "Somebody else changed", `value="UTC"`)
}

// If all fields are empty, the account is always open.
func TestHoursEmpty(t *testing.T) {
	t.Parallel()
	s := startWithHours(t)
	ann := s.Visitor("ann@acme.test")
	wantStatus(t, "the form", ann.Post(hoursForm, url.Values{"version": {ann.Get(hoursForm).Version()}}), http.StatusSeeOther)
	if sundayNight := "2026-12-20 03:00"; !opensAt(t, s, "second", sundayNight) {
		t.Errorf("the account is closed at %s, want it always open", sundayNight)
	}
}
