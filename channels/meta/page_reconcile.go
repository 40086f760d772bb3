package meta

import (
	"context"
	"time"

	"parley/channels"
)

// clockSkew is how far Facebook's clock may be behind our database's.
const clockSkew = 2 * time.Minute

// Reconcile implements channels.Channel. It is called when the response to Send was lost, and finds out
// whether the message was sent. It looks for the message among the latest messages of the conversation
// (conversation.go). That list lacks our token, so messages are compared by text.
func (c *Page) Reconcile(ctx context.Context, o channels.Outbound) (channels.Outcome, channels.Receipt, error) {
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

	known, err := o.IDsOfOthers(ctx, ids)
	if err != nil {
		return channels.CannotTell, channels.Receipt{}, err
	}

	for _, id := range o.References {
		known[id] = true
	}

	id, outcome := c.searchPart(messages, o.Attempt.FirstAt, known, parts[o.Attempt.Part])
	if outcome == channels.Absent && o.Attempt.Reworded {
		outcome = channels.CannotTell // the earlier wording may have been sent
	}
	if outcome != channels.Landed {
		return outcome, channels.Receipt{}, nil
	}

	return channels.Landed, channels.Receipt{
		ExternalID: id,
		State:      channels.StateAccepted,
		More:       o.Attempt.Part+1 < len(parts),
	}, nil
}

// searchPart looks for a part (the content of one request) that was first attempted at firstAt. messages has
// the latest messages of the conversation, newest first. known has the ids of those that are certainly other
// messages of ours. A wrong Absent would send the message twice, so the result is CannotTell unless the list
// proves more:
//
//   - Landed: messages has everything sent since firstAt, and exactly one message matches.
//   - Absent: it has everything sent since then, nothing matches, and it also has an older message. The
//     customer has written before, so a list without older messages isn't the whole conversation.
//   - CannotTell: all other cases. They include a match that seems slightly older than firstAt, since
//     clocks differ.
func (c *Page) searchPart(messages []listedMessage, firstAt time.Time, known map[string]bool, p part) (string, channels.Outcome) {
	from := firstAt.Truncate(time.Second)
	var found []string
	complete := len(messages) < maxListed // messages has everything sent since from
	reachesBack := false                  // messages has an older message
	for _, m := range messages {
		reachesBack = reachesBack || m.at.Before(from)
		if m.at.Before(from.Add(-clockSkew)) {
			complete = true
			break
		}

		mayBeOurs := m.From.ID == c.id && !known[m.ID]
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

// isPart reports whether a listed message may be part p: it has the same text or, if p is a file or template,
// it has an attachment and no text.
func (m *listedMessage) isPart(p part) bool {
	text := collapseSpaces(m.Message)
	if p.text != "" && text == collapseSpaces(p.text) {
		return true
	}
	isAttachment := p.file != nil || p.template
	hasAttachment := m.Attachments != nil && len(m.Attachments.Data) > 0
	return isAttachment && hasAttachment && text == ""
}
