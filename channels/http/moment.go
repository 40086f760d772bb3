package http

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Moment is a time in JSON in any form that RFC 3339 section 5.6 allows. Unlike time.Time, it accepts
// lower-case "t" and "z", and a leap second ("23:59:60"), which is read as the second after it. It is
// converted to UTC, because PostgreSQL doesn't accept all time zones of RFC 3339.
type Moment struct{ time.Time }

// errNoMoment is the error for a text that is not an RFC 3339 time.
var errNoMoment = errors.New("http: no time of RFC 3339")

// UnmarshalJSON implements json.Unmarshaler. null leaves the value unchanged.
// Errors: errNoMoment.
func (m *Moment) UnmarshalJSON(raw []byte) error {
	var text *string
	if json.Unmarshal(raw, &text) != nil {
		return errNoMoment
	}
	if text == nil { // null
		return nil
	}

	const secondAt, leapSecond = len("2006-01-02T15:04:"), "60"
	written := strings.ToUpper(*text)
	isLeap := len(written) > secondAt && strings.HasPrefix(written[secondAt:], leapSecond)
	if isLeap {
		written = written[:secondAt] + "59" + written[secondAt+len(leapSecond):]
	}

	var at time.Time
	if at.UnmarshalText([]byte(written)) != nil {
		return errNoMoment
	}
	const day = 24 * 60 * 60
	if _, offset := at.Zone(); offset <= -day || offset >= day { // time.Time accepts +24:00
		return errNoMoment
	}
	if isLeap {
		at = at.Add(time.Second)
		if at.Truncate(time.Second) != at.Truncate(24*time.Hour) { // leap seconds occur only at the end of a UTC day
			return errNoMoment
		}
	}

	m.Time = at.UTC()
	return nil
}
