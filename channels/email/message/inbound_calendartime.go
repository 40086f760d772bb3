package message

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file says when events of a calendar are, and that they repeat (RFC 5545 sections 3.3.10 and 3.6.5).

// timeWords formats a time in the time zone of the calendar. The reader's zone is unknown. A zone that everybody knows is
// named; of another one, which the calendar defines, the difference from UTC at that time is shown.
func (c *calendar) timeWords(l icsLine) string {
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
	} else if offset, ok := c.offset(l.params["tzid"], t); ok {
		zone = time.Time{}.In(time.FixedZone("", offset)).Format("UTC-07:00")
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

// zoneChange is a STANDARD or DAYLIGHT of a VTIMEZONE: a change of the clocks in a zone.
type zoneChange struct {
	zone   string
	days   []time.Time       // when the clocks change, as they show it just before; the first is DTSTART
	rule   map[string]string // on which day of each year they change again
	offset int               // the difference from UTC after that, in seconds
}

func (z *zoneChange) setProperty(l icsLine) {
	switch l.name {
	case "DTSTART", "RDATE":
		for value := range strings.SplitSeq(l.value, ",") {
			if t, ok := localTime(value); ok {
				z.days = append(z.days, t)
			}
		}
	case "RRULE":
		z.rule = ruleParts(l.value)
	case "TZOFFSETTO":
		t, _ := time.Parse("-0700", l.value[:min(len(l.value), len("-0700"))])
		_, z.offset = t.Zone()
	}
}

// daysUntil returns when the clocks changed, with those days of the rule that may be the last one until at. It returns none
// if the rule isn't known.
func (z *zoneChange) daysUntil(at time.Time) []time.Time {
	if z.rule == nil || len(z.days) == 0 {
		return z.days
	}
	days := slices.Clone(z.days)
	year := at.Year()
	if end, ok := dateOf(z.rule["UNTIL"]); ok {
		year = min(year, end.Year())
	}
	for _, y := range []int{year - 1, year} {
		day, ok := dayOfRule(z.rule, z.days[0], y)
		if !ok {
			return nil
		}
		days = append(days, day)
	}
	return days
}

// offset returns the difference from UTC at a time of a zone's clock, in seconds. It is that of the last change before. Zones
// that everybody knows, and those with a rule that isn't known, have none.
func (c *calendar) offset(tzid string, at time.Time) (offset int, ok bool) {
	var last time.Time
	for _, change := range c.changes {
		if change.zone != tzid {
			continue
		}
		days := change.daysUntil(at)
		if len(days) == 0 {
			return 0, false
		}
		for _, day := range days {
			if !day.Before(days[0]) && !day.After(at) && day.After(last) {
				last, offset, ok = day, change.offset, true
			}
		}
	}
	if ok && tzid != "Local" {
		_, err := time.LoadLocation(tzid)
		ok = err != nil
	}
	return offset, ok
}

// dayOfRule returns the day of a year on which a rule such as FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU falls, at the time of start.
func dayOfRule(rule map[string]string, start time.Time, year int) (day time.Time, ok bool) {
	byDay := rule["BYDAY"]
	cut := max(len(byDay)-2, 0)
	weekday := strings.Index("SU,MO,TU,WE,TH,FR,SA", byDay[cut:]) / len("SU,")
	month, _ := strconv.Atoi(rule["BYMONTH"])
	n, _ := strconv.Atoi(byDay[:cut]) // the last day is -1
	if rule["FREQ"] != "YEARLY" || month == 0 || n == 0 {
		return time.Time{}, false
	}
	if n > 0 {
		n--
	} else {
		month++
	}
	day = time.Date(year, time.Month(month), 1, start.Hour(), start.Minute(), start.Second(), 0, time.UTC)
	return day.AddDate(0, 0, (weekday-int(day.Weekday())+7)%7+7*n), true
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
