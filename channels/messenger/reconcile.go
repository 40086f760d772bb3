package messenger

import (
	"context"
	"strings"
	"time"

	"parley/channels"
)

const (
	// maxListed is how many of a conversation's last messages the conversations API is asked for.
	maxListed = 20
	// messageFields asks for these messages, with what tells them apart.
	messageFields = "messages.limit(20){id,created_time,from,message,attachments}"
	// clockSkew is how far Facebook's clock may be behind our database's.
	clockSkew = 2 * time.Minute
	// graphTime is how the conversations API writes times, to the second.
	graphTime = "2006-01-02T15:04:05-0700"
)

// Reconcile implements channels.Channel. It looks for the message among those that the Page has sent to the
// customer since the first attempt. The outcome is Landed only if no other message can be meant.
func (c *Channel) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	to, err := onlyRecipient(o)
	if err != nil || o.Attempt.FirstAt.IsZero() {
		return channels.CannotTell, channels.Receipt{}, nil
	}

	parts, err := composeParts(o)
	if err != nil || o.Attempt.Part >= len(parts) {
		return channels.CannotTell, channels.Receipt{}, nil
	}

	messages, err := c.listMessages(ctx, to)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}

	ids := make([]string, len(messages))
	for i, m := range messages {
		ids[i] = m.ID
	}

	others, err := o.OfAnother(ctx, ids)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}

	for _, id := range o.References {
		others[id] = true
	}

	id, outcome := c.searchPart(messages, o.Attempt.FirstAt, others, parts[o.Attempt.Part])
	if outcome == channels.Absent && o.Attempt.Reworded {
		outcome = channels.CannotTell // the words that left may be there
	}
	if outcome != channels.Landed {
		return outcome, channels.Receipt{}, nil
	}

	return channels.Landed, channels.Receipt{ExternalID: id, State: channels.StateAccepted, More: o.Attempt.Part+1 < len(parts)}, nil
}

// searchPart looks for a part whose first attempt began at firstAt among a conversation's last messages, without those
// that are known to be others. If a message fits but is a little too old, by no more than the clocks may differ, the
// outcome is CannotTell. It is Absent only if messages reaches back before firstAt: the customer has written before, so that
// a list without any earlier message isn't the whole conversation.
func (c *Channel) searchPart(messages []listedMessage, firstAt time.Time, others map[string]bool, p part) (string, channels.Outcome) {
	from := firstAt.Truncate(time.Second)
	var found []string
	complete := len(messages) < maxListed // messages has all that were sent since from
	reachesBack := false                  // messages has one that is older
	for _, m := range messages {
		reachesBack = reachesBack || m.at.Before(from)
		if m.at.Before(from.Add(-clockSkew)) {
			complete = true
			break
		}

		mayBeOurs := m.From.ID == c.page && !others[m.ID]
		if !mayBeOurs || !m.isPart(p) {
			continue
		}
		if m.at.Before(from) {
			return "", channels.CannotTell
		}

		found = append(found, m.ID)
	}

	switch {
	case complete && len(found) == 1:
		return found[0], channels.Landed
	case complete && len(found) == 0 && reachesBack:
		return "", channels.Absent
	}

	return "", channels.CannotTell
}

// isPart reports whether a listed message may be a part: a text if its words are the same; a file or a template
// if it has an attachment and no text.
func (m *listedMessage) isPart(p part) bool {
	text := collapseSpaces(m.Message)
	if p.text != "" && text == collapseSpaces(p.text) {
		return true
	}
	isAttachment := p.file != nil || p.template
	hasAttachment := m.Attachments != nil && len(m.Attachments.Data) > 0
	return isAttachment && hasAttachment && text == ""
}

// collapseSpaces collapses white space, which may differ between the sent and the listed text.
func collapseSpaces(s string) string { return strings.Join(strings.Fields(s), " ") }
