package twilio

import (
	"encoding/json"
	"net/mail"
	"strconv"
	"strings"
	"time"
)

// row is a message in a list of Twilio's API. Twilio may encode its numbers as strings, and writes times in
// two formats; the types number and stamp accept all of these.
type row struct {
	SID          string `json:"sid"`
	Status       string `json:"status"`
	Body         string `json:"body"`
	From         string `json:"from"`
	To           string `json:"to"`
	Direction    string `json:"direction"`
	Service      string `json:"messaging_service_sid"`
	Created      stamp  `json:"date_created"`
	Sent         stamp  `json:"date_sent"`
	Updated      stamp  `json:"date_updated"`
	Segments     number `json:"num_segments"`
	Media        number `json:"num_media"`
	ErrorCode    number `json:"error_code"`
	ErrorMessage string `json:"error_message"`
}

// sentOrCreated returns the time when the message was sent or, if that is unknown, created.
func (r row) sentOrCreated() time.Time {
	if !r.Sent.IsZero() {
		return r.Sent.Time
	}
	return r.Created.Time
}

func (r row) isInbound() bool { return r.Direction == "inbound" }

// isAutomatic reports whether Twilio itself sent the message, for example in response to STOP.
func (r row) isAutomatic() bool { return r.Direction == "outbound-reply" }

// stamp is a time in the format of the 2010 API (RFC 2822) or of the Content API (RFC 3339).
type stamp struct{ time.Time }

// UnmarshalJSON implements json.Unmarshaler. A malformed value becomes the zero time.
func (s *stamp) UnmarshalJSON(b []byte) error {
	var text string
	if json.Unmarshal(b, &text) != nil || text == "" {
		return nil
	}
	if t, err := mail.ParseDate(text); err == nil {
		s.Time = t.UTC()
	} else if t, err := time.Parse(time.RFC3339, text); err == nil {
		s.Time = t.UTC()
	}
	return nil
}

// number is an integer that may be encoded as a string, or be null.
type number int

// UnmarshalJSON implements json.Unmarshaler. A malformed value becomes 0.
func (n *number) UnmarshalJSON(b []byte) error {
	i, err := strconv.Atoi(strings.Trim(string(b), `"`))
	if err == nil {
		*n = number(i)
	}
	return nil
}
