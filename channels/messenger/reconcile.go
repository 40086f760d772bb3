package messenger

import (
	"context"
	"strings"
	"time"

	"parley/channels"
)

// clockSkew is how far Facebook's clock may be behind our database's.
const clockSkew = 2 * time.Minute

// Reconcile implements channels.Channel. It looks for the message in the list of the last messages with the customer (conversation.go).
// Messages there don't have our token, so they are compared by their words.
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

	others, err := o.IDsOfOthers(ctx, ids)
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

	return channels.Landed, channels.Receipt{
		ExternalID: id,
		State:      channels.StateAccepted,
		More:       o.Attempt.Part+1 < len(parts),
	}, nil
}

// searchPart looks for a part whose first attempt began at firstAt. messages are the conversation's last messages, the newest first;
// others has the ids of those that are known to be other messages of ours.
//
//   - Landed: messages has all that were sent since firstAt, and exactly one of them fits.
//   - Absent: it has all of them, and none fits. It must also have an older one: the customer has written before, so a list without
//     older messages isn't the whole conversation.
//   - CannotTell: everything else; also if a message fits that seems a little older than firstAt, since clocks differ.
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

// isPart reports whether a listed message may be a part: it has the same words or, for a file or a template, an attachment and no text.
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
