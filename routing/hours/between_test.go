package hours

import (
	"testing"
	"time"
)

// only the time in which the business is open counts, whatever the clocks do.
func TestBetween(t *testing.T) {
	t.Parallel()
	h := must(t, office())
	night := must(t, Plan{Zone: "Europe/Berlin", Week: []Rule{{"mon-sun", "00:00-24:00"}}})
	sunday := must(t, Plan{Zone: "Europe/Berlin", Week: []Rule{{"sun", "01:30-04:00"}}})
	for _, tt := range []struct {
		name     string
		h        *Hours
		from, to string
		want     time.Duration
	}{
		{"within a morning", h, "2026-11-20 09:30", "2026-11-20 10:00", 30 * time.Minute},
		{"over lunch", h, "2026-11-20 12:00", "2026-11-20 14:00", time.Hour},
		{"from evening to morning", h, "2026-11-19 17:00", "2026-11-20 09:10", 40 * time.Minute},
		{"over the weekend", h, "2026-11-20 17:00", "2026-11-23 09:30", 5 * time.Hour},
		{"a holiday", h, "2026-12-24 17:00", "2026-12-26 10:15", 45 * time.Minute},
		{"closed all the time", h, "2026-11-22 08:00", "2026-11-22 20:00", 0},
		{"backwards", h, "2026-11-20 10:00", "2026-11-20 09:30", 0},
		{"always open", nil, "2026-11-20 10:00", "2026-11-22 10:00", 48 * time.Hour},
		{"a day that loses an hour", night, "2026-03-29 00:00", "2026-03-30 00:00", 23 * time.Hour},
		{"a day that gains an hour", night, "2026-10-25 00:00", "2026-10-26 00:00", 25 * time.Hour},
		{"open while an hour is lost", sunday, "2026-03-28 00:00", "2026-03-30 00:00", 90 * time.Minute},
		{"open while an hour comes twice", sunday, "2026-10-24 00:00", "2026-10-26 00:00", 210 * time.Minute},
		{"a year", h, "2026-01-01 00:00", "2027-01-01 00:00", yearOf(t, h)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			zone := must(t, office()).Zone()
			if got := tt.h.Between(at(t, zone, tt.from).UTC(), at(t, zone, tt.to).UTC()); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
}

// yearOf counts the open minutes of 2026 one by one.
func yearOf(t *testing.T, h *Hours) (open time.Duration) {
	t.Helper()
	for now, end := at(t, h.Zone(), "2026-01-01 00:00"), at(t, h.Zone(), "2027-01-01 00:00"); now.Before(end); now = now.Add(time.Minute) {
		if h.OpenAt(now) {
			open += time.Minute
		}
	}
	return open
}
