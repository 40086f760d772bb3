package http

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Moment is a time in JSON in any form of RFC 3339, section 5.6. Unlike time.Time, it accepts small letters "t" and "z", and a leap second
// ("23:59:60"), which counts as the next second. It is converted to UTC, because PostgreSQL doesn't take all zones of RFC 3339.
type Moment struct{ time.Time }

// errNoMoment means that a text isn't a time of RFC 3339.
var errNoMoment = errors.New("http: no time of RFC 3339")

// UnmarshalJSON implements json.Unmarshaler. Errors: errNoMoment.
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
		if at.Truncate(time.Second) != at.Truncate(24*time.Hour) { // leap seconds end a day of UTC
			return errNoMoment
		}
	}

	m.Time = at.UTC()
	return nil
}
