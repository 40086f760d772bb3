package engine

import (
	"cmp"
	"context"
	"slices"

	"parley/bridge"
	"parley/store"
)

// spokenRows is the number of messages on a page.
const spokenRows = 50

// This file reads the messages of a conversation for Parley's own inbox page: what the customer and the agents wrote, the state of each
// reply (waiting, sent, failed, read, …), and what the agent can do about it. For example, a reply that is still held back has the verb
// (command) undo. A reply can consist of several deliveries, called its parts. Each delivery is in a lane: a queue whose deliveries
// are sent one after the other.

// ReadSpoken returns a page of the messages and notes of a conversation, oldest first, as an agent (viewer) sees them. The page ends
// before the given position; the zero position means the newest page. The caller has checked that viewer may read the conversation.
func (rd *ReadingReader) ReadSpoken(
	ctx context.Context, q store.Querier, viewer *store.Agent, c *store.Conversation, before bridge.SpokenBefore,
) (bridge.SpokenPage, error) {
	list, err := store.ShownMessages(ctx, q, c.ID, store.ShownBefore(before), spokenRows+1)
	if err != nil {
		return bridge.SpokenPage{}, err
	}

	page := bridge.SpokenPage{Older: len(list) > spokenRows}
	list = list[:min(len(list), spokenRows)]
	var ids []store.MessageID
	var writers []store.IdentityID
	for _, m := range list {
		ids = append(ids, m.ID)
		if m.IdentityID != nil {
			writers = append(writers, *m.IdentityID)
		}
	}

	replies, err := store.ShownReplies(ctx, q, ids)
	if err != nil {
		return page, err
	}

	var customer store.IdentityID
	if c.IdentityID != nil {
		customer = *c.IdentityID
	}
	people, err := store.Identities(ctx, q, append(writers, customer))
	if err != nil {
		return page, err
	}

	customers, settings := identitiesByID(people), rd.settingsOf(c.AccountID)
	for i := range list {
		m := &list[i]
		s := rd.spokenOf(m, latestSending(replies[m.ID]))
		if m.IdentityID != nil && s.Agent == 0 {
			if writer := customers[*m.IdentityID]; writer != nil {
				s.Author = writerName(c, writer)
				nameStranger(c, customers[customer], writer, &s)
			}
		}

		if s.Receipt != "" {
			s.Receipt = settings.ShownReceipt(s.Receipt)
		}
		s.Verbs = verbsFor(rd.Verbs, viewer, c, m, &s)
		if IsConfidential(m) {
			s.Text, s.Files = "", nil
		}
		page.List = append(page.List, s)
	}
	if err := addResponses(ctx, q, c, list, page.List); err != nil {
		return page, err
	}

	tagged, err := store.TagsOfMessages(ctx, q, ids)
	if err != nil {
		return page, err
	}
	for _, t := range tagged {
		if i := slices.Index(ids, t.MessageID); i >= 0 {
			page.List[i].Tags = append(page.List[i].Tags, rd.Directory().TagsNamed([]string{t.Tag})...)
		}
	}

	slices.Reverse(page.List)
	setBehind(page.List, replies)
	return page, nil
}

// setBehind sets Behind of each waiting reply that is queued after an unread one: a reply that can't be sent before its chat has been
// read again. Behind is the author of the unread reply.
func setBehind(list []bridge.SpokenMessage, replies map[store.MessageID][]store.ShownReply) {
	for i := range list {
		if list[i].Fate != store.FateWaiting || list[i].Unread {
			continue
		}
		for _, before := range list {
			isUnread := before.Unread && before.ID != list[i].ID
			if isUnread && isBefore(replies[before.ID], replies[list[i].ID]) {
				list[i].Behind = before.Author
			}
		}
	}
}

// isBefore reports whether some delivery of one message comes before some delivery of another in the same lane.
func isBefore(one, other []store.ShownReply) bool {
	for _, a := range one {
		for _, b := range other {
			if a.LaneID == b.LaneID && a.Seq < b.Seq {
				return true
			}
		}
	}
	return false
}

// nameStranger adds to a message that its author isn't the customer, and whether they still have to be let in.
func nameStranger(c *store.Conversation, customer, author *store.Identity, s *bridge.SpokenMessage) {
	if !IsStranger(c, customer, author) {
		return
	}
	s.Address = author.Key
	s.Stranger = slices.ContainsFunc(c.Participants, func(p store.Participant) bool { return p.Key == author.Key })
}

// writerName returns the name of a received message's author: the customer, or another participant of the mails.
func writerName(c *store.Conversation, i *store.Identity) string {
	if c.IdentityID != nil && *c.IdentityID == i.ID {
		return ContactOf(c, i).Name
	}
	return RefIn(c, i).Name
}

// spokenOf converts a message for display. replies are the deliveries of its latest sending.
func (rd *ReadingReader) spokenOf(m *store.Message, replies []store.ShownReply) bridge.SpokenMessage {
	s := bridge.SpokenMessage{
		ID:        m.ID,
		Event:     m.EventID,
		Direction: m.Direction,
		Fate:      m.Fate,
		Reason:    m.Reason,
		At:        m.SaidAt,
		Subject:   m.Subject,
		Text:      m.Text,
		Quoted:    m.Quoted,
		Notices:   m.Notices,
		HasHTML:   m.HasHTML,
		Words:     WordsMarkOf(m),
	}
	s.Delivery = deliveryToDecide(m.Fate, replies)
	if r := m.Revision; r != nil { // the customer has edited or deleted it
		s.Text, s.Notices = r.Text, slices.Concat(m.Notices, r.Notices)
		s.SpokenRevision = bridge.SpokenRevision{Revised: r.At, RevisedEvent: r.EventID, Deleted: r.Deleted}
		if r.Text != m.Text {
			s.Before = m.Text
		}
	}
	if m.AgentID != nil {
		s.Agent, s.Author = *m.AgentID, rd.Directory().Ref(0, *m.AgentID).Name
	}

	for _, f := range m.Files {
		isInOriginal := m.HasOriginal() && !f.Fetched
		s.Files = append(s.Files, bridge.SpokenFile{
			Index:     f.Index,
			Name:      f.Name,
			SizeBytes: f.SizeBytes,
			Missing:   f.Missing,
			Type:      f.ContentType,
			Readable:  f.Blob != "" || isInOriginal,
		})
	}

	switch m.Fate {
	case store.FateWaiting:
		addWaiting(&s, replies)
	case store.FateOut:
		s.Receipt = ReceiptOutcome(lowestRank(replies), len(replies) > 0)
	default: // the deliveries are not shown
	}
	return s
}

// addWaiting adds to a waiting reply when it will be sent, and why it could not be sent before.
func addWaiting(s *bridge.SpokenMessage, replies []store.ShownReply) {
	for _, r := range replies {
		if r.State == store.Cancelled {
			continue
		}
		s.Trouble = cmp.Or(s.Trouble, r.ErrorText)
		isUnsent := r.State == store.Queued || r.State == store.Sending
		if isUnsent && IsWaitingForChat(r.ErrorText) {
			s.Unread = true
		}
		if r.NotBefore != nil && s.Until.IsZero() {
			s.Until = *r.NotBefore
		}
	}
}

// lowestRank returns the rank (see book.StateRank) of the part that has come least far: a reply counts as read when all its parts are.
func lowestRank(replies []store.ShownReply) int {
	lowest := StateRank(store.Read)
	for _, r := range replies {
		if r.State != store.Cancelled {
			lowest = min(lowest, StateRank(r.State))
		}
	}
	return lowest
}

// latestSending returns the parts of a reply's latest sending, as book.Outbox.PartsOf does. It leaves out those of an earlier sending,
// and parts that a later delivery has sent again.
func latestSending(replies []store.ShownReply) []store.ShownReply {
	if len(replies) == 0 {
		return nil
	}

	last := slices.MaxFunc(replies, func(a, b store.ShownReply) int { return cmp.Compare(a.Seq, b.Seq) })
	if last.FirstFile == nil {
		return []store.ShownReply{last}
	}

	parts := slices.DeleteFunc(slices.Clone(replies), func(r store.ShownReply) bool {
		isOfSameSending := r.LaneID == last.LaneID && r.OrderBy == last.OrderBy
		return r.FirstFile == nil || !isOfSameSending
	})
	return slices.DeleteFunc(slices.Clone(parts), func(r store.ShownReply) bool {
		isSentAgain := func(later store.ShownReply) bool { return r.Seq < later.Seq && *r.FirstFile == *later.FirstFile }
		return slices.ContainsFunc(parts, isSentAgain)
	})
}

// deliveryToDecide returns the part of a reply on which a person has to decide: the last one that failed or, if the fate is unclear,
// the last one that may or may not have been sent. Otherwise it returns the part with the highest id, or 0 if there are none.
func deliveryToDecide(fate store.Fate, replies []store.ShownReply) store.DeliveryID {
	var undecided store.DeliveryState // "" is the state of no delivery
	switch fate {
	case store.FateFailed:
		undecided = store.Failed
	case store.FateUnclear:
		undecided = store.NeedsDecision
	default:
	}

	var newest store.DeliveryID
	for _, r := range slices.Backward(replies) {
		if r.State == undecided {
			return r.ID
		}
		newest = max(newest, r.ID)
	}
	return newest
}

// verbsFor returns what an agent may do with a message now. The message's line in the chat has the same buttons.
func verbsFor(
	verbs Table, viewer *store.Agent, c *store.Conversation, m *store.Message, s *bridge.SpokenMessage,
) []bridge.Verb {
	if m.Direction == store.DirectionIn || m.AuthorUser == "" {
		return nil
	}
	list := verbsOfReply(m, s)
	if bridge.Status(c.Status).Open() {
		list = append(list, verbsOfKept(m)...)
	}
	return slices.DeleteFunc(list, func(v bridge.Verb) bool { return verbs.Authorize(viewer, v) != nil })
}

// verbsOfReply returns what can be done with a reply that is waiting, has failed, or may or may not have been sent. This doesn't
// depend on the conversation's status. It returns nil for all other messages.
func verbsOfReply(m *store.Message, s *bridge.SpokenMessage) []bridge.Verb {
	hasDelivery := s.Delivery != 0
	switch m.Fate {
	case store.FateWaiting:
		if s.Unread {
			return []bridge.Verb{bridge.VerbSend, bridge.VerbUndo}
		}
		return []bridge.Verb{bridge.VerbUndo}
	case store.FateUnclear:
		if hasDelivery {
			return []bridge.Verb{bridge.VerbSendAgain, bridge.VerbMarkSent}
		}
	case store.FateFailed:
		if hasDelivery {
			return []bridge.Verb{bridge.VerbSendAgain}
		}
	default:
	}

	return nil
}

// verbsOfKept returns what can be done, in an open conversation, with a text that was not sent. It returns nil for all other messages.
func verbsOfKept(m *store.Message) []bridge.Verb {
	switch m.Fate {
	case store.FateAsk:
		return []bridge.Verb{bridge.VerbSend, bridge.VerbKeep}
	case store.FateParked:
		if m.Reason == bridge.ReasonTemplateOutdated {
			return []bridge.Verb{bridge.VerbDrop}
		}
		return []bridge.Verb{bridge.VerbSend, bridge.VerbDrop}
	case store.FateUndone:
		if m.Reason != bridge.ReasonDeleted {
			return []bridge.Verb{bridge.VerbSend}
		}
	case store.FateInside:
		if bridge.ConsequencesOf(m.Reason).MustTellAuthor {
			return []bridge.Verb{bridge.VerbSend}
		}
	default:
	}

	return nil
}
