package view

import (
	"cmp"
	"time"

	"parley/bot/verb"
	"parley/bridge"
)

// Memory is what a form carries until it is submitted, such as where it was opened. It comes back from a client,
// so the ids in it are claims that the engine authorises again.
type Memory struct {
	Verb     string       `json:"verb"`
	Args     string       `json:"args,omitempty"` // verb.Value
	Place    bridge.Place `json:"place"`
	Zone     string       `json:"zone,omitempty"`     // IANA name
	At       int64        `json:"at,omitempty"`       // unix seconds when it was opened
	Since    int64        `json:"since,omitempty"`    // the same of the first form, if this one follows it; see Following
	Text     string       `json:"text,omitempty"`     // what was typed before a conversation was picked
	Mentions []string     `json:"mentions,omitempty"` // the user ids of the people whom Text mentions
	Pick     bool         `json:"pick,omitempty"`     // the form only asks which conversation is meant
}

// Remember makes the memory of a form that is opened now; its verb and arguments are added when the form is laid
// out. zone is the reader's, and may be nil.
func Remember(at bridge.Place, zone *time.Location, now time.Time) Memory {
	m := Memory{Place: at, At: now.Unix()}
	if zone != nil {
		m.Zone = zone.String()
	}
	return m
}

// Following returns the memory of a form that follows another one, such as that of a reply's buttons. A text of the earlier
// form was written without what has happened since that one was opened. One that only asked for the conversation has no text.
func (m Memory) Following(earlier Memory) Memory {
	if !earlier.Pick {
		m.Since = earlier.openedAt()
	}
	return m
}

// OpenedAt is when the form, or the first of several that followed each other, was opened. It is zero if that isn't known.
func (m Memory) OpenedAt() time.Time {
	at := m.openedAt()
	if at == 0 {
		return time.Time{}
	}
	return time.Unix(at, 0)
}

// openedAt is OpenedAt in unix seconds.
func (m Memory) openedAt() int64 { return cmp.Or(m.Since, m.At) }

// Fill reads the submitted values of the form. errs has what the user must correct, by field name, or by "" if it concerns
// the whole form. Relative times such as "tomorrow" count from when the form was opened, so that the result is always the same.
func (m Memory) Fill(values map[string][]string) (filled Filled, errs map[string]string) {
	name, args, err := verb.Pressed(m.Verb, m.Args)
	if err != nil {
		return Filled{}, map[string]string{"": "This form is no longer valid. Close it and open it again."}
	}
	return Submit(name, args, values, time.Unix(m.At, 0), m.Location())
}

// Location is the zone in which times in the form are read; UTC where none is known.
func (m Memory) Location() *time.Location {
	if z, err := time.LoadLocation(m.Zone); err == nil {
		return z
	}
	return time.UTC
}
