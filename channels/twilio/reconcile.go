package twilio

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"parley/channels"
)

// skew is how much older than our attempt a message of ours may seem to be. The attempt's time is that of our database's clock, which
// may be ahead of Twilio's.
const skew = 2 * time.Minute

// maxSeen is how many messages to one customer are looked at.
const maxSeen = 1000

// Reconcile implements channels.Channel. It looks for an earlier attempt in the lists of messages to the customer. It reads those of all
// her addresses, because the attempt may have used another one than would be used now.
//
//   - Landed: exactly one message since the first attempt has the same content.
//   - Absent: all messages since the first attempt are explained: this process sent them for other deliveries, or the database knows
//     them as other messages of ours.
//   - CannotTell: everything else. A message with the same content that is a little older than the attempt could be ours, or another
//     program's. A message with other content could be ours, because Twilio replaces characters when smart encoding is on.
//
// A list has a message as soon as Twilio has accepted it. A request on which Twilio still works isn't missed: the engine asks no
// earlier than ten seconds after the request's timeout, and needs Absent twice.
func (c *Channel) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	if len(o.To) == 0 || o.Attempt.FirstAt.IsZero() {
		return channels.CannotTell, channels.Receipt{}, nil
	}

	parts, err := c.planAgain(o)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}

	rows, err := c.listToCustomer(ctx, o.To[0], o.Attempt.FirstAt.Add(-skew))
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}

	sids := make([]string, len(rows))
	for i, r := range rows {
		sids[i] = r.SID
	}

	others, err := o.IDsOfOthers(ctx, sids)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}

	var same []listedRow // messages that look like the attempt
	unexplained := 0     // other messages that may be this delivery's or another process's
	for _, r := range rows {
		isEarlier := r.Created.Before(o.Attempt.FirstAt.Truncate(time.Second)) // Twilio's times are whole seconds
		switch {
		case others[r.SID] || c.sent.isOfOther(r.SID, o):
		case !isEarlier && hasContent(r.row, parts[o.Attempt.Part]):
			same = append(same, r)
		default:
			unexplained++
		}
	}

	if len(same) == 1 {
		if err := c.acceptFailure(ctx, same[0]); err != nil {
			return channels.CannotTell, channels.Receipt{}, err
		}
		return channels.Landed, c.makeReceipt(same[0].row, o.Attempt.Part+1 < len(parts)), nil
	}
	if len(same) == 0 && unexplained == 0 {
		return channels.Absent, channels.Receipt{}, nil
	}

	return channels.CannotTell, channels.Receipt{}, nil
}

// acceptFailure stores the failure of a message that Reconcile found, if it has failed. Its callback may be lost, and pollOnce may have
// stored it as another program's. The fact has an id of its own, so that it isn't ignored as known.
func (c *Channel) acceptFailure(ctx context.Context, found listedRow) error {
	if statusFor(found.Status, int(found.ErrorCode), "").State != channels.StateFailed {
		return nil
	}
	fact := statusFact(listedMessage{Message: found.raw}, found.row)
	fact.ExternalID += ":found"
	return c.accept(ctx, []channels.Fact{fact})
}

// planAgain returns the same parts as Send's plan, even if the reply window has closed since.
func (c *Channel) planAgain(o channels.Outbound) ([]part, error) {
	o.LastIn = time.Time{}
	parts, err := c.planParts(o)
	if err != nil {
		return parts, err
	}
	if o.Attempt.Part < 0 || o.Attempt.Part >= len(parts) {
		return parts, errors.New("twilio: reconcile: no such part")
	}
	return parts, nil
}

// hasContent reports whether a listed message has the content of a part.
func hasContent(r row, p part) bool {
	body := p.body
	if p.template != nil {
		body = templateWords(p.template)
	}
	return strings.TrimSpace(r.Body) == strings.TrimSpace(body) && int(r.Media) == len(p.files)
}

// listToCustomer lists our messages to a customer that were created since from, each once.
// Errors: BadRecipient; a list could not be read back that far.
func (c *Channel) listToCustomer(ctx context.Context, customer channels.Party, from time.Time) ([]listedRow, error) {
	if _, err := c.number.addressOf(customer); err != nil {
		return nil, err
	}

	var rows []listedRow
	for _, to := range c.number.addressesOf(customer) {
		list, err := c.listSince(ctx, to, from)
		if err != nil {
			return nil, err
		}

		for _, r := range list {
			isListed := func(other listedRow) bool { return other.SID == r.SID }
			if !slices.ContainsFunc(rows, isListed) {
				rows = append(rows, r)
			}
		}
	}

	return rows, nil
}

// listSince lists our messages to an address that were created since from, the newest first. It doesn't filter by the date of sending,
// which messages that still wait at Twilio don't have.
// Errors: the list could not be read back that far.
func (c *Channel) listSince(ctx context.Context, to string, from time.Time) ([]listedRow, error) {
	var rows []listedRow
	var fault error // of what a page contains; eachPage's own errors come on top
	first := c.api.messagesURL() + "?" + url.Values{"To": {to}, "PageSize": {"100"}}.Encode()
	err := c.api.eachPage(ctx, first, func(p page) bool {
		older := 0
		for _, raw := range p.Messages {
			var r row
			err := json.Unmarshal(raw, &r)
			if err != nil || r.Created.IsZero() {
				fault = errors.New("twilio: reconcile: a listed message can't be read")
				return true
			}

			if r.Created.Before(from) {
				older++
			} else if !r.isInbound() && !r.isAutomatic() && c.number.mayHaveSent(r) {
				rows = append(rows, listedRow{row: r, raw: raw})
			}
		}

		if len(rows) > maxSeen {
			fault = errors.New("twilio: reconcile: too many messages")
			return true
		}

		return older > 0 && older == len(p.Messages) // a whole page: within a second, the list isn't in order
	})

	return rows, errors.Join(err, fault)
}

// templateWords returns a filled template in the form in which Twilio lists it: only the body.
func templateWords(t *channels.TemplateUse) string {
	values := map[string]string{}
	for name, value := range t.Values {
		values[name] = variableValue(value)
	}
	return channels.Fill(t.Body, values)
}
