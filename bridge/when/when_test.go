package when

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// Friday, 20 November 2026, 10:07:42 in Berlin.
func friday(t testing.TB) time.Time {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 11, 20, 10, 7, 42, 123, loc)
}

func TestParse(t *testing.T) {
	t.Parallel()
	now := friday(t)
	for text, want := range map[string]string{
		"2h": "Fri 20 Nov 2026 12:07", "30m": "Fri 20 Nov 2026 10:37", "30 min": "Fri 20 Nov 2026 10:37",
		"3d": "Mon 23 Nov 2026 10:07", "1w": "Fri 27 Nov 2026 10:07", "1 week": "Fri 27 Nov 2026 10:07",
		"1 hour": "Fri 20 Nov 2026 11:07", "2 hours": "Fri 20 Nov 2026 12:07", "4 Hours": "Fri 20 Nov 2026 14:07",
		"in 2 hours": "Fri 20 Nov 2026 12:07", "an hour": "Fri 20 Nov 2026 11:07", "half an hour": "Fri 20 Nov 2026 10:37",
		"1h30m": "Fri 20 Nov 2026 11:37", "1 h 30 min": "Fri 20 Nov 2026 11:37", "1 hour and 30 minutes": "Fri 20 Nov 2026 11:37",
		"1.5h": "Fri 20 Nov 2026 11:37", "1,5 Stunden": "Fri 20 Nov 2026 11:37", "two weeks": "Fri 4 Dec 2026 10:07",
		"2 months": "Wed 20 Jan 2027 10:07", "for 3 days": "Mon 23 Nov 2026 10:07", "2 hours from now": "Fri 20 Nov 2026 12:07",
		"2\u00a0h": "Fri 20 Nov 2026 12:07", "\u200b2h ": "Fri 20 Nov 2026 12:07", "“2h”": "Fri 20 Nov 2026 12:07",

		"tomorrow": "Sat 21 Nov 2026 09:00", "Tomorrow": "Sat 21 Nov 2026 09:00", "until tomorrow": "Sat 21 Nov 2026 09:00",
		"tomorrow 14:30": "Sat 21 Nov 2026 14:30", "tomorrow at 9": "Sat 21 Nov 2026 09:00", "tomorrow 2pm": "Sat 21 Nov 2026 14:00",
		"tomorrow, 2:15 PM": "Sat 21 Nov 2026 14:15", "tomorrow morning": "Sat 21 Nov 2026 09:00", "tomorrow evening": "Sat 21 Nov 2026 18:00",
		"tomorrow evening at 8": "Sat 21 Nov 2026 20:00", "tomorrow in the afternoon": "Sat 21 Nov 2026 14:00", "tomorrow 1430": "Sat 21 Nov 2026 14:30",
		"9am tomorrow": "Sat 21 Nov 2026 09:00", "at 9 tomorrow": "Sat 21 Nov 2026 09:00", "tomorrow eod": "Sat 21 Nov 2026 17:00",
		"day after tomorrow": "Sun 22 Nov 2026 09:00", "today 17:00": "Fri 20 Nov 2026 17:00", "today at noon": "Fri 20 Nov 2026 12:00",
		"tonight": "Fri 20 Nov 2026 18:00", "tonight at 8": "Fri 20 Nov 2026 20:00", "this afternoon": "Fri 20 Nov 2026 14:00",

		"monday": "Mon 23 Nov 2026 09:00", "Mon": "Mon 23 Nov 2026 09:00", "next monday": "Mon 23 Nov 2026 09:00", "on monday": "Mon 23 Nov 2026 09:00",
		"friday": "Fri 27 Nov 2026 09:00", "friday 14:00": "Fri 27 Nov 2026 14:00", "thursday 8": "Thu 26 Nov 2026 08:00",
		"14:00 on friday": "Fri 27 Nov 2026 14:00", "sunday evening": "Sun 22 Nov 2026 18:00", "saturday, 10:30": "Sat 21 Nov 2026 10:30",
		"next week": "Mon 23 Nov 2026 09:00", "next week 14:00": "Mon 23 Nov 2026 14:00", "next week wednesday": "Wed 25 Nov 2026 09:00",
		"next week friday 15:00": "Fri 27 Nov 2026 15:00", "next month": "Tue 1 Dec 2026 09:00",
		"end of day": "Fri 20 Nov 2026 17:00", "end of the day": "Fri 20 Nov 2026 17:00", "EOD": "Fri 20 Nov 2026 17:00", "end of week": "Fri 20 Nov 2026 17:00",

		"14:30": "Fri 20 Nov 2026 14:30", "9:00": "Sat 21 Nov 2026 09:00", "at 9": "Sat 21 Nov 2026 09:00", "9am": "Sat 21 Nov 2026 09:00",
		"9:30 p.m.": "Fri 20 Nov 2026 21:30", "12am": "Sat 21 Nov 2026 00:00", "12 pm": "Fri 20 Nov 2026 12:00", "noon": "Fri 20 Nov 2026 12:00",
		"14:30:59": "Fri 20 Nov 2026 14:30",

		"2026-12-24": "Thu 24 Dec 2026 09:00", "2026-12-24 09:00": "Thu 24 Dec 2026 09:00", "2026-12-24T15:30": "Thu 24 Dec 2026 15:30",
		"2026-12-24T15:30:00Z": "Thu 24 Dec 2026 16:30", "2026-12-24t15:30:12+02:00": "Thu 24 Dec 2026 14:30",
		"24.12.": "Thu 24 Dec 2026 09:00", "24.12. 9:00": "Thu 24 Dec 2026 09:00", "24.12.2026 14:30": "Thu 24 Dec 2026 14:30",
		"24.12.27": "Fri 24 Dec 2027 09:00", "24. 12. 14:30": "Thu 24 Dec 2026 14:30", "24.12 8": "Thu 24 Dec 2026 08:00", "am 24.12. um 8": "Thu 24 Dec 2026 08:00",
		"3.1.": "Sun 3 Jan 2027 09:00", "29.2.": "Tue 29 Feb 2028 09:00", "24 dec": "Thu 24 Dec 2026 09:00", "24th of December 14:00": "Thu 24 Dec 2026 14:00",
		"Dec 24": "Thu 24 Dec 2026 09:00", "december 24, 2026 at 9": "Thu 24 Dec 2026 09:00", "24. Dezember 8 Uhr": "Thu 24 Dec 2026 08:00",
		"20.11. 18:00": "Fri 20 Nov 2026 18:00", "1 may": "Sat 1 May 2027 09:00",

		"morgen": "Sat 21 Nov 2026 09:00", "Morgen 14:30": "Sat 21 Nov 2026 14:30", "morgen um 9": "Sat 21 Nov 2026 09:00", "morgen früh": "Sat 21 Nov 2026 09:00",
		"morgen nachmittag": "Sat 21 Nov 2026 14:00", "bis morgen 9 Uhr 30": "Sat 21 Nov 2026 09:30", "übermorgen": "Sun 22 Nov 2026 09:00", "uebermorgen 8:00": "Sun 22 Nov 2026 08:00",
		"heute 17 Uhr": "Fri 20 Nov 2026 17:00", "heute Abend": "Fri 20 Nov 2026 18:00", "Montag": "Mon 23 Nov 2026 09:00", "am Montag um 14:30 Uhr": "Mon 23 Nov 2026 14:30",
		"nächsten Dienstag": "Tue 24 Nov 2026 09:00", "Montag morgen": "Mon 23 Nov 2026 09:00", "Freitag": "Fri 27 Nov 2026 09:00", "Sonnabend": "Sat 21 Nov 2026 09:00",
		"nächste Woche": "Mon 23 Nov 2026 09:00", "naechste woche mittwoch 10:00": "Wed 25 Nov 2026 10:00", "in zwei Stunden": "Fri 20 Nov 2026 12:07", "in einer Stunde": "Fri 20 Nov 2026 11:07",
		"3 Tage": "Mon 23 Nov 2026 10:07", "2 Wochen": "Fri 4 Dec 2026 10:07", "1 Monat": "Sun 20 Dec 2026 10:07", "Feierabend": "Fri 20 Nov 2026 17:00", "14 Uhr": "Fri 20 Nov 2026 14:00",
		"3. März": "Wed 3 Mar 2027 09:00",
	} {
		got, err := Parse(text, now, now.Location())
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if s := got.Format("Mon 2 Jan 2006 15:04"); s != want || got.Second() != 0 || got.Nanosecond() != 0 {
			t.Errorf("%q = %s, want %s", text, got, want)
		}
	}
}

//
func TestParseOnOtherDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ now, text, want string }{
		{"2026-11-23T08:00:00Z", "monday", "2026-11-30T09:00:00Z"}, // on a Monday a week later
		{"2026-11-23T08:00:00Z", "next week", "2026-11-30T09:00:00Z"},
		{"2026-11-22T08:00:00Z", "monday", "2026-11-23T09:00:00Z"},
		{"2026-11-22T08:00:00Z", "next week", "2026-11-23T09:00:00Z"},
		{"2026-11-21T08:00:00Z", "day after tomorrow", "2026-11-23T09:00:00Z"},
		{"2026-11-21T08:00:00Z", "end of week", "2026-11-27T17:00:00Z"},
		{"2026-12-31T23:59:59Z", "tomorrow", "2027-01-01T09:00:00Z"},
		{"2026-12-31T23:59:59Z", "1m", "2027-01-01T00:00:00Z"},
		{"2026-11-20T08:00:00Z", "today", "2026-11-20T09:00:00Z"},
		{"2026-01-31T08:00:00Z", "next month", "2026-02-01T09:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(c.text, now, nil)
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("at %s %q = %v %v, want %s", c.now, c.text, got, err, c.want)
		}
	}
}

// The wall clock counts over a change of summer time; lengths in hours are real hours.
func TestParseSummerTime(t *testing.T) {
	t.Parallel()
	berlin := friday(t).Location()
	now := time.Date(2027, 3, 27, 12, 0, 0, 0, berlin) // the clock jumps that night
	for text, want := range map[string]string{
		"tomorrow 9:00": "2027-03-28T09:00:00+02:00", "1d": "2027-03-28T12:00:00+02:00",
		"24h": "2027-03-28T13:00:00+02:00", "tomorrow 2:30": "2027-03-28T03:30:00+02:00",
	} {
		got, err := Parse(text, now, berlin)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q = %v %v, want %s", text, got, err, want)
		}
	}
}

// Lengths are real time also in the hour that the clocks show twice.
func TestParseInTheRepeatedHour(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"2026-11-01T01:10:00-05:00": "2026-11-01T01:40:00-05:00", // New York, the second time
		"2026-11-01T01:10:00-04:00": "2026-11-01T01:40:00-04:00",
		"2026-11-01T01:40:30-04:00": "2026-11-01T01:10:00-05:00",
	} {
		checkHalfHour(t, "America/New_York", now, want)
	}
	for now, want := range map[string]string{
		"2026-10-25T02:10:00+02:00": "2026-10-25T02:40:00+02:00",
		"2026-10-25T02:10:00+01:00": "2026-10-25T02:40:00+01:00",
	} {
		checkHalfHour(t, "Europe/Berlin", now, want)
	}
}

func checkHalfHour(t *testing.T, zone, now, want string) {
	t.Helper()
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	at, err := time.Parse(time.RFC3339, now)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse("30m", at, loc)
	if err != nil || got.Format(time.RFC3339) != want {
		t.Errorf("half an hour after %s is %v (%v), want %s", now, got, err, want)
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	now := friday(t)
	for text, code := range map[string]Code{
		"": Unknown, "  ": Unknown, "soonish": Unknown, "2": Unknown, "9": Unknown, "2x": Unknown, "h": Unknown, "-2h": Unknown,
		"0.5d": Unknown, "tomorrow maybe": Unknown, "call bob tomorrow": Unknown, "tomorrow 25:00": Unknown, "tomorrow 9:61": Unknown,
		"13pm": Unknown, "32.12.": Unknown, "31.2.": Unknown, "24.13.": Unknown, "2026-02-30": Unknown, "friday the 13th of never": Unknown,
		"999999h": Unknown, strings.Repeat("1h", 60): Unknown, "tomorrow; drop": Unknown, "end of day 14:00": Unknown, "1h30": Unknown,
		"0m": Past, "today": Past, "today 9:00": Past, "2020-01-01": Past, "1.1.2026": Past, "20.11.": Past, "20 nov 2026 8:00": Past, "2026-11-20T09:07:42Z": Past,
		"9999d": TooFar, "2040-01-01": TooFar, "99999h": TooFar, "500 weeks": TooFar,
	} {
		at, err := Parse(text, now, now.Location())
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q = %v, want %s", text, at, code)
			continue
		}
		if e.Code != code || e.Text == "" || !strings.Contains(e.Hint, "tomorrow") && code != TooFar {
			t.Errorf("%q: %+v, want %s", text, e, code)
		}
	}
}

// What only the library knows counts when it took the whole input.
func TestParseLibrary(t *testing.T) {
	t.Parallel()
	now := friday(t)
	got, err := Parse("in a few hours", now, now.Location())
	if err != nil || got.Format("Mon 15:04") != "Fri 13:07" {
		t.Errorf("in a few hours = %v %v", got, err)
	}
	for _, text := range []string{"12/24/2026", "tomorrow and so on", "9:00 or later", "maybe in two hours"} {
		if got, err := Parse(text, now, now.Location()); err == nil {
			t.Errorf("%q = %v, want an error", text, got)
		}
	}
}

func TestKnown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"2h": true, "tomorrow": true, "2020-01-01": true, "montag 9:00": true, "": false, "me": false, "nothing": false, "2": false} {
		if Known(text) != want {
			t.Errorf("Known(%q) = %v", text, !want)
		}
	}
}

func FuzzWhen(f *testing.F) {
	for _, s := range []string{"2h", "tomorrow 14:30", "24.12. 9:00", "montag um 9", "1h30m", "next week friday", "29.2.", "12am", "in 2 hours"} {
		f.Add(s, int64(1795165662))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		now := time.Unix(unix%4e9, 0).In(friday(t).Location())
		at, err := Parse(text, now, now.Location())
		var e *Error
		switch {
		case err != nil && (!errors.As(err, &e) || e.Text == "" || e.Hint == ""):
			t.Fatalf("%q: bare error %v", text, err)
		case err == nil && (!at.After(now) || at.After(now.AddDate(maxYears, 0, 0)) || at.Second() != 0 || at.Nanosecond() != 0):
			t.Fatalf("%q at %v = %v", text, now, at)
		}
	})
}
