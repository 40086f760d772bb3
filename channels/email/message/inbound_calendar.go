package message

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"parley/channels"
)

// This file shows invitations. Calendar programs send them as a text/calendar part, in the format iCalendar (RFC 5545).
// For example,
//
//	BEGIN:VCALENDAR            **Invitation**: Demo
//	METHOD:REQUEST             When: 2026-11-22 10:00 (Europe/Berlin)
//	BEGIN:VEVENT         ->    Organizer: Ann Lee
//	SUMMARY:Demo
//	DESCRIPTION:Bring the key     Description: Bring the key
//	…
//
// Words that the mail's text has, too, are left out. The invitation also stays attached as a file. Parley never accepts or
// declines it.

// Limits for one calendar part, and for the events of a mail.
const (
	maxCalendarBytes  = 128 << 10
	maxCalendarLines  = 2000
	maxCalendarEvents = 10
)

// addCalendar adds an invitation as a file and as text.
func (c *content) addCalendar(p *Part, name string) {
	b := p.Bytes()
	name = cmp.Or(name, "invite.ics")
	for _, f := range c.files {
		if string(f.Content) == string(b) {
			return // Outlook and Google put the same invitation into a mail twice
		}
	}
	c.files = append(c.files, channels.Attachment{Name: name, ContentType: "text/calendar", Content: b})
	text := ToUTF8(b[:min(len(b), maxCalendarBytes)], p.Params["charset"], p.Header.Guess)
	c.calendars = append(c.calendars, readCalendar(text, p.Header.Guess))
}

// icsLine is one property of a calendar: DTSTART;TZID=Europe/Berlin:20261122T100000.
type icsLine struct {
	name, value string
	params      map[string]string
}

// icsLines parses up to maxCalendarLines properties.
func icsLines(text string, guess *Guesser) []icsLine {
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
			_, l.params = ParseParams(line[:colon], guess)
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

// unescape returns a text value as lines.
func unescape(value string) string {
	if !strings.Contains(value, `\`) {
		return value
	}
	return strings.NewReplacer(`\n`, "\n", `\N`, "\n", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(value)
}

// icsText unescapes a text value and returns it as one line.
func icsText(value string) string { return CleanLine(unescape(value)) }

// calendar is what is shown of one calendar part.
type calendar struct {
	method string // what its sender wants: "REQUEST" is an invitation
	events []*event
}

// event has the properties of a VEVENT or VTODO that are shown.
type event struct {
	summary     string
	start, end  icsLine
	duration    string // if there is no end: "1h30m"
	location    string
	organizer   string
	status      string   // in upper case: "CANCELLED"
	repeat      string   // "weekly"
	answer      string   // of the last attendee who answered: "Ann Lee: accepted"
	comments    []string // of one line or more, as the description
	description string
}

// readCalendar reads the events of a calendar.
func readCalendar(text string, guess *Guesser) calendar {
	var c calendar
	var current *event // nil outside of events
	depth := 0         // of components inside current, such as alarms, whose properties are skipped
	for _, l := range icsLines(text, guess) {
		component := strings.ToUpper(l.value)
		isEvent := component == "VEVENT" || component == "VTODO"
		switch {
		case l.name == "METHOD":
			c.method = component
		case l.name == "BEGIN" && isEvent:
			current, depth = &event{}, 0
			c.events = append(c.events, current)
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
	}

	return c
}

// calendarTexts returns the events of a mail's calendars as Markdown. shown are its other texts.
func calendarTexts(calendars []calendar, r *Reader, shown []string) (out []string) {
	said := map[string]bool{} // by the letters of lines
	isNew := func(text string) (isNew bool) {
		isNew = strings.Map(keepLetters, text) == "" && strings.TrimSpace(text) != ""
		for line := range strings.SplitSeq(text, "\n") {
			letters := strings.Map(keepLetters, line)
			isNew = isNew || letters != "" && !said[letters]
			said[letters] = said[letters] || !strings.HasPrefix(line, ">") // a quote may be hidden
		}
		return isNew
	}
	isNew(strings.Join(shown, "\n"))

	count := 0
	for _, c := range calendars {
		for _, e := range c.events {
			if count++; count > maxCalendarEvents {
				return append(out, "More events are in the file.")
			}
			head := e.writeMarkdown(c.method)
			words := e.wordsMarkdown(r, isNew)
			if words != "" || !slices.Contains(out, head) { // Outlook and Google put the same invitation into a mail twice
				out = append(out, head+words)
			}
		}
	}
	return out
}

// keepLetters leaves out marks, those of Markdown, too, and spaces. It keeps smileys.
func keepLetters(r rune) rune {
	isASCII := r < utf8.RuneSelf
	if isASCII && !unicode.IsLetter(r) && !unicode.IsDigit(r) || unicode.IsSpace(r) {
		return -1
	}
	return r
}

// setProperty sets the field for one property of the event. Only the first start and the first end count.
func (e *event) setProperty(l icsLine) {
	switch l.name {
	case "SUMMARY":
		e.summary = icsText(l.value)
	case "DTSTART":
		if e.start.value == "" {
			e.start = l
		}
	case "DTEND", "DUE":
		if e.end.value == "" {
			e.end = l
		}
	case "DURATION": // P1DT1H30M (RFC 5545 section 3.3.6)
		e.duration = strings.ToLower(icsText(strings.NewReplacer("PT", "", "P", "", "T", " ").Replace(l.value)))
	case "LOCATION":
		e.location = icsText(l.value)
	case "ORGANIZER":
		e.organizer = icsPerson(l)
	case "STATUS":
		e.status = strings.ToUpper(l.value)
	case "RRULE":
		e.repeat = repeatWords(l.value)
	case "COMMENT":
		e.comments = append(e.comments, unescape(l.value))
	case "DESCRIPTION":
		e.description = unescape(l.value)
	case "ATTENDEE":
		if answer := l.params["partstat"]; answer != "" {
			e.answer = icsPerson(l) + ": " + strings.ToLower(answer)
			if comment := CleanLine(l.params["x-response-comment"]); comment != "" { // Google's
				e.answer += ": " + comment
			}
		}
	}
}

// icsPerson returns the name of an organizer or attendee, or the address if there is no name.
func icsPerson(l icsLine) string {
	address := l.value
	if scheme, rest, _ := strings.Cut(address, ":"); strings.EqualFold(scheme, "mailto") {
		address = rest
	}
	return cmp.Or(CleanLine(l.params["cn"]), CleanLine(address))
}

// writeMarkdown returns an event of a calendar as lines, without its comments and its description.
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

// hasTags matches descriptions in HTML, which Google writes.
var hasTags = regexp.MustCompile(`(?i)<br ?/?>|</?(a|b|i|u|p|ul|ol|li|div|span|strong|em)[ >]`)

// wordsMarkdown returns the event's comments and its description, without one that has no new line.
func (e *event) wordsMarkdown(r *Reader, isNew func(text string) bool) (out string) {
	for _, words := range []struct{ name, text string }{
		{"Comment", strings.Join(e.comments, "\n")},
		{"Description", e.description},
	} {
		text := words.name + ": " + strings.TrimSpace(words.text)
		if hasTags.MatchString(text) {
			text = r.Read(Segment{HTML: strings.ReplaceAll(text, "\n", "<br>")}).Text
		} else {
			text = Markdown(text)
		}
		if isNew(strings.TrimPrefix(text, words.name+":")) {
			out += "\n" + text
		}
	}
	return out
}

// titleWords returns what the event means for its recipient.
func (e *event) titleWords(method string) string {
	if e.status == "CANCELLED" {
		return "Cancelled"
	}
	return cmp.Or(map[string]string{
		"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer to an invitation",
		"COUNTER": "Another time proposed", "DECLINECOUNTER": "Proposed time declined",
	}[method], "Event")
}

// timeWords returns the time of the event, from start to end; either may be unknown.
func (e *event) timeWords() string {
	start, end := e.start.timeWords(), e.end.timeWords()
	// Some programs write the only day of an event as its DTEND.
	endsBeforeStart := len(end) == len(time.DateOnly) && end < start
	switch {
	case end == "", end == start, endsBeforeStart:
		return start
	case start == "":
		return end
	default:
		return start + " – " + end
	}
}

// afterSeparator returns the separator and the escaped text, or "" if the text is empty.
func afterSeparator(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + Escape(text)
}
