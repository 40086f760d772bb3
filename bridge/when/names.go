package when

import (
	"regexp"
	"strconv"
	"strings"
)

// clock is a time of day.
type clock struct {
	hour, minute int
	today        bool // never rolls over to tomorrow
}

var (
	clockForm = regexp.MustCompile(`^(at |um |@ ?|gegen )?(\d{1,2})(?:[:.](\d{2})(?::\d{2})?)? ?(am|pm|a\.m\.|p\.m\.|uhr|o'clock)?(?: (\d{2}))?$`)
	plainForm = regexp.MustCompile(`^(?:at |um )?(\d{2})(\d{2})$`)
)

// readClock reads a time of day. A bare number counts after a day or "at" only.
func readClock(words string, afterDay bool) (clock, bool) {
	if c, rest, ok := partOfDay(words); ok {
		if rest == "" {
			return c, true
		}
		exact, ok := readClock(rest, true)
		if ok && c.hour >= afternoonHour && exact.hour < noonHour {
			exact.hour += 12 // "tonight at 8"
		}
		return exact, ok && !c.today
	}
	if m := plainForm.FindStringSubmatch(words); m != nil && afterDay {
		return clockOf(m[1], m[2], "")
	}
	m := clockForm.FindStringSubmatch(words)
	if m == nil {
		return clock{}, false
	}
	at, hour, minute, suffix, uhrMinute := m[1], m[2], m[3], m[4], m[5]
	if uhrMinute != "" {
		if suffix != "uhr" || minute != "" {
			return clock{}, false
		}
		minute = uhrMinute
	}
	if minute == "" && suffix == "" && at == "" && !afterDay {
		return clock{}, false
	}
	return clockOf(hour, minute, suffix)
}

func clockOf(hour, minute, suffix string) (clock, bool) {
	h, err := strconv.Atoi(hour)
	m := 0
	if err == nil && minute != "" {
		m, err = strconv.Atoi(minute)
	}
	if err != nil || h > 23 || m > 59 {
		return clock{}, false
	}
	if half := strings.ReplaceAll(suffix, ".", ""); half == "am" || half == "pm" {
		if h < 1 || h > 12 {
			return clock{}, false
		}
		h %= 12
		if half == "pm" {
			h += 12
		}
	}
	return clock{hour: h, minute: m}, true
}

// intro may lead a part of the day and says nothing.
var intro = regexp.MustCompile(`^(?:in |at |am |this |the )*`)

// partOfDay reads words that stand for an hour.
func partOfDay(words string) (clock, string, bool) {
	words = words[len(intro.FindString(words)):]
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
			return clock{hour: part.hour, today: part.hour == endOfDayHour}, rest, true
		}
	}
	return clock{}, "", false
}

// weekdayNumber returns 0 for Sunday.
func weekdayNumber(name string) (int, bool) {
	for i, names := range [...]string{
		"sunday sun sonntag so", "monday mon montag mo", "tuesday tue tues dienstag di",
		"wednesday wed mittwoch mi", "thursday thu thurs thur donnerstag do",
		"friday fri freitag fr", "saturday sat samstag sonnabend sa",
	} {
		for n := range strings.FieldsSeq(names) {
			if n == name {
				return i, true
			}
		}
	}
	return 0, false
}

// monthNumber returns "1" for January, "" for what is no month.
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
