package bridge

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// reader parses times in people's words, relative to now and in the zone of now. Its methods take texts in lower case with
// single spaces. They return false for a text that they can't read.
type reader struct{ now time.Time }

// fillers matches words before a time that don't change its meaning: "until friday".
var fillers = regexp.MustCompile(`^(?:in|for|until|till|til|by|from|on|bis|für|fuer|am|ab|zum)\s+`)

// read reads a time in any form: a span ("2h"), a timestamp, a day with or without a time of day, or a time of day.
func (r reader) read(words string) (time.Time, bool) {
	for {
		rest := fillers.ReplaceAllString(words, "")
		if rest == words {
			break
		}
		words = rest
	}

	if at, ok := r.readSpan(words); ok {
		return at, true
	}
	if at, ok := r.readTimestamp(words); ok {
		return at, true
	}
	if at, ok := r.readDayAndClock(words); ok {
		return at, true
	}

	return r.readClockWithoutDay(words)
}

// readDayAndClock reads a day with its time after or before it: "friday 14:00", "9am tomorrow".
func (r reader) readDayAndClock(words string) (time.Time, bool) {
	if day, rest, ok := r.readDay(words); ok {
		if rest == "" {
			return day.at(clock{hour: morningHour}), true
		}
		if c, ok := readClock(rest, besideDay); ok {
			return day.at(c), true
		}
	}

	fields := strings.Fields(words)
	for i := 1; i < len(fields); i++ {
		c, ok := readClock(strings.Join(fields[:i], " "), besideDay)
		if !ok {
			continue
		}

		after := fillers.ReplaceAllString(strings.Join(fields[i:], " "), "")
		day, rest, ok := r.readDay(after)
		if ok && rest == "" {
			return day.at(c), true
		}
	}

	return time.Time{}, false
}

// readClockWithoutDay reads a time of day. It means today or, if that time is past, tomorrow. A time such as "this morning"
// (clock.today) always means today, so the result may be in the past.
func (r reader) readClockWithoutDay(words string) (time.Time, bool) {
	c, ok := readClock(words, alone)
	if !ok {
		return time.Time{}, false
	}
	day := r.today()
	if !day.at(c).After(r.now) && !c.today {
		day.day++
	}
	return day.at(c), true
}

// readTimestamp reads a timestamp with a zone, as in RFC 3339.
func (r reader) readTimestamp(words string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, strings.ToUpper(words))
	return at, err == nil
}

// spanPart matches one part of a span: an amount and its unit.
var spanPart = regexp.MustCompile(`^(\d{1,5}(?:[.,]\d{1,2})?|[a-zäöü]+)\s*([a-zäöü]+)\.?(?:\s*(?:,|and|und|&)\s*|\s*)`)

// readSpan reads a span of time that starts now: "2h", "1h30m", "2 hours and 30 minutes", "zwei wochen". Days, weeks and
// months keep the time of day, even if a clock change is in between.
func (r reader) readSpan(words string) (time.Time, bool) {
	words = strings.TrimSuffix(words, " from now")
	switch words {
	case "half an hour", "half hour", "halbe stunde", "einer halben stunde", "eine halbe stunde":
		return r.now.Add(time.Hour / 2), true
	case "":
		return time.Time{}, false
	}

	var months, days int
	var length time.Duration
	for words != "" {
		m := spanPart.FindStringSubmatch(words)
		if m == nil {
			return time.Time{}, false
		}

		words = words[len(m[0]):]
		n, isFraction, ok := readAmount(m[1])
		u := unitOf(m[2])
		if !ok || u == (unit{}) {
			return time.Time{}, false
		}
		if isFraction && u.length != time.Hour { // "1.5 days" is ambiguous
			return time.Time{}, false
		}

		length += time.Duration(n * float64(u.length))
		days += int(n) * u.days
		months += int(n) * u.months
	}

	at := r.now
	if months+days > 0 { // even AddDate(0, 0, 0) could shift a time within the hour that repeats when summer time ends
		at = at.AddDate(0, months, days)
	}
	return at.Add(length), true
}

// unit is the unit of an amount. Exactly one field is set.
type unit struct {
	length       time.Duration // hours and minutes
	days, months int           // calendar units, which keep the time of day
}

// unitOf returns the unit with a name, or the zero unit for an unknown name.
func unitOf(word string) unit {
	switch word {
	case "m", "min", "mins", "minute", "minutes", "minuten":
		return unit{length: time.Minute}
	case "h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden":
		return unit{length: time.Hour}
	case "d", "day", "days", "tag", "tage", "tagen":
		return unit{days: 1}
	case "w", "wk", "wks", "week", "weeks", "woche", "wochen":
		return unit{days: daysOfWeek}
	case "mo", "month", "months", "monat", "monate", "monaten":
		return unit{months: 1}
	}
	return unit{}
}

// readAmount reads a number or a numeral: "2", "1.5", "1,5", "an", "zwei".
func readAmount(word string) (n float64, isFraction, ok bool) {
	switch word {
	case "a", "an", "one", "ein", "eine", "einer", "einem", "einen":
		return 1, false, true
	}

	for i, names := range [...]string{
		"two zwei", "three drei", "four vier", "five fünf", "six sechs", "seven sieben", "eight acht", "nine neun",
		"ten zehn", "eleven elf", "twelve zwölf",
	} {
		for name := range strings.FieldsSeq(names) {
			if name == word {
				return float64(i + 2), false, true
			}
		}
	}

	word = strings.ReplaceAll(word, ",", ".")
	n, err := strconv.ParseFloat(word, 64)
	return n, strings.Contains(word, "."), err == nil
}
