package hours

import (
	"testing"
	"time"
)

// fixedHolidays is a calendar of public holidays that are on the same month and day ("12-25") every year. Its values are
// their names.
type fixedHolidays map[string]string

func (f fixedHolidays) Holiday(_ int, month time.Month, day int) string {
	return f[time.Date(2000, month, day, 0, 0, 0, 0, time.UTC).Format("01-02")]
}

// testCalendars returns the calendar of the only country that it knows, XA.
func testCalendars(country string) Calendar {
	if country != "XA" {
		return nil
	}
	return fixedHolidays{"12-25": "Yule", "05-01": "May Day", "10-31": "Reformation"}
}

// holidayOffice returns the office's Hours with the public holidays of XA except two, and with four special days. One of
// these is also a holiday.
func holidayOffice(t *testing.T) *Hours {
	t.Helper()
	p := officePlan()
	p.Country = "XA"
	p.Except = []string{"may day", "2026-10-31"}
	p.Days = []Day{
		{Date: "2026-12-24", Name: "Christmas Eve", Open: "9:00-12:00"},
		{Date: "2026-12-31", Name: "Inventory"},
		{Date: "2026-11-22", Open: "10:00-16:00"},
		{Date: "2027-01-06", Open: "9:00-10:00"},
	}
	p.Holidays = append(p.Holidays, "2027-01-06")
	h, err := New(p, testCalendars)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// Public holidays of a country close the office, except for those that the plan excepts. The hours of a special day come
// first (requirement R-143).
func TestHolidays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		now      string
		wantOpen bool
	}{
		{name: "public holiday on an open Saturday", now: "2027-12-25 11:00", wantOpen: false},
		{name: "holiday excepted by its name", now: "2026-05-01 11:00", wantOpen: true},
		{name: "holiday excepted by its date", now: "2026-10-31 11:00", wantOpen: true},
		{name: "the day before that holiday a year later", now: "2027-10-30 11:00", wantOpen: true},
		{name: "the same holiday in another year", now: "2028-10-31 11:00", wantOpen: false},
		{name: "half day in the morning", now: "2026-12-24 11:59", wantOpen: true},
		{name: "half day in the afternoon", now: "2026-12-24 14:00", wantOpen: false},
		{name: "special day without hours", now: "2026-12-31 11:00", wantOpen: false},
		{name: "the same day a year later", now: "2027-12-31 11:00", wantOpen: true},
		{name: "special day on a Sunday", now: "2026-11-22 11:00", wantOpen: true},
		{name: "within a holiday's own hours", now: "2027-01-06 09:30", wantOpen: true},
		{name: "after a holiday's own hours", now: "2027-01-06 10:30", wantOpen: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := holidayOffice(t)
			if got := h.OpenAt(at(t, h.Zone(), tt.now)); got != tt.wantOpen {
				t.Errorf("OpenAt(%s) = %v, want %v", tt.now, got, tt.wantOpen)
			}
		})
	}
}

// On a half day, closing and evening are those of that day. The office opens again after the holiday that follows
// (requirement R-143).
func TestHalfDayBeforeAHoliday(t *testing.T) {
	t.Parallel()
	h := holidayOffice(t)
	closing := mustLastClosing(t, h, at(t, h.Zone(), "2026-12-24 10:00"))
	checkTime(t, "LastClosing", closing, at(t, h.Zone(), "2026-12-24 12:00"))
	checkTime(t, "NextOpening after it", h.NextOpening(closing), at(t, h.Zone(), "2026-12-26 10:00"))
	evening := mustEvening(t, h, at(t, h.Zone(), "2026-12-24 08:00"))
	checkTime(t, "Evening", evening, at(t, h.Zone(), "2026-12-24 11:00"))
}

func TestUnknownCountryHasNoHolidays(t *testing.T) {
	t.Parallel()
	p := Plan{Zone: "UTC", Week: []Rule{{Days: "mon-sun", Open: "9:00-10:00"}}, Country: "XB"}
	h, err := New(p, testCalendars)
	if err != nil {
		t.Fatal(err)
	}
	if !h.OpenAt(at(t, time.UTC, "2026-12-25 09:30")) {
		t.Error("closed on a holiday of another country")
	}
}
