package when

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Times of day in people's words: "14:30", "9am", "um 14 uhr 30", "noon", "tonight at 8". Also the names of
// weekdays and months, in English and German.

// clock is a time of day.
type clock struct {
	hour, minute int
	today        bool // it means today, even if it is past: "this morning"
}

var (
	clockForm = regexp.MustCompile(`^(at |um |@ ?|gegen )?(\d{1,2})(?:[:.](\d{2})(?::\d{2})?)? ?` +
		`(am|pm|a\.m\.|p\.m\.|uhr|o'clock)?(?: (\d{2}))?$`)
	plainForm = regexp.MustCompile(`^(?:at |um )?(\d{2})(\d{2})$`)
)

// position is where a time of day stands: "friday 9" is a time, "9" alone is none.
type position bool

const (
	behindDay position = true
	alone     position = false
)

// readClock reads a time of day. A bare number, like 9 or 1430, counts only behind a day or "at".
func readClock(words string, at position) (clock, bool) {
	if c, rest, ok := partOfDay(words); ok {
		if rest == "" {
			return c, true
		}

		exact, ok := readClock(rest, behindDay)
		isAfternoon := c.hour >= afternoonHour
		if ok && isAfternoon && exact.hour < noonHour {
			exact.hour += hoursOfHalf // "tonight at 8"
		}
		exact.today = c.today
		return exact, ok && c.hour != endOfDayHour // "end of day at 5" means nothing
	}

	if at == behindDay {
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

	isBareNumber := minute == "" && suffix == ""
	if isBareNumber && lead == "" && at == alone {
		return clock{}, false
	}

	return buildClock(hour, minute, suffix)
}

const (
	hoursOfDay    = 24
	hoursOfHalf   = 12 // with "am" or "pm"
	minutesOfHour = 60
)

// buildClock returns the time of day of digits. minute may be empty, and suffix be "am", "p.m.", "uhr" or the like.
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
	if h < 1 || h > hoursOfHalf {
		return clock{}, false
	}

	h %= hoursOfHalf // 12 am is midnight
	if half == "pm" {
		h += hoursOfHalf
	}

	return clock{hour: h, minute: m}, true
}

// intro has the words before a part of the day that add nothing to it: "in the morning".
var intro = regexp.MustCompile(`^(?:in |at |am |this |the )*`)

// partOfDay reads words that stand for an hour, such as "noon". It returns the hour and the words that follow.
func partOfDay(words string) (clock, string, bool) {
	introduced := intro.FindString(words)
	isThis := strings.Contains(introduced, "this ") // "this evening" is never tomorrow's
	words = words[len(introduced):]
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

// findWeekday returns the weekday with a name in English or German, long or short.
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

// monthNumber returns "1" for January, and "" for a word that is no month.
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
