package when

import (
	"cmp"
	"strings"
	"time"
	"unicode"

	"github.com/olebedev/when"
	"github.com/olebedev/when/rules"
	"github.com/olebedev/when/rules/common"
	"github.com/olebedev/when/rules/en"
	"golang.org/x/text/width"

	"parley/bridge/spelling"
)

// Agents type a time in their own words when they snooze a conversation: "tomorrow 14:30", "in 2h", "nächsten
// freitag". Parse makes a moment of it. It reads English and German, and asks a library about other forms.

// Forms are examples of what Parse reads, for hints and help.
const Forms = "2h · 30m · 3d · tomorrow · tomorrow 14:30 · monday · friday 14:00 · next week · end of day · 2026-12-24 09:00 · 24.12. 9:00"

// Limits of what is read.
const (
	maxRunes = 64 // a longer text isn't a time
	maxYears = 5  // a later time is a slip
	maxShown = 40 // characters of a text that an error repeats
)

// Hours of the day that words stand for, in the reader's zone.
const (
	morningHour   = 9 // also where no time of day is given
	noonHour      = 12
	afternoonHour = 14
	endOfDayHour  = 17
	eveningHour   = 18
)

// Code of an Error, for machines.
type Code string

// Codes.
const (
	Unknown Code = "not_understood"
	Past    Code = "past"
	TooFar  Code = "too_far"
)

// Error says why a text gave no time: what is wrong and which forms work.
type Error struct {
	Code Code
	Text string // "I can't read “soonish” as a time."
	Hint string // "Try: 2h · tomorrow · …"
}

// Error implements error.
func (e *Error) Error() string { return e.Text + " " + e.Hint }

// Parse reads a time in people's words, as it is meant at the moment now in the zone loc (nil means UTC).
//   - A day without a time of day means 9:00.
//   - A time without a day means the next time that it is so late.
//   - A weekday never means today.
//
// The result lies after now, by five years at most, and has no seconds.
// Errors: *Error only.
func Parse(text string, now time.Time, loc *time.Location) (time.Time, error) {
	if loc == nil {
		loc = time.UTC
	}

	now = now.In(loc)
	words := normalise(text)
	if words == "" || len([]rune(words)) > maxRunes {
		return time.Time{}, notUnderstood(text)
	}

	at, ok := reader{now}.read(words)
	if !ok {
		at, ok = askLibrary(words, now)
	}
	if !ok {
		return time.Time{}, notUnderstood(text)
	}

	at = at.Truncate(time.Minute).In(loc)
	if !at.After(now) {
		return time.Time{}, &Error{
			Code: Past,
			Text: "“" + shorten(text) + "” is " + at.Format("Mon 2 Jan 2006 15:04") + ", which is past.",
			Hint: "Say a time that lies ahead, such as: tomorrow · 2h · friday 14:00",
		}
	}

	if at.After(now.AddDate(maxYears, 0, 0)) {
		return time.Time{}, &Error{
			Code: TooFar,
			Text: "“" + shorten(text) + "” is more than five years away.",
			Hint: "Say an earlier time, such as: next week · 24.12. 9:00",
		}
	}

	return at, nil
}

// HasKnownForm reports whether a text has a form that Parse reads itself. The time may be past or ahead.
func HasKnownForm(text string) bool {
	words := normalise(text)
	if words == "" || len([]rune(words)) > maxRunes {
		return false
	}
	now := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC) // any time will do: only the form matters
	_, ok := reader{now}.read(words)
	return ok
}

// askLibrary asks the library for forms that reader doesn't know. The library takes any part of a text for a time. So its
// answer counts only if it used every word and the result lies ahead.
func askLibrary(words string, now time.Time) (time.Time, bool) {
	hasDigits := strings.ContainsAny(words, "0123456789")
	if hasDigits && !strings.ContainsFunc(words, unicode.IsLetter) { // for bare numbers it guesses
		return time.Time{}, false
	}

	w := when.New(&rules.Options{
		Distance:     1,
		MatchByOrder: true,
		Morning:      morningHour,
		Noon:         noonHour,
		Afternoon:    afternoonHour,
		Evening:      eveningHour,
	})
	w.Add(en.All...)
	w.Add(common.All...)
	r, err := w.Parse(words, now)
	if err != nil || r == nil {
		return time.Time{}, false
	}

	usedAll := r.Text == words
	if !usedAll || !r.Time.After(now) {
		return time.Time{}, false
	}

	return r.Time, true
}

// normalise returns lower case words with single spaces and nothing invisible.
func normalise(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) { // also those that aren't to be broken at
			return ' '
		}
		if unicode.Is(unicode.Cf, r) { // invisible: strings.Map drops it
			return -1
		}
		return unicode.ToLower(r)
	}, width.Fold.String(text)) // "２ｈ", as input methods for Japanese and Chinese type it
	text = strings.Trim(text, " ,;!?\"'“”„`*_")
	return strings.Join(strings.Fields(text), " ")
}

// notUnderstood returns the error of a text that is empty or no time.
func notUnderstood(text string) *Error {
	if strings.TrimSpace(text) == "" {
		return &Error{Code: Unknown, Text: "No time was given.", Hint: "Try: " + Forms}
	}
	wrong := &Error{Code: Unknown, Text: "I can't read “" + shorten(text) + "” as a time.", Hint: "Try: " + Forms}
	if meant := spelledRight(normalise(text)); meant != "" {
		wrong.Text += " Did you mean “" + meant + "”?"
	}
	return wrong
}

// spelledRight returns the words of a time as they were probably meant: "tomorrow 9:00" for "tommorow 9:00". It returns "" if they
// are no time even so.
func spelledRight(words string) string {
	if len([]rune(words)) > maxShown {
		return ""
	}
	fields := strings.Fields(words)
	for i, word := range fields {
		if isShort := len(word) <= len("mon"); !isShort {
			fields[i] = cmp.Or(spelling.Nearest(word, commonWords()), word)
		}
	}
	if meant := strings.Join(fields, " "); HasKnownForm(meant) {
		return meant
	}
	return ""
}

// commonWords returns words of times that are long enough to be mistyped.
func commonWords() []string {
	return []string{
		"today", "tonight", "tomorrow", "next", "week", "month", "noon", "morning", "afternoon", "evening",
		"minutes", "hour", "hours", "days", "weeks", "months",
		"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
		"january", "february", "march", "april", "june", "july", "august", "september", "october", "november", "december",
		"heute", "morgen", "übermorgen", "nächste", "woche", "monat", "mittag", "nachmittag", "abend", "stunde", "stunden", "tage", "wochen",
		"montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag",
		"januar", "februar", "märz", "juni", "juli", "oktober", "dezember",
	}
}

// shorten returns a text as an error repeats it: in one line of at most maxShown characters.
func shorten(text string) string {
	r := []rune(strings.Join(strings.Fields(text), " "))
	if len(r) > maxShown {
		return string(r[:maxShown-1]) + "…"
	}
	return string(r)
}
