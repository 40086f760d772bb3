package http

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// Moment is a time that JSON has in any form of RFC 3339, section 5.6: "t" and "z" may be small, and the second may be a leap
// second, 60, which counts as the next one. time.Time reads neither. It is kept in UTC: PostgreSQL refuses zones that are more than
// sixteen hours off, which RFC 3339 allows.
type Moment struct{ time.Time }

// errNoMoment means that a text is no time of RFC 3339.
var errNoMoment = errors.New("http: no time of RFC 3339")

// UnmarshalJSON implements json.Unmarshaler. Errors: errNoMoment.
func (m *Moment) UnmarshalJSON(raw []byte) error {
	var text *string
	if json.Unmarshal(raw, &text) != nil {
		return errNoMoment
	}
	if text == nil { // null is as good as nothing
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
	if _, offset := at.Zone(); offset <= -day || offset >= day { // time.Time takes 24:00
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
