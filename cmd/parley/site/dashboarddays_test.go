package site_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/cmd/parley/site"
	"parley/cmd/parley/site/sitetest"
)

// A period ends with the present day of the accounts, not of the viewer. If their zones have different days, the
// period has the whole day of each. The days of support-mail, which has no business hours, are UTC's, and those of
// shop are Tokyo's.
// Requirement R-230: Time to answer.
func TestPeriodsEndWithTheAccountsToday(t *testing.T) {
	t.Parallel()
	company := strings.NewReplacer(
		"name: shop,", `name: shop, hours: {zone: Asia/Tokyo, week: {mon-fri: "09:00-17:00"}},`,
		"zone: Europe/Berlin", "zone: America/New_York", // Ann's, who looks at the figures
	).Replace(sitetest.Acme)
	const (
		night   = "03:00" // in UTC; in New York it is still the 14th
		evening = "20:00" // in UTC; in Tokyo it is already the 16th
	)
	tests := []struct {
		name     string
		now      string // on 15 January, in UTC
		account  string // "" means all
		days     int
		wantFrom int // day of January
		wantTo   int
	}{
		{name: "today of an account in UTC", now: night, account: "support-mail", days: 1, wantFrom: 15, wantTo: 15},
		{name: "today of an account in Tokyo", now: evening, account: "shop", days: 1, wantFrom: 16, wantTo: 16},
		{name: "today of all", now: evening, days: 1, wantFrom: 15, wantTo: 16},
		{name: "today of all, while it is the same day for all", now: night, days: 1, wantFrom: 15, wantTo: 15},
		{name: "a week of all", now: evening, days: 7, wantFrom: 9, wantTo: 16},
		{name: "a week of an account in Tokyo", now: evening, account: "shop", days: 7, wantFrom: 10, wantTo: 16},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			year := time.Now().Year() + 1
			now := must(time.Parse("2006-01-02 15:04", fmt.Sprintf("%d-01-15 %s", year, tt.now)))(t)
			s := sitetest.Start(t, company, func(o *site.Options) { o.Now = func() time.Time { return now } })
			query := fmt.Sprintf("?days=%d", tt.days)
			if tt.account != "" {
				query += fmt.Sprintf("&account=%d", countRowsOf(t, s, `SELECT id::int FROM accounts WHERE name = $1`, tt.account))
			}

			file := s.Visitor("ann@acme.test").Get("/settings/dashboard/figures.csv" + query)

			wantStatus(t, "the file", file, http.StatusOK)
			want := fmt.Sprintf("figures-%d-01-%02d-%d-01-%02d-open.csv", year, tt.wantFrom, year, tt.wantTo)
			wantHeader(t, "the file", file, "Content-Disposition", want)
		})
	}
}
