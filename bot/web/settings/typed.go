package settings

import (
	_ "embed" // the time zones
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// What people type into some fields, as parley.yaml has it. Each of these functions returns what it can't read unchanged, so
// that the set-up says what is wrong with it.

//go:embed zones.txt
var zones string

// listZones returns the names of time zones, for fields that offer them.
func listZones() []string { return strings.Fields(zones) }

// readZone reads a time zone: "Europe/Berlin", or "Berlin" if only one zone is called so.
func readZone(typed string) string {
	found := ""
	for _, zone := range listZones() {
		city := zone[strings.LastIndex(zone, "/")+1:]
		name := strings.ReplaceAll(strings.TrimSpace(typed), " ", "_")
		switch {
		case strings.EqualFold(zone, name):
			return zone
		case strings.EqualFold(city, name) && found != "":
			return typed
		case strings.EqualFold(city, name):
			found = zone
		}
	}
	if found == "" {
		return typed
	}
	return found
}

var (
	betweenSpans = regexp.MustCompile(`\s*(?:,|;|\band\b)\s*`)
	betweenTimes = regexp.MustCompile(`\s*(?:-|–|—|\bto\b|\buntil\b)\s*`)
	clockTime    = regexp.MustCompile(`^(\d{1,2})(?:[:.h](\d{2})?)?\s*([ap])?\.?(?:m\.?)?$`)
)

// readSpans reads opening hours: "9-17", "9am-5pm" or "9:00–12:30, 13:30–17:30".
func readSpans(typed string) string {
	text := strings.ToLower(strings.TrimSpace(typed))
	if text == "closed" {
		return ""
	}
	var spans []string
	for _, span := range betweenSpans.Split(text, -1) {
		ends := betweenTimes.Split(span, -1)
		if len(ends) != 2 { //nolint:mnd // from and until
			return typed
		}
		from, until := clockTime.FindStringSubmatch(ends[0]), clockTime.FindStringSubmatch(ends[1])
		if from == nil || until == nil {
			return typed
		}
		first, _ := strconv.Atoi(from[1])                            //nolint:errcheck // two digits
		last, _ := strconv.Atoi(until[1])                            //nolint:errcheck // two digits
		isAfternoon := until[3] == "p" && first <= last && last < 12 //nolint:mnd // "1-5pm"
		if from[3] == "" && isAfternoon {
			from[3] = "p"
		}
		begin, end := minuteWords(from), minuteWords(until)
		if end == "00:00" {
			end = "24:00"
		}
		spans = append(spans, begin+"-"+end)
	}
	return strings.Join(spans, ", ")
}

// minuteWords returns a time that clockTime matched: "17:30".
func minuteWords(m []string) string {
	const noon = 12
	hour, _ := strconv.Atoi(m[1]) //nolint:errcheck // two digits
	switch {
	case m[3] == "p" && hour < noon:
		hour += noon
	case m[3] == "a" && hour == noon:
		hour = 0
	}
	minutes := m[2]
	if minutes == "" {
		minutes = "00"
	}
	return fmt.Sprintf("%02d:%s", hour, minutes)
}

var channelID = regexp.MustCompile(`^[CDG][A-Z0-9]+$|^19:|^https?://`)

// readChannel reads a channel: its name with or without #, its id or its link.
func readChannel(typed string) string {
	typed = strings.TrimSpace(typed)
	if typed == "" || strings.HasPrefix(typed, "#") || channelID.MatchString(typed) {
		return typed
	}
	return "#" + typed
}

// readTyped returns a value of a field as parley.yaml has it.
func readTyped(name, typed string) string {
	switch {
	case name == "zone" || strings.HasSuffix(name, ".zone"):
		return readZone(typed)
	case strings.HasPrefix(name, weekPath), strings.HasPrefix(name, daysPath) && strings.HasSuffix(name, ".open"):
		return readSpans(typed)
	case name == "channel" || strings.HasSuffix(name, channelSuffix):
		return readChannel(typed)
	}
	return typed
}
