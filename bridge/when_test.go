package bridge

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// friday returns Friday, 20 November 2026, 10:07:42 in Berlin.
func friday(t testing.TB) time.Time {
	t.Helper()
	loc, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 11, 20, 10, 7, 42, 123, loc)
}

// A text in English or German means a full minute in the future, on the clocks of its writer's zone.
func TestParse(t *testing.T) {
	t.Parallel()
	now := friday(t)
	for _, c := range []struct {
		want  string
		texts []string
	}{
		// lengths
		{want: "Fri 20 Nov 2026 12:07", texts: []string{
			"2h", "2 hours", "in 2 hours", "2 hours from now", "2\u00a0h", "\u200b2h ", "“2h”", "２ｈ", "２　ｈｏｕｒｓ",
		}},
		{want: "Fri 20 Nov 2026 10:37", texts: []string{"30m", "30 min", "half an hour"}},
		{want: "Mon 23 Nov 2026 10:07", texts: []string{"3d", "for 3 days"}},
		{want: "Fri 27 Nov 2026 10:07", texts: []string{"1w", "1 week"}},
		{want: "Fri 20 Nov 2026 11:07", texts: []string{"1 hour", "an hour"}},
		{want: "Fri 20 Nov 2026 14:07", texts: []string{"4 Hours"}},
		{want: "Fri 20 Nov 2026 11:37", texts: []string{"1h30m", "1 h 30 min", "1 hour and 30 minutes", "1.5h", "1,5 Stunden"}},
		{want: "Fri 4 Dec 2026 10:07", texts: []string{"two weeks"}},
		{want: "Wed 20 Jan 2027 10:07", texts: []string{"2 months"}},
		// days near today
		{want: "Sat 21 Nov 2026 09:00", texts: []string{
			"tomorrow", "Tomorrow", "until tomorrow", "tomorrow at 9", "tomorrow morning", "9am tomorrow", "at 9 tomorrow",
		}},
		{want: "Sat 21 Nov 2026 14:30", texts: []string{"tomorrow 14:30", "tomorrow 1430", "tomorrow １４：３０"}},
		{want: "Sat 21 Nov 2026 14:00", texts: []string{"tomorrow 2pm", "tomorrow in the afternoon"}},
		{want: "Sat 21 Nov 2026 14:15", texts: []string{"tomorrow, 2:15 PM"}},
		{want: "Sat 21 Nov 2026 18:00", texts: []string{"tomorrow evening"}},
		{want: "Sat 21 Nov 2026 20:00", texts: []string{"tomorrow evening at 8"}},
		{want: "Sat 21 Nov 2026 17:00", texts: []string{"tomorrow eod"}},
		{want: "Sun 22 Nov 2026 09:00", texts: []string{"day after tomorrow"}},
		{want: "Fri 20 Nov 2026 17:00", texts: []string{"today 17:00"}},
		{want: "Fri 20 Nov 2026 12:00", texts: []string{"today at noon"}},
		{want: "Fri 20 Nov 2026 18:00", texts: []string{"tonight"}},
		{want: "Fri 20 Nov 2026 20:00", texts: []string{"tonight at 8"}},
		{want: "Fri 20 Nov 2026 14:00", texts: []string{"this afternoon"}},
		// days of the week, and the ends of spans
		{want: "Mon 23 Nov 2026 09:00", texts: []string{"monday", "Mon", "next monday", "on monday", "next week"}},
		{want: "Fri 27 Nov 2026 09:00", texts: []string{"friday"}},
		{want: "Fri 27 Nov 2026 14:00", texts: []string{"friday 14:00", "14:00 on friday"}},
		{want: "Thu 26 Nov 2026 08:00", texts: []string{"thursday 8"}},
		{want: "Sun 22 Nov 2026 18:00", texts: []string{"sunday evening"}},
		{want: "Sat 21 Nov 2026 10:30", texts: []string{"saturday, 10:30"}},
		{want: "Mon 23 Nov 2026 14:00", texts: []string{"next week 14:00"}},
		{want: "Wed 25 Nov 2026 09:00", texts: []string{"next week wednesday"}},
		{want: "Fri 27 Nov 2026 15:00", texts: []string{"next week friday 15:00"}},
		{want: "Tue 1 Dec 2026 09:00", texts: []string{"next month"}},
		{want: "Fri 20 Nov 2026 17:00", texts: []string{"end of day", "end of the day", "EOD", "end of week"}},
		// times of day
		{want: "Fri 20 Nov 2026 14:30", texts: []string{"14:30", "14:30:59"}},
		{want: "Sat 21 Nov 2026 09:00", texts: []string{"9:00", "at 9", "9am"}},
		{want: "Fri 20 Nov 2026 21:30", texts: []string{"9:30 p.m."}},
		{want: "Sat 21 Nov 2026 00:00", texts: []string{"12am"}},
		{want: "Fri 20 Nov 2026 12:00", texts: []string{"12 pm", "noon"}},
		// dates
		{want: "Thu 24 Dec 2026 09:00", texts: []string{
			"2026-12-24", "2026-12-24 09:00", "24.12.", "24.12. 9:00", "24 dec", "Dec 24", "december 24, 2026 at 9",
		}},
		{want: "Thu 24 Dec 2026 15:30", texts: []string{"2026-12-24T15:30"}},
		{want: "Thu 24 Dec 2026 16:30", texts: []string{"2026-12-24T15:30:00Z"}},
		{want: "Thu 24 Dec 2026 14:30", texts: []string{"2026-12-24t15:30:12+02:00", "24.12.2026 14:30", "24. 12. 14:30"}},
		{want: "Fri 24 Dec 2027 09:00", texts: []string{"24.12.27"}},
		{want: "Thu 24 Dec 2026 08:00", texts: []string{"24.12 8", "am 24.12. um 8", "24. Dezember 8 Uhr"}},
		{want: "Sun 3 Jan 2027 09:00", texts: []string{"3.1."}},
		{want: "Tue 29 Feb 2028 09:00", texts: []string{"29.2."}},
		{want: "Thu 24 Dec 2026 14:00", texts: []string{"24th of December 14:00"}},
		{want: "Fri 20 Nov 2026 18:00", texts: []string{"20.11. 18:00"}},
		{want: "Sat 1 May 2027 09:00", texts: []string{"1 may"}},
		// German
		{want: "Sat 21 Nov 2026 09:00", texts: []string{"morgen", "morgen um 9", "morgen früh", "Sonnabend"}},
		{want: "Sat 21 Nov 2026 14:30", texts: []string{"Morgen 14:30"}},
		{want: "Sat 21 Nov 2026 14:00", texts: []string{"morgen nachmittag"}},
		{want: "Sat 21 Nov 2026 09:30", texts: []string{"bis morgen 9 Uhr 30"}},
		{want: "Sun 22 Nov 2026 09:00", texts: []string{"übermorgen"}},
		{want: "Sun 22 Nov 2026 08:00", texts: []string{"uebermorgen 8:00"}},
		{want: "Fri 20 Nov 2026 17:00", texts: []string{"heute 17 Uhr", "Feierabend"}},
		{want: "Fri 20 Nov 2026 18:00", texts: []string{"heute Abend"}},
		{want: "Mon 23 Nov 2026 09:00", texts: []string{"Montag", "Montag morgen", "nächste Woche"}},
		{want: "Mon 23 Nov 2026 14:30", texts: []string{"am Montag um 14:30 Uhr"}},
		{want: "Tue 24 Nov 2026 09:00", texts: []string{"nächsten Dienstag"}},
		{want: "Fri 27 Nov 2026 09:00", texts: []string{"Freitag"}},
		{want: "Wed 25 Nov 2026 10:00", texts: []string{"naechste woche mittwoch 10:00"}},
		{want: "Fri 20 Nov 2026 12:07", texts: []string{"in zwei Stunden"}},
		{want: "Fri 20 Nov 2026 11:07", texts: []string{"in einer Stunde"}},
		{want: "Mon 23 Nov 2026 10:07", texts: []string{"3 Tage"}},
		{want: "Fri 4 Dec 2026 10:07", texts: []string{"2 Wochen"}},
		{want: "Sun 20 Dec 2026 10:07", texts: []string{"1 Monat"}},
		{want: "Fri 20 Nov 2026 14:00", texts: []string{"14 Uhr"}},
		{want: "Wed 3 Mar 2027 09:00", texts: []string{"3. März"}},
	} {
		for _, text := range c.texts {
			got, err := Parse(text, now, now.Location())
			if want := c.want + ":00"; err != nil || got.Format("Mon 2 Jan 2006 15:04:05.999999999") != want {
				t.Errorf("%q means %v (%v), want %s", text, got, err, want)
			}
		}
	}
}

// A text is read as of the day on which it is written. The name of this very day means a week later: on a Monday,
// "monday" is the next Monday.
// Requirement R-030: Snooze, by choice or in words.
func TestParseOnOtherDays(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ now, text, want string }{
		{now: "2026-11-23T08:00:00Z", text: "monday", want: "2026-11-30T09:00:00Z"}, // a Monday
		{now: "2026-11-23T08:00:00Z", text: "next week", want: "2026-11-30T09:00:00Z"},
		{now: "2026-11-22T08:00:00Z", text: "monday", want: "2026-11-23T09:00:00Z"},
		{now: "2026-11-22T08:00:00Z", text: "next week", want: "2026-11-23T09:00:00Z"},
		{now: "2026-11-21T08:00:00Z", text: "day after tomorrow", want: "2026-11-23T09:00:00Z"},
		{now: "2026-11-21T08:00:00Z", text: "end of week", want: "2026-11-27T17:00:00Z"},
		{now: "2026-12-31T23:59:59Z", text: "tomorrow", want: "2027-01-01T09:00:00Z"},
		{now: "2026-12-31T23:59:59Z", text: "1m", want: "2027-01-01T00:00:00Z"},
		{now: "2026-11-20T08:00:00Z", text: "today", want: "2026-11-20T09:00:00Z"},
		{now: "2026-01-31T08:00:00Z", text: "next month", want: "2026-02-01T09:00:00Z"},
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(c.text, now, nil)
		if err != nil || got.Format(time.RFC3339) != c.want {
			t.Errorf("at %s, %q means %v (%v), want %s", c.now, c.text, got, err, c.want)
		}
	}
}

// Words that name today, such as "tonight", are refused once their time is over. Other words, such as "at 8pm", then
// mean tomorrow.
func TestWordsForToday(t *testing.T) {
	t.Parallel()
	evening := time.Date(2026, time.November, 20, 20, 30, 0, 0, time.UTC)
	for _, text := range []string{"tonight", "this evening", "tonight at 8", "this evening at 7", "until this afternoon", "end of day"} {
		got, err := Parse(text, evening, nil)
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != Past {
			t.Errorf("%q means %v (%v), want the error %s", text, got, err, Past)
		}
	}
	for text, want := range map[string]string{"tonight at 9": "Fri 21:00", "in the evening": "Sat 18:00", "at 8pm": "Sat 20:00"} {
		if got, err := Parse(text, evening, nil); err != nil || got.Format("Mon 15:04") != want {
			t.Errorf("%q means %v (%v), want %s", text, got, err, want)
		}
	}
}

// The wall clock counts over a change of summer time, while lengths in hours are real hours.
func TestParseSummerTime(t *testing.T) {
	t.Parallel()
	berlin := friday(t).Location()
	now := time.Date(2027, 3, 27, 12, 0, 0, 0, berlin) // the clock jumps that night
	for text, want := range map[string]string{
		"tomorrow 9:00": "2027-03-28T09:00:00+02:00",
		"tomorrow 2:30": "2027-03-28T03:30:00+02:00", // the clocks don't show 2:30
		"1d":            "2027-03-28T12:00:00+02:00",
		"24h":           "2027-03-28T13:00:00+02:00",
	} {
		got, err := Parse(text, now, berlin)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q means %v (%v), want %s", text, got, err, want)
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
		wantHalfHour(t, "America/New_York", now, want)
	}
	for now, want := range map[string]string{
		"2026-10-25T02:10:00+02:00": "2026-10-25T02:40:00+02:00",
		"2026-10-25T02:10:00+01:00": "2026-10-25T02:40:00+01:00",
	} {
		wantHalfHour(t, "Europe/Berlin", now, want)
	}
}

// wantHalfHour checks what "30m" means at a moment in a zone.
func wantHalfHour(t *testing.T, zone, now, want string) {
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

// A text is refused if it can't be read, if its time is over, or if that is years away. Each refusal gives a hint at
// what is right.
func TestParseErrors(t *testing.T) {
	t.Parallel()
	now := friday(t)
	for code, texts := range map[Code][]string{
		Unknown: {
			"", "  ", "soonish", "2", "9", "2x", "h", "-2h", "0.5d", "1h30", "999999h", strings.Repeat("1h", 60),
			"tomorrow maybe", "call bob tomorrow", "tomorrow 25:00", "tomorrow 9:61", "13pm", "tomorrow; drop", "end of day 14:00",
			"32.12.", "31.2.", "24.13.", "2026-02-30", "friday the 13th of never",
		},
		Past: {
			"0m", "today", "today 9:00", "2020-01-01", "1.1.2026", "20.11.", "20 nov 2026 8:00", "2026-11-20T09:07:42Z",
		},
		TooFar: {"9999d", "2040-01-01", "99999h", "500 weeks"},
	} {
		for _, text := range texts {
			at, err := Parse(text, now, now.Location())
			e, ok := errors.AsType[*Error](err)
			if !ok || e.Code != code {
				t.Errorf("%q means %v (%v), want the error %s", text, at, err, code)
				continue
			}
			if e.Text == "" {
				t.Errorf("%q is refused without a text", text)
			}
			if code != TooFar && !strings.Contains(e.Hint, "tomorrow") {
				t.Errorf("%q is refused with the hint %q, want an example with tomorrow", text, e.Hint)
			}
		}
	}
}

// The refusal of a mistyped time suggests what was probably meant, if that is a time.
func TestParseMistyped(t *testing.T) {
	t.Parallel()
	now := friday(t)
	for text, want := range map[string]string{
		"tommorow":               " Did you mean “tomorrow”?",
		"Until tomorow 9:00":     " Did you mean “until tomorrow 9:00”?",
		"next mondya":            " Did you mean “next monday”?",
		"mon 9am or tommorow":    "",
		"soonish":                "",
		"tomorrow and so weiter": "",
	} {
		_, err := Parse(text, now, now.Location())
		e, _ := errors.AsType[*Error](err)
		if e == nil || e.Text != "I can't read “"+text+"” as a time."+want {
			t.Errorf("%q is refused with %v, want %q at its end", text, err, want)
		}
	}
}

// A text that only the library understands is accepted if the library read all of it.
func TestParseLibrary(t *testing.T) {
	t.Parallel()
	now := friday(t)
	got, err := Parse("in a few hours", now, now.Location())
	if err != nil || got.Format("Mon 15:04") != "Fri 13:07" {
		t.Errorf("in a few hours means %v (%v), want Fri 13:07", got, err)
	}
	for _, text := range []string{"12/24/2026", "tomorrow and so on", "9:00 or later", "maybe in two hours"} {
		if got, err := Parse(text, now, now.Location()); err == nil {
			t.Errorf("%q means %v, want an error", text, got)
		}
	}
}

// A text has a known form if it means a time, even one that is over.
func TestKnown(t *testing.T) {
	t.Parallel()
	for want, texts := range map[bool][]string{
		true:  {"2h", "tomorrow", "2020-01-01", "montag 9:00"},
		false: {"", "me", "nothing", "2"},
	} {
		for _, text := range texts {
			if got := HasKnownForm(text); got != want {
				t.Errorf("Known(%q) = %v, want %v", text, got, want)
			}
		}
	}
}

func FuzzWhen(f *testing.F) {
	for _, s := range []string{
		"2h", "tomorrow 14:30", "24.12. 9:00", "montag um 9", "1h30m", "next week friday", "29.2.", "12am", "in 2 hours",
	} {
		f.Add(s, int64(1795165662))
	}
	f.Fuzz(func(t *testing.T, text string, unix int64) {
		now := time.Unix(unix%4e9, 0).In(friday(t).Location())
		at, err := Parse(text, now, now.Location())
		if err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.Text == "" || e.Hint == "" {
				t.Fatalf("%q fails with %#v, want an error with a text and a hint", text, err)
			}
			return
		}
		if last := now.AddDate(maxYears, 0, 0); !at.After(now) || at.After(last) {
			t.Fatalf("%q at %v means %v, want a time after it and until %v", text, now, at, last)
		}
		if !at.Equal(at.Truncate(time.Minute)) {
			t.Fatalf("%q at %v means %v, want a full minute", text, now, at)
		}
	})
}
