package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"time"

	"parley/channels"
)

// skew is how much earlier than our attempt a message may seem to be: Twilio's times are
// whole seconds.
const skew = 3 * time.Second

// maxSeen bounds how many messages to one customer are looked at.
const maxSeen = 1000

// Reconcile looks for an earlier attempt in the list of messages to the customer, which
// shows a message from the moment it was accepted.
//
// Landed: exactly one message since the first attempt says the same; one that seems to be a
// little older may be ours, or the same words from another process. Absent: the list was
// read back to before the first attempt, and nobody sent this customer anything since then
// but what this process knows as another delivery's. One message in between that says
// something else could be ours all the same (Twilio replaces characters when smart encoding
// is on), so that is CannotTell, as is everything else. The engine asks no earlier than ten
// seconds after the request's timeout and needs Absent twice, so a request that Twilio is
// still working on is not missed.
//
// DateSent is not asked for: what still waits at Twilio has none.
func (c *Channel) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	if len(o.To) == 0 || o.FirstAttemptAt.IsZero() {
		return channels.CannotTell, channels.Receipt{}, nil
	}
	to, err := c.addressOf(o.To[0])
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}
	parts, err := c.planAgain(o)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}
	rows, err := c.since(ctx, to, o.FirstAttemptAt.Add(-skew))
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}
	var same []row
	strange := 0
	for _, r := range rows {
		delivery, known := c.sentFor(r.SID)
		switch {
		case known && delivery != o.DeliveryID:
		case known && o.Part > 0: // an earlier part of the same
		case says(r, parts[o.Part]) && !r.Created.Before(o.FirstAttemptAt.Truncate(time.Second)):
			same = append(same, r)
		default:
			strange++
		}
	}
	switch {
	case len(same) == 1:
		return channels.Landed, c.receipt(same[0], o.Part+1 < len(parts), ""), nil
	case len(same) == 0 && strange == 0:
		return channels.Absent, channels.Receipt{}, nil
	}
	return channels.CannotTell, channels.Receipt{}, nil
}

// planAgain plans as Send did: the window may have closed since.
func (c *Channel) planAgain(o channels.Outbound) ([]part, error) {
	o.LastIn = time.Time{}
	parts, err := c.plan(o)
	if err == nil && (o.Part < 0 || o.Part >= len(parts)) {
		err = errors.New("twilio: reconcile: no such part")
	}
	return parts, err
}

// says reports whether a listed message is this part.
func says(r row, p part) bool {
	body := p.body
	if p.template != nil {
		body = templateWords(p.template)
	}
	return strings.TrimSpace(r.Body) == strings.TrimSpace(body) && int(r.Media) == len(p.files)
}

// since lists our messages to a customer from then on, newest first.
// Errors: the list could not be read back that far.
func (c *Channel) since(ctx context.Context, to string, from time.Time) ([]row, error) {
	var rows []row
	var fault error
	first := c.messagesURL() + "?" + url.Values{"To": {to}, "PageSize": {"100"}}.Encode()
	err := c.each(ctx, first, func(p page) bool {
		older := 0
		for _, raw := range p.Messages {
			var r row
			if err := json.Unmarshal(raw, &r); err != nil || r.Created.IsZero() {
				fault = errors.New("twilio: reconcile: a listed message can't be read")
				return true
			}
			switch {
			case r.Created.Before(from):
				older++
			case !r.inbound() && c.mine(r):
				rows = append(rows, r)
			}
		}
		if len(rows) > maxSeen {
			fault = errors.New("twilio: reconcile: too many messages")
			return true
		}
		return older > 0 && older == len(p.Messages) // the list is newest first, but not to the second
	})
	return rows, errors.Join(err, fault)
}

// mine reports whether a message left by our number, or may have: a messaging service
// chooses one later.
func (c *Channel) mine(r row) bool {
	return r.From == c.own() || c.set.service != "" && (r.From == "" || r.Service == c.set.service)
}

// templateWords gives a filled template as Twilio lists it: the body alone.
func templateWords(t *channels.TemplateUse) string {
	values := map[string]string{}
	for name, value := range t.Values {
		values[name] = variableValue(value)
	}
	return channels.Fill(t.Body, values)
}
