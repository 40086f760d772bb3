package hours

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// at reads "2026-11-20 14:00" in a zone.
func at(t testing.TB, zone *time.Location, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, zone)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func must(t testing.TB, p Plan) *Hours {
	t.Helper()
	h, err := New(p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func office() Plan {
	return Plan{Zone: "Europe/Berlin", Week: []Rule{{"mon-fri", "9:00-12:30, 13:30-17:30"}, {"sat", "10:00-14:00"}}, Holidays: []string{"2026-12-25"}}
}

//
func TestHours(t *testing.T) {
	t.Parallel()
	h := must(t, office())
	tests := []struct {
		name, at string
		open     bool
		next     string
		closing  string // "" = not on that day
		reopens  string
		evening  string // an hour before
	}{
		{"friday morning", "2026-11-20 10:00", true, "2026-11-20 10:00", "2026-11-20 17:30", "2026-11-21 10:00", "2026-11-20 16:30"},
		{"at lunch", "2026-11-20 13:00", false, "2026-11-20 13:30", "2026-11-20 17:30", "2026-11-21 10:00", "2026-11-20 16:30"},
		{"the very end", "2026-11-20 17:30", false, "2026-11-21 10:00", "2026-11-20 17:30", "2026-11-21 10:00", "2026-11-21 13:00"},
		{"the last minute", "2026-11-20 17:29", true, "2026-11-20 17:29", "2026-11-20 17:30", "2026-11-21 10:00", "2026-11-21 13:00"},
		{"the list's own minute", "2026-11-20 16:30", true, "2026-11-20 16:30", "2026-11-20 17:30", "2026-11-21 10:00", "2026-11-21 13:00"},
		{"sunday", "2026-11-22 12:00", false, "2026-11-23 09:00", "", "2026-11-23 09:00", "2026-11-23 16:30"},
		{"saturday at noon", "2026-11-21 12:00", true, "2026-11-21 12:00", "2026-11-21 14:00", "2026-11-23 09:00", "2026-11-21 13:00"},
		{"before a holiday", "2026-12-24 17:00", true, "2026-12-24 17:00", "2026-12-24 17:30", "2026-12-26 10:00", "2026-12-26 13:00"},
		{"a holiday", "2026-12-25 11:00", false, "2026-12-26 10:00", "", "2026-12-26 10:00", "2026-12-26 13:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := at(t, h.Zone(), tt.at).UTC() // whatever the caller's zone
			if got := h.OpenAt(now); got != tt.open {
				t.Errorf("open %v", got)
			}
			same(t, "next opening", h.NextOpening(now), at(t, h.Zone(), tt.next))
			if got, ok := h.LastClosing(now); ok != (tt.closing != "") {
				t.Errorf("closes %v %v", got, ok)
			} else if ok {
				same(t, "closing", got, at(t, h.Zone(), tt.closing))
			}
			same(t, "reopens", h.Reopens(now), at(t, h.Zone(), tt.reopens))
			evening, ok := h.Evening(now, time.Hour)
			if !ok {
				t.Error("no evening")
			}
			same(t, "evening", evening, at(t, h.Zone(), tt.evening))
		})
	}
}

func same(t *testing.T, what string, got, want time.Time) {
	t.Helper()
	if !got.Equal(want) {
		t.Errorf("%s %v, want %v", what, got, want)
	}
}

// TestParseDays: a range goes from its first day to its last one, past the end of the week
// if need be; a range of one day is that day.
func TestParseDays(t *testing.T) {
	t.Parallel()
	for days, want := range map[string][]time.Weekday{
		"mon-wed":     {time.Monday, time.Tuesday, time.Wednesday},
		"Sat - Mon":   {time.Saturday, time.Sunday, time.Monday},
		"mon-mon":     {time.Monday},
		"fri-fri,mon": {time.Friday, time.Monday},
	} {
		if got, err := ParseDays(days); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v, want %v", days, got, err, want)
		}
	}
}

// Where the clock is moved, hours are those on the wall.
func TestClockChange(t *testing.T) {
	t.Parallel()
	h := must(t, Plan{Zone: "Europe/Berlin", Week: []Rule{{"sun", "01:30-04:00"}, {"sat", "20:00-24:00"}, {"mon", "02:00-03:00"}}})
	spring, autumn := at(t, time.UTC, "2026-03-28 20:00"), at(t, time.UTC, "2026-10-24 20:00")
	for _, tt := range []struct {
		from time.Time
		want time.Duration // how long sunday's period is
	}{{spring, 90 * time.Minute}, {autumn, 210 * time.Minute}} {
		closing, ok := h.LastClosing(tt.from)
		if !ok {
			t.Fatal("open past midnight")
		}
		opening := h.NextOpening(closing)
		end, _ := h.LastClosing(opening)
		if got := end.Sub(opening); got != tt.want {
			t.Errorf("%v: open for %v, want %v", opening, got, tt.want)
		}
	}
	// A period that the clock leaps over isn't there: in Berlin 02:00 to 03:00 of that sunday.
	gap := must(t, Plan{Zone: "Europe/Berlin", Week: []Rule{{"sun", "02:00-03:00"}}})
	same(t, "after the leap", gap.NextOpening(spring), at(t, gap.Zone(), "2026-04-05 02:00"))
}

// Who never closes, or never opens, has no evening.
func TestNoEvening(t *testing.T) {
	t.Parallel()
	now := at(t, time.UTC, "2026-11-20 10:00")
	for name, p := range map[string]Plan{
		"no plan":         {},
		"round the clock": {Zone: "UTC", Week: []Rule{{"mon-sun", "00:00-24:00"}}},
		"never":           {Zone: "UTC", Week: []Rule{{"mon-sun", "closed"}}},
	} {
		h := must(t, p)
		if got, ok := h.Evening(now, time.Hour); ok {
			t.Errorf("%s: %v", name, got)
		}
		if open := h.OpenAt(now); open != (name != "never") {
			t.Errorf("%s: open %v", name, open)
		}
	}
	short := must(t, Plan{Zone: "UTC", Week: []Rule{{"fri", "12:00-12:20"}}})
	got, _ := short.Evening(now, time.Hour)
	same(t, "a day shorter than the lead", got, at(t, time.UTC, "2026-11-20 12:00"))
	night := must(t, Plan{Zone: "UTC", Week: []Rule{{"fri", "20:00-24:00"}, {"sat", "00:00-06:00"}}})
	got, _ = night.Evening(now, time.Hour)
	same(t, "a night shift ends in the morning", got, at(t, time.UTC, "2026-11-21 05:00"))
	nights := must(t, Plan{Zone: "UTC", Week: []Rule{{"mon-sun", "00:00-06:00, 22:00-24:00"}}})
	got, _ = nights.Evening(at(t, time.UTC, "2026-11-20 12:00"), time.Hour)
	same(t, "so does each of several", got, at(t, time.UTC, "2026-11-21 05:00"))
	same(t, "they are back at night", nights.Reopens(got), at(t, time.UTC, "2026-11-21 22:00"))
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]Plan{
		`unknown time zone ""`:                                     {Week: []Rule{{"mon", "9:00-10:00"}}},
		`unknown time zone "Mars/Crater"`:                          {Zone: "Mars/Crater"},
		`"mo" is not a day of the week`:                            {Zone: "UTC", Week: []Rule{{"mo", "9:00-10:00"}}},
		`"mon-" is not a day of the week`:                          {Zone: "UTC", Week: []Rule{{"mon-", "9:00-10:00"}}},
		`monday is given twice`:                                    {Zone: "UTC", Week: []Rule{{"mon-fri", "9:00-10:00"}, {"mon", "closed"}}},
		`"9-10" is not a time from and to`:                         {Zone: "UTC", Week: []Rule{{"mon", "9-10"}}},
		`"24:01-25:00" is not a time from and to`:                  {Zone: "UTC", Week: []Rule{{"mon", "24:01-25:00"}}},
		`"22:00-06:00" ends before it begins`:                      {Zone: "UTC", Week: []Rule{{"mon", "22:00-06:00"}}},
		`the times in "9:00-12:00, 11:00-13:00" overlap`:           {Zone: "UTC", Week: []Rule{{"mon", "9:00-12:00, 11:00-13:00"}}},
		`"2026-02-30" is not a date: it should be like 2026-12-25`: {Zone: "UTC", Holidays: []string{"2026-02-30"}},
	} {
		if _, err := New(p, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", p, err, want)
		}
	}
	if _, err := Read([]byte(`{"zone": 1}`), nil); err == nil {
		t.Error("read")
	}
	if h, err := Read([]byte(`{}`), nil); h != nil || err != nil {
		t.Error("an empty plan is always open")
	}
}

// Whatever is written: no panic, and the answers agree with each other.
func FuzzHours(f *testing.F) {
	f.Add("Europe/Berlin", "mon-fri", "9:00-12:30, 13:30-17:30", "2026-12-25", int64(1795000000))
	f.Add("America/St_Johns", "fri-mon", "00:00-24:00", "", int64(0))
	f.Add("Asia/Kathmandu", "sun", "02:00-03:00,3:00-3:01", "2026-03-29", int64(1774749600))
	f.Fuzz(func(t *testing.T, zone, days, open, holiday string, unix int64) {
		p := Plan{Zone: zone, Week: []Rule{{days, open}}}
		if holiday != "" {
			p.Holidays = []string{holiday}
		}
		h, err := New(p, nil)
		if err != nil {
			return
		}
		now := time.Unix(unix%(1<<34), 0)
		next := h.NextOpening(now)
		if h.OpenAt(now) != next.Equal(now) && !next.IsZero() {
			t.Fatalf("open %v, but the next opening is %v", h.OpenAt(now), next)
		}
		if !next.IsZero() && (next.Before(now) || !h.OpenAt(next)) {
			t.Fatalf("opens at %v after %v, open %v", next, now, h.OpenAt(next))
		}
		if closing, ok := h.LastClosing(now); ok && h.OpenAt(closing) {
			t.Fatalf("open at its closing %v", closing)
		}
		if evening, ok := h.Evening(now, time.Hour); ok && (!evening.After(now) || !h.OpenAt(evening)) {
			t.Fatalf("evening %v after %v, open %v", evening, now, h.OpenAt(evening))
		}
	})
}
