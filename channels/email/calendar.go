package email

import (
	"strings"
	"time"

	"parley/channels"
)

// Limits of a calendar part: what people read of it, and how much is looked at.
const (
	calendarBytes  = 128 << 10
	calendarEvents = 5
	calendarLines  = 2000
)

// calendar keeps an invitation as a file and as lines to read. It is never
// answered by itself.
func (c *content) calendar(p *part, name string) {
	b := p.bytes()
	if name == "" {
		name = "invite.ics"
	}
	for _, f := range c.files {
		if string(f.Content) == string(b) {
			return // the same invitation again, as Outlook and Google send it
		}
	}
	c.files = append(c.files, channels.Attachment{Name: name, ContentType: "text/calendar", Content: b})
	if text := calendarText(toUTF8(b[:min(len(b), calendarBytes)], p.params["charset"], p.header.guess), p.header.guess); text != "" {
		for _, known := range c.calendars {
			if known == text {
				return
			}
		}
		c.calendars = append(c.calendars, text)
	}
}

// icsLine is one property of a calendar.
type icsLine struct {
	name, value string
	params      map[string]string
}

// icsLines reads the properties of RFC 5545 text, unfolded.
func icsLines(text string, guess *guesser) []icsLine {
	text = strings.NewReplacer("\n ", "", "\n\t", "").Replace(text)
	var out []icsLine
	for line := range strings.SplitSeq(text, "\n") {
		colon, quoted := -1, false
		for i := range len(line) {
			if line[i] == '"' {
				quoted = !quoted
			} else if line[i] == ':' && !quoted {
				colon = i
				break
			}
		}
		if colon <= 0 {
			continue
		}
		name, rest, _ := strings.Cut(line[:colon], ";")
		l := icsLine{name: strings.ToUpper(strings.TrimSpace(name)), value: strings.TrimSpace(line[colon+1:])}
		if rest != "" {
			_, l.params = parseParams(line[:colon], guess)
		}
		if out = append(out, l); len(out) == calendarLines {
			break
		}
	}
	return out
}

// icsText undoes the escapes of a text value.
func icsText(v string) string {
	if strings.Contains(v, `\`) {
		v = strings.NewReplacer(`\n`, " ", `\N`, " ", `\,`, ",", `\;`, ";", `\\`, `\`).Replace(v)
	}
	return cleanLine(v)
}

// event is what people need to know of a VEVENT or VTODO.
type event struct {
	summary, start, end, where, organizer, status, repeat, answer string
}

// calendarText makes Markdown lines of a calendar; "" if there is no event in it.
func calendarText(text string, guess *guesser) string {
	method := ""
	var events []*event
	var e *event
	for _, l := range icsLines(text, guess) {
		switch {
		case l.name == "METHOD":
			method = strings.ToUpper(l.value)
		case l.name == "BEGIN" && (strings.EqualFold(l.value, "VEVENT") || strings.EqualFold(l.value, "VTODO")):
			e = &event{}
			events = append(events, e)
		case l.name == "END" && e != nil && (strings.EqualFold(l.value, "VEVENT") || strings.EqualFold(l.value, "VTODO")):
			e = nil
		case e != nil:
			e.set(l)
		}
		if len(events) > calendarEvents {
			events = events[:calendarEvents]
			break
		}
	}
	var out []string
	for _, e := range events {
		out = append(out, e.markdown(method))
	}
	return strings.Join(out, "\n\n")
}

// set takes over one property; alarms inside an event have names of their own.
func (e *event) set(l icsLine) {
	switch l.name {
	case "SUMMARY":
		e.summary = icsText(l.value)
	case "DTSTART":
		setTime(&e.start, l)
	case "DTEND", "DUE":
		setTime(&e.end, l)
	case "LOCATION":
		e.where = icsText(l.value)
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

// setTime takes over the first time of a kind: an event has one.
func setTime(at *string, l icsLine) {
	if *at == "" {
		*at = icsTime(l)
	}
}

// icsPerson gives a person's name, else the address.
func icsPerson(l icsLine) string {
	if name := cleanLine(l.params["cn"]); name != "" {
		return name
	}
	if len(l.value) > 7 && strings.EqualFold(l.value[:7], "mailto:") {
		return cleanLine(l.value[7:])
	}
	return cleanLine(l.value)
}

// icsTime writes a time as the calendar says it; zones stay names, because the
// reader's zone is not known here.
func icsTime(l icsLine) string {
	zone := cleanLine(l.params["tzid"])
	v, utc := strings.CutSuffix(l.value, "Z")
	if utc {
		zone = "UTC"
	}
	for _, form := range [][2]string{{"20060102T150405", "2006-01-02 15:04"}, {"20060102T1504", "2006-01-02 15:04"}, {"20060102", "2006-01-02"}} {
		if t, err := time.Parse(form[0], v); err == nil {
			if zone == "" || form[0] == "20060102" {
				return t.Format(form[1])
			}
			return t.Format(form[1]) + " (" + zone + ")"
		}
	}
	return icsText(l.value)
}

// markdown writes an event as lines.
func (e *event) markdown(method string) string {
	title := map[string]string{
		"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer to an invitation",
		"COUNTER": "Another time proposed", "DECLINECOUNTER": "Proposed time declined",
	}[method]
	if title == "" {
		title = "Event"
	}
	if e.status == "CANCELLED" {
		title = "Cancelled"
	}
	when := e.start
	if e.end != "" && e.end != e.start {
		when += " – " + e.end
	}
	answer := ""
	if method == "REPLY" || method == "COUNTER" {
		answer = e.answer
	}
	lines := []string{"**" + title + "**" + prefixed(": ", e.summary)}
	for _, field := range [][2]string{
		{"When", when}, {"Where", e.where}, {"Organizer", e.organizer}, {"Answer", answer}, {"Repeats", e.repeat},
	} {
		if field[1] != "" {
			lines = append(lines, field[0]+prefixed(": ", field[1]))
		}
	}
	return strings.Join(lines, "\n")
}

// prefixed escapes text behind a separator, nothing for no text.
func prefixed(separator, text string) string {
	if text == "" {
		return ""
	}
	return separator + escaped(text)
}
