package message

import (
	"cmp"
	"net/mail"
	"regexp"
	"strings"
	"time"
)

// The limits for dates. A year before 1980 comes from a clock that was never set. One after 9000 is a mistake as well,
// and JSON can't represent years after 9999.
const (
	maxReceivedDates = 50 // Received fields that are searched
	maxDateBytes     = 200
	firstYear        = 1980
	lastYear         = 9000
)

// dateNoise matches additions to dates: comments, and the German "Uhr" (o'clock).
var dateNoise = regexp.MustCompile(`\s*\([^)]*\)|\s+(?:Uhr)\b`)

// Date returns the time at which a mail was written: that of its Date field, or else of its newest Received field, or
// else internal, the time at which it arrived in the mailbox.
func Date(h Header, internal time.Time) time.Time {
	if t, ok := parseDate(h.Text("Date")); ok {
		return t
	}
	received := h.All("Received")
	for _, v := range received[:min(len(received), maxReceivedDates)] {
		if i := strings.LastIndexByte(v, ';'); i >= 0 {
			if t, ok := parseDate(DecodeHeader(v[i+1:], h.Guess)); ok {
				return t
			}
		}
	}
	return internal
}

// zoneName matches a time zone that old programs write as a word after the time: "10:00:00 EST".
var zoneName = regexp.MustCompile(`(:\d\d) ([A-Za-z]{1,5})( [+-]\d{4})?( |$)`)

// zoneOffsets returns the named time zones of RFC 5322 section 4.3.
func zoneOffsets() map[string]string {
	return map[string]string{
		"EDT": "-0400", "EST": "-0500", "CDT": "-0500", "CST": "-0600",
		"MDT": "-0600", "MST": "-0700", "PDT": "-0700", "PST": "-0800",
	}
}

// withNumericZone replaces the name of a time zone by its offset, which is +0000 for unknown names. time.Parse would
// resolve the name in the local zone, so its result would depend on the machine.
func withNumericZone(v string) string {
	m := zoneName.FindStringSubmatch(v)
	if m == nil {
		return v
	}
	zone := strings.ToUpper(m[2])
	if zone == "AM" || zone == "PM" {
		return v
	}
	writtenOffset, end := m[3], m[4]
	offset := cmp.Or(writtenOffset, " "+cmp.Or(zoneOffsets()[zone], "+0000"))
	return strings.Replace(v, m[0], m[1]+offset+end, 1)
}

// parseDate parses a date in one of many formats. ok is false if it isn't a date or its year is implausible.
func parseDate(v string) (date time.Time, ok bool) {
	if v == "" || len(v) > maxDateBytes {
		return time.Time{}, false
	}
	v = withNumericZone(dateNoise.ReplaceAllString(v, ""))
	t, err := mail.ParseDate(v)
	for _, layout := range []string{
		time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05",
		"Monday, 02-Jan-06 15:04:05 -0700", time.ANSIC, "Mon Jan _2 15:04:05 -0700 2006",
		"Mon Jan 2 15:04:05 2006 -0700",
		"2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04:05", "Mon, 2 Jan 2006 15:04",
	} {
		if err == nil {
			break
		}
		t, err = time.Parse(layout, v)
	}
	if err != nil {
		return time.Time{}, false
	}
	if t.Year() < firstYear || t.Year() > lastYear {
		return time.Time{}, false
	}
	return t.UTC(), true
}
