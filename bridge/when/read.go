package when

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// reader reads normalised words as they are meant at now, in now's zone.
type reader struct{ now time.Time }

// fillers may lead a time and say nothing.
var fillers = regexp.MustCompile(`^(?:in|for|until|till|til|by|from|on|bis|für|fuer|am|ab|zum)\s+`)

// read tries the forms in turn: span, date, day with or without a time, time alone.
func (r reader) read(words string) (time.Time, bool) {
	for {
		rest := fillers.ReplaceAllString(words, "")
		if rest == words {
			break
		}
		words = rest
	}
	if at, ok := r.span(words); ok {
		return at, true
	}
	if at, ok := r.instant(words); ok {
		return at, true
	}
	if at, ok := r.dated(words); ok {
		return at, true
	}
	return r.clockAlone(words)
}

// dated reads a day with its time after or before it: "friday 14:00", "9am tomorrow".
func (r reader) dated(words string) (time.Time, bool) {
	if day, rest, ok := r.day(words); ok {
		if rest == "" {
			return day.at(clock{hour: morningHour})
		}
		if c, ok := readClock(rest, true); ok {
			return day.at(c)
		}
	}
	fields := strings.Fields(words)
	for i := 1; i < len(fields); i++ {
		c, ok := readClock(strings.Join(fields[:i], " "), true)
		if !ok {
			continue
		}
		after := fillers.ReplaceAllString(strings.Join(fields[i:], " "), "")
		if day, rest, ok := r.day(after); ok && rest == "" {
			return day.at(c)
		}
	}
	return time.Time{}, false
}

// clockAlone reads a time without a day: today, or tomorrow if that is past. The end
// of the day is today's only.
func (r reader) clockAlone(words string) (time.Time, bool) {
	c, ok := readClock(words, false)
	if !ok {
		return time.Time{}, false
	}
	today := date{r.now.Year(), r.now.Month(), r.now.Day(), r.now.Location()}
	at, _ := today.at(c)
	if !at.After(r.now) && !c.today {
		today.day++
		at, _ = today.at(c)
	}
	return at, true
}

// instant reads a date and time with its zone, as machines write it.
func (r reader) instant(words string) (time.Time, bool) {
	at, err := time.Parse(time.RFC3339, strings.ToUpper(words))
	return at, err == nil
}

// part of a span: an amount and its unit.
var part = regexp.MustCompile(`^(\d{1,5}(?:[.,]\d{1,2})?|[a-zäöü]+)\s*([a-zäöü]+)\.?(?:\s*(?:,|and|und|&)\s*|\s*)`)

// span reads lengths of time: "2h", "1h30m", "2 hours and 30 minutes", "zwei wochen".
// Days and more keep the time of day.
func (r reader) span(words string) (time.Time, bool) {
	words = strings.TrimSuffix(words, " from now")
	switch words {
	case "half an hour", "half hour", "halbe stunde", "einer halben stunde", "eine halbe stunde":
		return r.now.Add(30 * time.Minute), true
	case "":
		return time.Time{}, false
	}
	var months, days int
	var length time.Duration
	for words != "" {
		m := part.FindStringSubmatch(words)
		if m == nil {
			return time.Time{}, false
		}
		words = words[len(m[0]):]
		n, fraction, ok := amount(m[1])
		unit := unitOf(m[2])
		switch {
		case !ok || fraction && unit != hours:
			return time.Time{}, false
		case unit == hours:
			length += time.Duration(n * float64(time.Hour))
		case unit == minutes:
			length += time.Duration(n) * time.Minute
		case unit > 0: // days and weeks
			days += int(n) * unit
		case unit == monthUnit:
			months += int(n)
		default:
			return time.Time{}, false
		}
	}
	return r.now.AddDate(0, months, days).Add(length), true
}

// Units of a span; a positive one is so many days.
const (
	noUnit    = 0
	minutes   = -1
	hours     = -2
	monthUnit = -3
)

func unitOf(word string) int {
	switch word {
	case "m", "min", "mins", "minute", "minutes", "minuten":
		return minutes
	case "h", "hr", "hrs", "hour", "hours", "std", "stunde", "stunden":
		return hours
	case "d", "day", "days", "tag", "tage", "tagen":
		return 1
	case "w", "wk", "wks", "week", "weeks", "woche", "wochen":
		return 7
	case "mo", "month", "months", "monat", "monate", "monaten":
		return monthUnit
	}
	return noUnit
}

// amount reads "2", "1.5", "1,5", "an", "zwei".
func amount(word string) (n float64, fraction, ok bool) {
	switch word {
	case "a", "an", "one", "ein", "eine", "einer", "einem", "einen":
		return 1, false, true
	}
	for i, names := range [...]string{"two zwei", "three drei", "four vier", "five fünf", "six sechs", "seven sieben", "eight acht", "nine neun", "ten zehn", "eleven elf", "twelve zwölf"} {
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
