package bridge

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// This file reads times of day ("14:30", "9am", "um 14 uhr 30", "noon", "tonight at 8") and the names of weekdays and
// months, in English and German. Texts are in lower case and have single spaces.

// clock is a time of day.
type clock struct {
	hour, minute int
	today        bool // it means today, even if it is past, as "this morning" does
}

var (
	clockForm = regexp.MustCompile(`^(at |um |@ ?|gegen )?(\d{1,2})(?:[:.](\d{2})(?::\d{2})?)? ?` +
		`(am|pm|a\.m\.|p\.m\.|uhr|o'clock)?(?: (\d{2}))?$`)
	plainForm = regexp.MustCompile(`^(?:at |um )?(\d{2})(\d{2})$`)
)

// position says whether a text was written next to a day: "friday 9" has a time of day, but "9" alone is not a time.
type position bool

const (
	besideDay position = true
	alone     position = false
)

// readClock reads a time of day. A bare number, like 9 or 1430, counts only beside a day or after "at".
func readClock(words string, at position) (clock, bool) {
	if part, rest, ok := partOfDay(words); ok {
		return refinePartOfDay(part, rest)
	}

	if at == besideDay {
		if m := plainForm.FindStringSubmatch(words); m != nil { // "1430"
			return buildClock(m[1], m[2], "")
		}
	}

	m := clockForm.FindStringSubmatch(words)
	if m == nil {
		return clock{}, false
	}

	lead, hour := m[1], m[2]
	minute, suffix := m[3], m[4]
	if minuteAfterUhr := m[5]; minuteAfterUhr != "" { // "14 uhr 30"
		if suffix != "uhr" || minute != "" {
			return clock{}, false
		}
		minute = minuteAfterUhr
	}

	isBareNumber := lead == "" && minute == "" && suffix == ""
	if isBareNumber && at == alone {
		return clock{}, false
	}

	return buildClock(hour, minute, suffix)
}

// refinePartOfDay returns the time of a part of the day, such as "tonight", that may be followed by an exact time: "at 8".
func refinePartOfDay(part clock, rest string) (clock, bool) {
	if rest == "" {
		return part, true
	}
	if part.hour == endOfDayHour { // "end of day at 5" is a contradiction
		return clock{}, false
	}

	exact, ok := readClock(rest, besideDay)
	if !ok {
		return clock{}, false
	}
	isAfternoon := part.hour >= afternoonHour
	if isAfternoon && exact.hour < noonHour {
		exact.hour += halfDay // "tonight at 8" is at 20:00
	}
	exact.today = part.today
	return exact, true
}

const (
	hoursOfDay    = 24
	halfDay       = 12 // hours of "am" or "pm"
	minutesOfHour = 60
)

// buildClock makes a time of day from digits. minute may be "". suffix is "am", "p.m.", "uhr", or the like, or "".
func buildClock(hour, minute, suffix string) (clock, bool) {
	h, err := strconv.Atoi(hour)
	m := 0
	if err == nil && minute != "" {
		m, err = strconv.Atoi(minute)
	}
	if err != nil || h >= hoursOfDay || m >= minutesOfHour {
		return clock{}, false
	}

	half := strings.ReplaceAll(suffix, ".", "")
	if half != "am" && half != "pm" {
		return clock{hour: h, minute: m}, true
	}
	if h < 1 || h > halfDay {
		return clock{}, false
	}

	h %= halfDay // 12 am is midnight
	if half == "pm" {
		h += halfDay
	}

	return clock{hour: h, minute: m}, true
}

// intro matches the words before a part of the day: "in the morning".
var intro = regexp.MustCompile(`^(?:in |at |am |this |the )*`)

// partOfDay reads a word for a part of the day, such as "noon", and returns its hour and the rest of the text.
func partOfDay(words string) (part clock, rest string, ok bool) {
	introduction := intro.FindString(words)
	isThis := strings.Contains(introduction, "this ") // "this evening" never means tomorrow
	words = words[len(introduction):]
	for _, part := range [...]struct {
		hour  int
		names []string
	}{
		{endOfDayHour, []string{"end of the day", "end of day", "eod", "feierabend", "ende des tages"}},
		{morningHour, []string{"morning", "früh", "frueh", "morgens", "morgen", "vormittag"}},
		{noonHour, []string{"noon", "mittags", "mittag"}},
		{afternoonHour, []string{"afternoon", "nachmittags", "nachmittag"}},
		{eveningHour, []string{"evening", "tonight", "abends", "abend"}},
	} {
		if rest, ok := cutAny(words, part.names...); ok {
			isToday := isThis || part.hour == endOfDayHour || strings.HasPrefix(words, "tonight")
			return clock{hour: part.hour, today: isToday}, rest, true
		}
	}

	return clock{}, "", false
}

// findWeekday returns the weekday with an English or German name or abbreviation.
func findWeekday(name string) (time.Weekday, bool) {
	for i, names := range [...]string{
		"sunday sun sonntag so", "monday mon montag mo", "tuesday tue tues dienstag di",
		"wednesday wed mittwoch mi", "thursday thu thurs thur donnerstag do",
		"friday fri freitag fr", "saturday sat samstag sonnabend sa",
	} {
		for n := range strings.FieldsSeq(names) {
			if n == name {
				return time.Weekday(i), true
			}
		}
	}
	return 0, false
}

// monthNumber returns the number of a month in digits: "1" for "january" or "jan". It returns "" for other words.
func monthNumber(name string) string {
	for i, names := range [...]string{
		"january jan januar", "february feb februar", "march mar märz maerz", "april apr", "may mai", "june jun juni",
		"july jul juli", "august aug", "september sep sept", "october oct oktober okt", "november nov", "december dec dezember dez",
	} {
		for n := range strings.FieldsSeq(names) {
			if n == name {
				return strconv.Itoa(i + 1)
			}
		}
	}
	return ""
}
