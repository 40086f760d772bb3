package message

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// This file says when events of a calendar are, and that they repeat (RFC 5545 section 3.3.10).

// timeWords formats a time in the time zone of the calendar, with its name there. The reader's zone is unknown.
func (l icsLine) timeWords() string {
	if t, err := time.Parse("20060102", l.value); err == nil {
		if l.name == "DTEND" { // the day after the last day (RFC 5545 section 3.6.1)
			t = t.AddDate(0, 0, -1)
		}
		return t.Format(time.DateOnly)
	}

	value, isUTC := strings.CutSuffix(l.value, "Z")
	t, ok := localTime(value)
	if !ok {
		return icsText(l.value)
	}
	zone := CleanLine(l.params["tzid"])
	if isUTC {
		zone = "UTC"
	}
	if zone != "" {
		zone = " (" + zone + ")"
	}
	return t.Format("2006-01-02 15:04") + zone
}

// dateOf reads the day at the beginning of a value.
func dateOf(value string) (day time.Time, ok bool) {
	day, err := time.Parse("20060102", value[:min(len(value), len("20060102"))])
	return day, err == nil
}

// localTime reads the time of a clock, some of which have no seconds.
func localTime(value string) (t time.Time, ok bool) {
	t, err := time.Parse("20060102T150405", value)
	if err != nil {
		t, err = time.Parse("20060102T1504", value)
	}
	return t, err == nil
}

// ruleParts reads a rule such as FREQ=WEEKLY;COUNT=4.
func ruleParts(rule string) map[string]string {
	parts := map[string]string{}
	for part := range strings.SplitSeq(strings.ToUpper(rule), ";") {
		name, value, _ := strings.Cut(part, "=")
		parts[name] = value
	}
	return parts
}

// plainDays matches the days of a week.
var plainDays = regexp.MustCompile(`^[A-Z]{2}(,[A-Z]{2})*$`)

// repeatWords says how an event repeats: "weekly on Mon, Wed, 4 times". A rule that it can't say is returned as it is.
func repeatWords(rule string) string {
	parts := ruleParts(rule)
	unit := map[string]string{"DAILY": "days", "WEEKLY": "weeks", "MONTHLY": "months", "YEARLY": "years"}[parts["FREQ"]]
	if unit == "" {
		return icsText(rule)
	}
	text := strings.ToLower(parts["FREQ"])
	if n, _ := strconv.Atoi(parts["INTERVAL"]); n > 1 {
		text = "every " + strconv.Itoa(n) + " " + unit
	}
	if plainDays.MatchString(parts["BYDAY"]) {
		text += " on " + strings.NewReplacer(
			"MO", "Mon", "TU", "Tue", "WE", "Wed", "TH", "Thu", "FR", "Fri", "SA", "Sat", "SU", "Sun", ",", ", ").Replace(parts["BYDAY"])
	}
	if n, _ := strconv.Atoi(parts["COUNT"]); n > 0 {
		text += ", " + strconv.Itoa(n) + " times"
	}
	if until, ok := dateOf(parts["UNTIL"]); ok {
		text += ", until " + until.Format(time.DateOnly)
	}
	return text
}
