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

// skew is how much older than our attempt a message of ours may seem to be. The attempt has the time of our database's clock, which may
// be ahead of Twilio's.
const skew = 2 * time.Minute

// maxSeen bounds the number of messages to one customer that Reconcile compares.
const maxSeen = 1000

// Reconcile implements channels.Channel. If the response to Send is lost, for example by a timeout, Twilio may have accepted the message.
// Sending it again could deliver it twice. Reconcile therefore searches Twilio's list of messages to the customer for the lost attempt.
// It searches all addresses of the customer, because the attempt may have used another one than Send would use now.
//
//   - Landed: exactly one message since the first attempt has the same content.
//   - Absent: every message since the first attempt is known to be another one: this process sent it for another delivery, or the
//     database has it as another message of ours. Only then will the engine send again.
//   - CannotTell: everything else. A message with the same content that is slightly older than the attempt could be ours or another
//     program's. A message with different content could be ours, because Twilio replaces characters if smart encoding is on. If the
//     account has got another number since the customer wrote, the attempt may have been made from another Twilio account.
//
// Twilio lists a message as soon as it has accepted it. A request that Twilio is still processing isn't missed: the engine calls
// Reconcile at least ten seconds after the request's timeout, and needs the answer Absent twice.
func (c *Channel) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	if len(o.To) == 0 || o.Attempt.FirstAt.IsZero() {
		return channels.CannotTell, channels.Receipt{}, nil
	}

	parts, err := c.planAgain(o)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}

	former := c.number.formerAddress(o.From)
	rows, err := c.listToCustomer(ctx, o.To[0], former, o.Attempt.FirstAt.Add(-skew))
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
	if len(same) == 0 && unexplained == 0 && former == "" {
		return channels.Absent, channels.Receipt{}, nil
	}

	return channels.CannotTell, channels.Receipt{}, nil
}

// acceptFailure stores the failure of a message that Reconcile found, if it has failed. The callback may be lost, and pollOnce may have
// stored the failure as that of another program's message. The fact has a different id, so that it isn't ignored as a duplicate.
func (c *Channel) acceptFailure(ctx context.Context, found listedRow) error {
	if statusFor(found.Status, int(found.ErrorCode), "").State != channels.StateFailed {
		return nil
	}
	fact := statusFact(listedMessage{Message: found.raw}, found.row)
	fact.ExternalID += ":found"
	return c.accept(ctx, []channels.Fact{fact})
}

// planAgain returns the parts as Send planned them, even if WhatsApp's reply window has closed since.
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

// listToCustomer returns our messages to a customer that were created since from, without duplicates. former is an address that we had
// before, whose messages are ours as well; "" means none.
// Errors: BadRecipient; a list could not be read back that far.
func (c *Channel) listToCustomer(ctx context.Context, customer channels.Party, former string, from time.Time) ([]listedRow, error) {
	if _, err := c.number.addressOf(customer); err != nil {
		return nil, err
	}

	var rows []listedRow
	for _, to := range c.number.addressesOf(customer) {
		list, err := c.listSince(ctx, to, former, from)
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

// listSince returns our messages to an address that were created since from, newest first. former is as in listToCustomer. It doesn't
// filter by the date of sending, which messages in Twilio's queue don't have yet.
// Errors: the list could not be read back that far.
func (c *Channel) listSince(ctx context.Context, to, former string, from time.Time) ([]listedRow, error) {
	var rows []listedRow
	var fault error // a page's content is unusable; eachPage returns other errors itself
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

			isOurNumbers := c.number.mayHaveSent(r) || former != "" && r.From == former
			mayBeOurs := !r.isInbound() && !r.isAutomatic() && isOurNumbers
			switch {
			case r.Created.Before(from):
				older++
			case mayBeOurs:
				rows = append(rows, listedRow{row: r, raw: raw})
			}
		}

		if len(rows) > maxSeen {
			fault = errors.New("twilio: reconcile: too many messages")
			return true
		}

		return older > 0 && older == len(p.Messages) // the whole page, because messages of the same second aren't in order
	})

	return rows, errors.Join(err, fault)
}

// templateWords returns the text of a filled template as Twilio lists it, which is only the body.
func templateWords(t *channels.TemplateUse) string {
	values := map[string]string{}
	for name, value := range t.Values {
		values[name] = variableValue(value)
	}
	return channels.Fill(t.Body, values)
}
