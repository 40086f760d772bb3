package hours

import (
	"testing"
	"time"
)

// at reads a time such as "2026-11-20 14:00" in a zone.
func at(t testing.TB, zone *time.Location, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// mustNew makes the Hours of a plan without a country.
func mustNew(t testing.TB, p Plan) *Hours {
	t.Helper()
	h, err := New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// mustEvening returns the time an hour before the business closes next. It fails the test if there is none.
func mustEvening(t *testing.T, h *Hours, now time.Time) time.Time {
	t.Helper()
	evening, ok := h.Evening(now, time.Hour)
	if !ok {
		t.Fatalf("Evening(%v) found no evening", now)
	}
	return evening
}

// mustLastClosing returns the time at which the business closes on the day of now. It fails the test if it doesn't open that day.
func mustLastClosing(t *testing.T, h *Hours, now time.Time) time.Time {
	t.Helper()
	closing, ok := h.LastClosing(now)
	if !ok {
		t.Fatalf("LastClosing(%v) found no closing", now)
	}
	return closing
}

func checkTime(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// officePlan returns a week with lunch breaks, a short Saturday and one holiday, which is a Friday.
func officePlan() Plan {
	return Plan{
		Zone: "Europe/Berlin",
		Week: []Rule{
			{Days: "mon-fri", Open: "9:00-12:30, 13:30-17:30"},
			{Days: "sat", Open: "10:00-14:00"},
		},
		Holidays: []string{"2026-12-25"},
	}
}

// Requirement R-143: Opening hours of an account.
func TestHours(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name            string
		now             string
		wantOpen        bool
		wantNextOpening string
		wantLastClosing string // empty if the office doesn't open on that day
		wantReopens     string
		wantEvening     string // an hour before the next closing
	}{
		{
			name:            "Friday morning",
			now:             "2026-11-20 10:00",
			wantOpen:        true,
			wantNextOpening: "2026-11-20 10:00",
			wantLastClosing: "2026-11-20 17:30",
			wantReopens:     "2026-11-21 10:00",
			wantEvening:     "2026-11-20 16:30",
		},
		{
			name:            "lunch break",
			now:             "2026-11-20 13:00",
			wantOpen:        false,
			wantNextOpening: "2026-11-20 13:30",
			wantLastClosing: "2026-11-20 17:30",
			wantReopens:     "2026-11-21 10:00",
			wantEvening:     "2026-11-20 16:30",
		},
		{
			name:            "the minute of closing",
			now:             "2026-11-20 17:30",
			wantOpen:        false,
			wantNextOpening: "2026-11-21 10:00",
			wantLastClosing: "2026-11-20 17:30",
			wantReopens:     "2026-11-21 10:00",
			wantEvening:     "2026-11-21 13:00",
		},
		{
			name:            "the minute before closing",
			now:             "2026-11-20 17:29",
			wantOpen:        true,
			wantNextOpening: "2026-11-20 17:29",
			wantLastClosing: "2026-11-20 17:30",
			wantReopens:     "2026-11-21 10:00",
			wantEvening:     "2026-11-21 13:00",
		},
		{
			name:            "the minute of the evening itself",
			now:             "2026-11-20 16:30",
			wantOpen:        true,
			wantNextOpening: "2026-11-20 16:30",
			wantLastClosing: "2026-11-20 17:30",
			wantReopens:     "2026-11-21 10:00",
			wantEvening:     "2026-11-21 13:00",
		},
		{
			name:            "Sunday",
			now:             "2026-11-22 12:00",
			wantOpen:        false,
			wantNextOpening: "2026-11-23 09:00",
			wantLastClosing: "",
			wantReopens:     "2026-11-23 09:00",
			wantEvening:     "2026-11-23 16:30",
		},
		{
			name:            "Saturday noon",
			now:             "2026-11-21 12:00",
			wantOpen:        true,
			wantNextOpening: "2026-11-21 12:00",
			wantLastClosing: "2026-11-21 14:00",
			wantReopens:     "2026-11-23 09:00",
			wantEvening:     "2026-11-21 13:00",
		},
		{
			name:            "the afternoon before a holiday",
			now:             "2026-12-24 17:00",
			wantOpen:        true,
			wantNextOpening: "2026-12-24 17:00",
			wantLastClosing: "2026-12-24 17:30",
			wantReopens:     "2026-12-26 10:00",
			wantEvening:     "2026-12-26 13:00",
		},
		{
			name:            "a holiday",
			now:             "2026-12-25 11:00",
			wantOpen:        false,
			wantNextOpening: "2026-12-26 10:00",
			wantLastClosing: "",
			wantReopens:     "2026-12-26 10:00",
			wantEvening:     "2026-12-26 13:00",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := mustNew(t, officePlan())
			now := at(t, h.Zone(), tt.now).UTC() // the caller's zone doesn't matter
			if got := h.OpenAt(now); got != tt.wantOpen {
				t.Errorf("OpenAt: got %v, want %v", got, tt.wantOpen)
			}
			checkTime(t, "NextOpening", h.NextOpening(now), at(t, h.Zone(), tt.wantNextOpening))
			checkTime(t, "Reopens", h.Reopens(now), at(t, h.Zone(), tt.wantReopens))
			checkTime(t, "Evening", mustEvening(t, h, now), at(t, h.Zone(), tt.wantEvening))

			closing, ok := h.LastClosing(now)
			if tt.wantLastClosing == "" {
				if ok {
					t.Errorf("LastClosing: got %v, want none", closing)
				}
				return
			}
			if !ok {
				t.Fatalf("LastClosing: got none, want %s", tt.wantLastClosing)
			}
			checkTime(t, "LastClosing", closing, at(t, h.Zone(), tt.wantLastClosing))
		})
	}
}

// Hours follow the local clock: a period in which the clock is changed is an hour shorter or longer.
func TestPeriodWithAClockChange(t *testing.T) {
	t.Parallel()
	h := mustNew(t, Plan{Zone: "Europe/Berlin", Week: []Rule{
		{Days: "sat", Open: "20:00-24:00"},
		{Days: "sun", Open: "01:30-04:00"},
		{Days: "mon", Open: "02:00-03:00"},
	}})
	tests := []struct {
		name     string
		saturday string // the evening before the change
		want     time.Duration
	}{
		{name: "spring loses an hour", saturday: "2026-03-28 20:00", want: 90 * time.Minute},
		{name: "autumn gains an hour", saturday: "2026-10-24 20:00", want: 210 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opening := h.NextOpening(mustLastClosing(t, h, at(t, time.UTC, tt.saturday)))
			closing := mustLastClosing(t, h, opening)
			if got := closing.Sub(opening); got != tt.want {
				t.Errorf("Sunday's period from %v lasts %v, want %v", opening, got, tt.want)
			}
		})
	}
}

// On 2026-03-29 the clocks of Berlin jump from 02:00 to 03:00, so that a period between these times is left out.
func TestPeriodThatTheClockSkips(t *testing.T) {
	t.Parallel()
	h := mustNew(t, Plan{Zone: "Europe/Berlin", Week: []Rule{{Days: "sun", Open: "02:00-03:00"}}})
	got := h.NextOpening(at(t, time.UTC, "2026-03-28 20:00"))
	checkTime(t, "NextOpening", got, at(t, h.Zone(), "2026-04-05 02:00"))
}

// A business that never closes, or never opens, has no evening.
func TestNoEvening(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		plan     Plan
		wantOpen bool
	}{
		{name: "no plan", plan: Plan{}, wantOpen: true},
		{name: "round the clock", plan: Plan{Zone: "UTC", Week: []Rule{{Days: "mon-sun", Open: "00:00-24:00"}}}, wantOpen: true},
		{name: "never open", plan: Plan{Zone: "UTC", Week: []Rule{{Days: "mon-sun", Open: "closed"}}}, wantOpen: false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := mustNew(t, tt.plan)
			now := at(t, time.UTC, "2026-11-20 10:00")
			if got, ok := h.Evening(now, time.Hour); ok {
				t.Errorf("Evening: got %v, want none", got)
			}
			if got := h.OpenAt(now); got != tt.wantOpen {
				t.Errorf("OpenAt: got %v, want %v", got, tt.wantOpen)
			}
		})
	}
}

func TestEveningOfAShortDayIsItsOpening(t *testing.T) {
	t.Parallel()
	h := mustNew(t, Plan{Zone: "UTC", Week: []Rule{{Days: "fri", Open: "12:00-12:20"}}})
	got := mustEvening(t, h, at(t, time.UTC, "2026-11-20 10:00"))
	checkTime(t, "Evening", got, at(t, time.UTC, "2026-11-20 12:00"))
}

// A shift that goes on after midnight ends in the morning, and so does its evening.
func TestEveningOfANightShift(t *testing.T) {
	t.Parallel()
	h := mustNew(t, Plan{Zone: "UTC", Week: []Rule{{Days: "fri", Open: "20:00-24:00"}, {Days: "sat", Open: "00:00-06:00"}}})
	got := mustEvening(t, h, at(t, time.UTC, "2026-11-20 10:00"))
	checkTime(t, "Evening", got, at(t, time.UTC, "2026-11-21 05:00"))
}

func TestEveningAndReopeningOfDailyNightShifts(t *testing.T) {
	t.Parallel()
	h := mustNew(t, Plan{Zone: "UTC", Week: []Rule{{Days: "mon-sun", Open: "00:00-06:00, 22:00-24:00"}}})
	evening := mustEvening(t, h, at(t, time.UTC, "2026-11-20 12:00"))
	checkTime(t, "Evening", evening, at(t, time.UTC, "2026-11-21 05:00"))
	checkTime(t, "Reopens", h.Reopens(evening), at(t, time.UTC, "2026-11-21 22:00"))
}
