package hours

import (
	"testing"
	"time"
)

// No plan makes the functions panic, and their answers agree with each other.
func FuzzHours(f *testing.F) {
	f.Add("Europe/Berlin", "mon-fri", "9:00-12:30, 13:30-17:30", "2026-12-25", int64(1795000000))
	f.Add("America/St_Johns", "fri-mon", "00:00-24:00", "", int64(0))
	f.Add("Asia/Kathmandu", "sun", "02:00-03:00,3:00-3:01", "2026-03-29", int64(1774749600))
	f.Fuzz(func(t *testing.T, zone, days, open, holiday string, unix int64) {
		p := Plan{Zone: zone, Week: []Rule{{Days: days, Open: open}}}
		if holiday != "" {
			p.Holidays = []string{holiday}
		}
		h, err := New(p, nil)
		if err != nil {
			return
		}

		const maxSeconds = 1 << 34 // the year 2514
		now := time.Unix(unix%maxSeconds, 0)
		next := h.NextOpening(now)
		if h.OpenAt(now) != next.Equal(now) && !next.IsZero() {
			t.Fatalf("at %v open is %v, but the next opening is %v", now, h.OpenAt(now), next)
		}
		if !next.IsZero() && next.Before(now) {
			t.Fatalf("the next opening after %v is %v, which is before", now, next)
		}
		if !next.IsZero() && !h.OpenAt(next) {
			t.Fatalf("closed at the next opening %v", next)
		}

		if closing, ok := h.LastClosing(now); ok && h.OpenAt(closing) {
			t.Fatalf("open at the closing %v", closing)
		}

		evening, ok := h.Evening(now, time.Hour)
		if !ok {
			return
		}
		if !evening.After(now) {
			t.Fatalf("the evening after %v is %v, which is not after it", now, evening)
		}
		if !h.OpenAt(evening) {
			t.Fatalf("closed at the evening %v", evening)
		}
	})
}
