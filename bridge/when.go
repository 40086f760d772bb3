package bridge

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
)

// Forms are examples of times that Parse reads, for hints and help texts.
const Forms = "2h · 30m · 3d · tomorrow · tomorrow 14:30 · monday · friday 14:00 · next week · end of day · 2026-12-24 09:00 · 24.12. 9:00"

const (
	maxRunes = 64 // a longer text is not a time
	maxYears = 5  // a later time is most likely a typing error
	maxShown = 40 // runes of a text that an error message repeats
)

// Hours of the day for words such as "noon".
const (
	morningHour   = 9 // also the default for a day without a time
	noonHour      = 12
	afternoonHour = 14
	endOfDayHour  = 17
	eveningHour   = 18
)

// Code classifies an Error.
type Code string

// Codes.
const (
	Unknown Code = "not_understood"
	Past    Code = "past"
	TooFar  Code = "too_far"
)

// Error says why Parse did not accept a text, in words for people.
type Error struct {
	Code Code
	Text string // "I can't read “soonish” as a time."
	Hint string // "Try: 2h · tomorrow · …"
}

// Error implements error.
func (e *Error) Error() string { return e.Text + " " + e.Hint }

// Parse reads a time in people's words, such as an agent types to snooze a conversation: "tomorrow 14:30", "in 2h",
// "nächsten freitag". It reads English and German, and tries the library olebedev/when for other forms. The words are
// relative to now, in the zone loc (nil means UTC):
//
//   - A day without a time of day means 9:00.
//   - A time without a day means the next such time.
//   - A weekday never means today.
//
// The result is after now, by at most five years, and has no seconds.
// Errors: always an *Error.
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
		at, ok = parseWithLibrary(words, now)
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

// HasKnownForm reports whether a text has a form that Parse reads without the library. The time may be in the past.
func HasKnownForm(text string) bool {
	words := normalise(text)
	if words == "" || len([]rune(words)) > maxRunes {
		return false
	}
	now := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC) // arbitrary, since only the form matters
	_, ok := reader{now}.read(words)
	return ok
}

// parseWithLibrary reads forms that reader doesn't know. The library is too tolerant: it accepts a text if any part of it
// looks like a time, and guesses the meaning of bare numbers. Therefore a result counts only if the library used every word
// and the time is in the future.
func parseWithLibrary(words string, now time.Time) (time.Time, bool) {
	hasDigits := strings.ContainsAny(words, "0123456789")
	isBareNumber := hasDigits && !strings.ContainsFunc(words, unicode.IsLetter)
	if isBareNumber {
		return time.Time{}, false
	}

	parser := when.New(&rules.Options{
		Distance:     1,
		MatchByOrder: true,
		Morning:      morningHour,
		Noon:         noonHour,
		Afternoon:    afternoonHour,
		Evening:      eveningHour,
	})
	parser.Add(en.All...)
	parser.Add(common.All...)
	found, err := parser.Parse(words, now)
	if err != nil || found == nil {
		return time.Time{}, false
	}

	usedEveryWord := found.Text == words
	if !usedEveryWord || !found.Time.After(now) {
		return time.Time{}, false
	}

	return found.Time, true
}

// normalise returns the words of a text in lower case, separated by single spaces and without invisible characters.
func normalise(text string) string {
	halfWidth := width.Fold.String(text) // input methods for Japanese and Chinese type "２ｈ" instead of "2h"
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r): // including the no-break space
			return ' '
		case unicode.Is(unicode.Cf, r): // invisible, such as a zero-width joiner
			return -1 // drop it
		default:
			return unicode.ToLower(r)
		}
	}, halfWidth)
	text = strings.Trim(text, " ,;!?\"'“”„`*_")
	return strings.Join(strings.Fields(text), " ")
}

// notUnderstood returns the error for a text that is empty or not a time.
func notUnderstood(text string) *Error {
	if strings.TrimSpace(text) == "" {
		return &Error{Code: Unknown, Text: "No time was given.", Hint: "Try: " + Forms}
	}
	err := &Error{Code: Unknown, Text: "I can't read “" + shorten(text) + "” as a time.", Hint: "Try: " + Forms}
	if corrected := correctSpelling(normalise(text)); corrected != "" {
		err.Text += " Did you mean “" + corrected + "”?"
	}
	return err
}

// correctSpelling corrects a mistyped time: it returns "tomorrow 9:00" for "tommorow 9:00". It returns "" if the result is
// not a time.
func correctSpelling(words string) string {
	if len([]rune(words)) > maxShown {
		return ""
	}
	fields := strings.Fields(words)
	for i, word := range fields {
		isShort := len(word) <= len("mon")
		if !isShort {
			fields[i] = cmp.Or(Nearest(word, commonWords()), word)
		}
	}
	corrected := strings.Join(fields, " ")
	if !HasKnownForm(corrected) {
		return ""
	}
	return corrected
}

// commonWords returns the words of times that are long enough for their spelling to be corrected.
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

// shorten returns a text in one line of at most maxShown runes, to be repeated in an error message.
func shorten(text string) string {
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > maxShown {
		return string(runes[:maxShown-1]) + "…"
	}
	return string(runes)
}
