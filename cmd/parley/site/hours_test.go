package site_test

import (
	"slices"
	"testing"
	"time"

	"parley/bridge"
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
	hours := must(bridge.Hours(accounts[i].Hours))(t)
	return hours.OpenAt(at)
}

// An admin sets business hours with public holidays and a half day, partly by the keyboard only. Faults are shown
// beside their fields, and nothing that she typed is lost.
// Requirement R-143: Opening hours of an account.
func TestHoursPage(t *testing.T) {
	t.Parallel()
	s := sitetest.Start(t, sitetest.Acme)
	b := s.Walk("ann@acme.test")
	b.Open("/settings/accounts/support-mail")
	b.Press("a[href$='/hours']")
	b.Has("#f-hours-zone")
	b.Looks("hours-none")

	b.Write("#f-hours-zone", "Berlin")
	for day, open := range map[string]string{
		"mon": "early", "tue": "9-12:30, 13:30-17:00", "wed": "09:00-17:00", "thu": "09:00-17:00", "fri": "09:00-17:00",
	} {
		b.Write("#f-hours-week-"+day, open)
	}
	b.Choose("#f-hours-holidays-country", "DE-BY")
	b.Write("#f-hours-holidays-except", "Fronleichnam\nSaint Nobody")
	b.Choose("#f-hours-holidays-days-0-date", "2026-12-23")
	b.Write("#f-hours-holidays-days-0-name", "Before Christmas")
	b.Write("#f-hours-holidays-days-0-open", "mornings")

	b.Press("form.page button")
	b.Has("#f-hours-week-mon-problem")
	b.Has("#f-hours-holidays-days-0-open-problem")
	b.Looks("hours-refused")

	b.Write("#f-hours-week-mon", "9-5pm")
	b.Write("#f-hours-holidays-days-0-open", "09:00-12:00")
	b.Press("form.page button")
	b.Has("#f-hours-holidays-except-problem")

	b.Write("#f-hours-holidays-except", "Fronleichnam")
	b.Press("form.page button")
	b.Shows("Saved.")
	b.Shows("The next public holidays")
	b.Press("main details summary")
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
