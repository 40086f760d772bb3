package inbound

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"parley/channels"
	"parley/channels/email/bodytext"
	"parley/channels/email/rawmail"
)

// This file shows invitations. Calendar programs send them as a text/calendar part, in the format iCalendar (RFC 5545).
// For example,
//
//	BEGIN:VCALENDAR            **Invitation**: Demo
//	METHOD:REQUEST             When: 2026-11-22 10:00 (Europe/Berlin)
//	BEGIN:VEVENT         ->    Organizer: Ann Lee
//	SUMMARY:Demo
//	…
//
// The invitation also stays attached as a file. Parley never accepts or declines it.

// Limits for one calendar part.
const (
	maxCalendarBytes  = 128 << 10
	maxCalendarEvents = 5
	maxCalendarLines  = 2000
)

// addCalendar adds an invitation as a file and as text.
func (c *content) addCalendar(p *rawmail.Part, name string) {
	b := p.Bytes()
	name = cmp.Or(name, "invite.ics")
	for _, f := range c.files {
		if string(f.Content) == string(b) {
			return // Outlook and Google put the same invitation into a mail twice
		}
	}
	c.files = append(c.files, channels.Attachment{Name: name, ContentType: "text/calendar", Content: b})
	text := rawmail.ToUTF8(b[:min(len(b), maxCalendarBytes)], p.Params["charset"], p.Header.Guess)
	events := calendarText(text, p.Header.Guess)
	if events != "" && !slices.Contains(c.calendars, events) {
		c.calendars = append(c.calendars, events)
	}
}

// icsLine is one property of a calendar: DTSTART;TZID=Europe/Berlin:20261122T100000.
type icsLine struct {
	name, value string
	params      map[string]string
}

// icsLines parses up to maxCalendarLines properties.
func icsLines(text string, guess *rawmail.Guesser) []icsLine {
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text) // unfold
	var out []icsLine
	for line := range strings.SplitSeq(text, "\n") {
		colon := colonOutsideQuotes(line)
		if colon <= 0 {
			continue
		}

		name, rest, _ := strings.Cut(line[:colon], ";")
		l := icsLine{name: strings.ToUpper(strings.TrimSpace(name)), value: strings.TrimSpace(line[colon+1:])}
		if rest != "" {
			_, l.params = rawmail.ParseParams(line[:colon], guess)
		}
		if out = append(out, l); len(out) == maxCalendarLines {
			break
		}
	}

	return out
}

// colonOutsideQuotes returns the index of the first colon that is not in quotes, or -1 if there is none.
func colonOutsideQuotes(line string) int {
	quoted := false
	for i := range len(line) {
		if line[i] == '"' {
			quoted = !quoted
		} else if line[i] == ':' && !quoted {
			return i
		}
	}
	return -1
}

// icsText unescapes a text value and returns it as one line.
func icsText(value string) string {
	if strings.Contains(value, `\`) {
		value = strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(value)
	}
	return rawmail.CleanLine(value)
}

// event has the properties of a VEVENT or VTODO that are shown.
type event struct {
	summary   string
	start     string // for people; see icsTime
	end       string
	duration  string // if there is no end: "1h30m"
	location  string
	organizer string
	status    string // in upper case: "CANCELLED"
	repeat    string // the recurrence rule
	answer    string // of the last attendee who answered: "Ann Lee: accepted"
}

// calendarText returns the events of a calendar as Markdown, or "" if there are none.
func calendarText(text string, guess *rawmail.Guesser) string {
	method := ""
	var events []*event
	var current *event // nil outside of events
	depth := 0         // of components inside current, such as alarms, whose properties are skipped
	for _, l := range icsLines(text, guess) {
		isEvent := strings.EqualFold(l.value, "VEVENT") || strings.EqualFold(l.value, "VTODO")
		switch {
		case l.name == "METHOD":
			method = strings.ToUpper(l.value)
		case l.name == "BEGIN" && isEvent:
			current = &event{}
			depth = 0
			events = append(events, current)
		case current == nil:
		case l.name == "END" && isEvent:
			current = nil
		case l.name == "BEGIN":
			depth++
		case l.name == "END":
			depth = max(depth-1, 0)
		case depth == 0:
			current.setProperty(l)
		}

		if len(events) > maxCalendarEvents {
			break
		}
	}

	var out []string
	for _, e := range events[:min(len(events), maxCalendarEvents)] {
		out = append(out, e.writeMarkdown(method))
	}

	return strings.Join(out, "\n\n")
}

// setProperty sets the field for one property of the event. Only the first start and the first end count.
func (e *event) setProperty(l icsLine) {
	switch l.name {
	case "SUMMARY":
		e.summary = icsText(l.value)
	case "DTSTART":
		e.start = cmp.Or(e.start, icsTime(l))
	case "DTEND", "DUE":
		e.end = cmp.Or(e.end, icsEnd(l))
	case "DURATION": // P1DT1H30M (RFC 5545 section 3.3.6)
		e.duration = strings.ToLower(icsText(strings.NewReplacer("PT", "", "P", "", "T", " ").Replace(l.value)))
	case "LOCATION":
		e.location = icsText(l.value)
	case "ORGANIZER":
		e.organizer = icsPerson(l)
	case "STATUS":
		e.status = strings.ToUpper(l.value)
	case "RRULE":
		e.repeat = icsText(l.value)
	case "ATTENDEE":
		if answer := l.params["partstat"]; answer != "" {
			e.answer = icsPerson(l) + ": " + strings.ToLower(answer)
		}
	}
}

// icsPerson returns the name of an organizer or attendee, or the address if there is no name.
func icsPerson(l icsLine) string {
	if name := rawmail.CleanLine(l.params["cn"]); name != "" {
		return name
	}
	const scheme = "mailto:"
	if len(l.value) > len(scheme) && strings.EqualFold(l.value[:len(scheme)], scheme) {
		return rawmail.CleanLine(l.value[len(scheme):])
	}
	return rawmail.CleanLine(l.value)
}

// icsEnd formats the end of an event. A DTEND without a time is the day after the last day (RFC 5545 section 3.6.1), so
// icsEnd returns the day before it.
func icsEnd(l icsLine) string {
	if t, err := time.Parse("20060102", l.value); err == nil && l.name == "DTEND" {
		return t.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	return icsTime(l)
}

// icsTime formats a time in the time zone of the calendar, with the name of the zone. The reader's zone is unknown.
func icsTime(l icsLine) string {
	zone := rawmail.CleanLine(l.params["tzid"])
	value, isUTC := strings.CutSuffix(l.value, "Z")
	if isUTC {
		zone = "UTC"
	}
	if t, err := time.Parse("20060102", value); err == nil {
		return t.Format(time.DateOnly)
	}

	for _, layout := range []string{"20060102T150405", "20060102T1504"} {
		if t, err := time.Parse(layout, value); err == nil {
			formatted := t.Format("2006-01-02 15:04")
			if zone == "" {
				return formatted
			}
			return formatted + " (" + zone + ")"
		}
	}

	return icsText(l.value)
}

// writeMarkdown returns the event as lines. method is the METHOD of the calendar, which says what the sender wants:
// "REQUEST" is an invitation.
func (e *event) writeMarkdown(method string) string {
	answer := ""
	if method == "REPLY" || method == "COUNTER" {
		answer = e.answer
	}

	lines := []string{"**" + e.titleWords(method) + "**" + afterSeparator(": ", e.summary)}
	for _, field := range []struct{ name, text string }{
		{"When", e.timeWords()},
		{"Duration", e.duration},
		{"Where", e.location},
		{"Organizer", e.organizer},
		{"Answer", answer},
		{"Repeats", e.repeat},
	} {
		if field.text != "" {
			lines = append(lines, field.name+afterSeparator(": ", field.text))
		}
	}

	return strings.Join(lines, "\n")
}

// titleWords returns what the event means for its recipient.
func (e *event) titleWords(method string) string {
	if e.status == "CANCELLED" {
		return "Cancelled"
	}
	switch method {
	case "REQUEST":
		return "Invitation"
	case "CANCEL":
		return "Cancelled"
	case "REPLY":
		return "Answer to an invitation"
	case "COUNTER":
		return "Another time proposed"
	case "DECLINECOUNTER":
		return "Proposed time declined"
	default:
		return "Event"
	}
}

// timeWords returns the time of the event, from start to end; either may be unknown.
func (e *event) timeWords() string {
	// Some programs write the only day of an event as its DTEND.
	endsBeforeStart := len(e.end) == len(time.DateOnly) && e.end < e.start
	switch {
	case e.end == "", e.end == e.start, endsBeforeStart:
		return e.start
	case e.start == "":
		return e.end
	default:
		return e.start + " – " + e.end
	}
}

// afterSeparator returns the separator and the escaped text, or "" if the text is empty.
func afterSeparator(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + bodytext.Escape(text)
}
