package inbound

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/clean"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/threads"
	"parley/channels"
	"parley/store"
)

// sortAutomaticMail puts automatic mail that belongs to no conversation into the account's one quiet thread of the day
// . A silenced sender's mail is kept without a post, a blocked sender's mail is not kept at all.
func (it *UseCases) sortAutomaticMail(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	i := it.People.ByAddress[book.NameKey{Account: a.ID, Name: in.From.Key}]
	if i != nil && i.Blocked {
		return nil // nothing is kept here; the mail is still in the mailbox
	}

	c, err := it.Conversations.DailyThread(ctx, tx, a)
	if err != nil {
		return err
	}

	m := it.inboundMessage(c, a, part, in)

	if i != nil && i.Silenced {
		return nil // kept, without a post
	}
	if _, err := it.OpenThread(c); err != nil {
		return err
	}

	it.Line(c, bridge.Line{Content: &bridge.AutomaticLine{Subject: in.Subject, Cause: in.Automatic, Begins: clean.Preview(in.Text)},
		Customer: partyOf(in), Verbs: threads.SortingVerbs(), Args: sortingArgs(c, m, in)})
	return nil
}

// maxReplyTo is how many of a mail's Reply-To addresses are kept with its line in a thread of the day.
const maxReplyTo = 5

// sortingArgs returns the arguments of the buttons under a mail in a thread of the day: which mail it is, to which of our
// addresses it was sent, and its Reply-To addresses. A form on a web site, for example, sends in its own name and names the
// customer there.
func sortingArgs(c *book.Conversation, m *book.Message, in channels.Inbound) bridge.Args {
	args := bridge.Args{Conversation: c.ID, Message: m.ID}
	args.Via = in.Envelope.Via
	for _, p := range in.Envelope.ReplyTo[:min(len(in.Envelope.ReplyTo), maxReplyTo)] {
		args.To = append(args.To, p.Key)
	}
	return args
}

// answersOf returns the people to whom answers to a mail in a thread of the day go: its Reply-To addresses, which its
// line names, else its sender.
func (it *UseCases) answersOf(m *book.Message, i *store.Identity) []store.Participant {
	var list []store.Participant
	for _, line := range it.TrackedLines()[m.ID] {
		for _, key := range line.Delivery.DecodedPayload().Line.Args.To {
			if !slices.ContainsFunc(list, func(p store.Participant) bool { return p.Key == key }) {
				list = append(list, store.Participant{Key: key, Role: outbound.RoleTo})
			}
		}
	}
	if len(list) == 0 {
		list = append(list, store.Participant{Key: i.Key, Name: i.Name, Role: outbound.RoleTo})
	}
	return list
}

// viaOf returns to which of our addresses a mail in a thread of the day was sent, as its line says, or "" if that is unknown.
func viaOf(th *threads.Writer, m *book.Message) string {
	for _, line := range th.TrackedLines()[m.ID] {
		if via := line.Delivery.DecodedPayload().Line.Args.Via; via != "" {
			return via
		}
	}
	return ""
}

// partyOf names the sender of a message, by the address if there is no name.
func partyOf(in channels.Inbound) bridge.PartyRef {
	p := bridge.PartyRef{Name: in.From.Name, Address: in.From.Key}
	p.Name = cmp.Or(p.Name, p.Address)
	return p
}

// showUnmatchedBounce shows a bounce of a message that Parley doesn't know, in the account's quiet thread of the day.
func (it *UseCases) showUnmatchedBounce(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	c, err := it.Conversations.DailyThread(ctx, tx, a)
	if err != nil {
		return err
	}
	m := it.inboundMessage(c, a, part, in)
	if _, err := it.OpenThread(c); err != nil {
		return err
	}
	it.Line(c, bridge.Line{Content: &bridge.BounceOtherLine{Subject: in.Subject, Reason: in.Status.Reason}, Customer: partyOf(in),
		Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
	return nil
}

// SortAutomatic applies the verbs with which agents sort automatic and collected mail: Promote, Silence, Block and Unblock.
func (it *UseCases) SortAutomatic(ctx context.Context, tx pgx.Tx, r book.Request) error {
	c, a := r.Conversation, r.Action
	if a.Verb == bridge.VerbUnblock {
		return it.unblockSenders(ctx, tx, r)
	}

	m := it.MessageOfAction(r)
	hasSender := m != nil && m.IdentityID != nil
	if !hasSender || c.Kind != store.KindAutomatic {
		it.Refuse(r, "unknown_message", "I don't know which mail you mean.", "Use the button under the mail.")
		return nil
	}

	if m.ConversationID != c.ID {
		it.Whisper(c, r.Surface, a, bridge.Line{
			Content: bridge.LineDecided, Verb: a.Verb,
			Outcome: &bridge.Outcome{State: bridge.OutcomePromoted},
			Other:   bridge.Facts{ID: m.ConversationID},
		})
		return nil
	}

	i, err := it.People.SenderOf(ctx, tx, m)
	if err != nil || i == nil {
		return err
	}

	switch a.Verb {
	case bridge.VerbBlock:
		it.blockSender(r, m, i)
		return nil
	case bridge.VerbSilence:
		it.silenceSender(r, m, i)
		return nil
	default: // VerbPromote
	}

	open, err := it.OpenConversationWith(ctx, tx, c.AccountID, i)
	if err != nil {
		return err
	}
	if open != 0 {
		it.Refuse(r, "continued", fmt.Sprintf("The customer's conversation continues in #%d.", open), "Answer there, or resolve it first.")
		return nil
	}

	return it.promoteMail(ctx, tx, c, r.Agent, m, i)
}

// silenceSender makes Parley keep later mail of a sender in the thread of the day without a post.
func (it *UseCases) silenceSender(r book.Request, m *book.Message, i *store.Identity) {
	i.Silenced, it.People.DirtyIdentities[i.ID] = true, true
	it.NoteDecision(m, r.Agent, bridge.OutcomeSilenced)
	it.Log.ByAgent(r.Conversation, r.Agent, store.DeedSilenced, book.Detail{Text: i.Key})
	done := &bridge.SendersLine{Senders: i.Key}
	if r.Conversation.Collects != nil {
		done.Hint = "What is not above the limit still becomes a conversation."
	}
	it.Confirm(r.Conversation, r.Surface, r.Action, bridge.Line{Content: done, Verb: bridge.VerbSilence})
}

// blockSender makes Parley ignore later automatic mail of a sender. Mail that belongs to a conversation, or
// that the sender writes as a person, still arrives: sortAutomaticMail never gets it.
func (it *UseCases) blockSender(r book.Request, m *book.Message, i *store.Identity) {
	if m.Automatic == "" {
		it.Refuse(r, "not_automatic", "Only senders of automatic mail are blocked, and this mail is a person's.", "To see no more of them here: Silence sender.")
		return
	}
	if i.Blocked {
		it.Unchanged(r)
		return
	}
	i.Blocked, it.People.DirtyIdentities[i.ID] = true, true
	it.NoteDecision(m, r.Agent, bridge.OutcomeBlocked)
	it.Log.ByAgent(r.Conversation, r.Agent, store.DeedBlocked, book.Detail{Text: i.Key})
	it.Confirm(r.Conversation, r.Surface, r.Action, bridge.Line{Content: &bridge.SendersLine{Senders: i.Key}, Verb: bridge.VerbBlock})
}

// unblockSenders lets automatic mail of senders come again: of the one whose mail a button is under, or of
// those that are named.
func (it *UseCases) unblockSenders(ctx context.Context, tx pgx.Tx, r book.Request) error {
	c, a := r.Conversation, r.Action
	var found []*store.Identity
	m := it.Messages.Rows[a.Args.Message]
	isMailHere := m != nil && m.ConversationID == c.ID
	if isMailHere && m.IdentityID != nil {
		i, err := it.People.SenderOf(ctx, tx, m)
		if err != nil {
			return err
		}
		found = append(found, i)
	}

	var keys []string
	for _, address := range a.Args.Addresses {
		if i := it.People.ByAddress[book.NameKey{Account: c.AccountID, Name: bridge.AddressKey(address)}]; i != nil {
			found = append(found, i)
		} else {
			keys = append(keys, bridge.AddressKey(address))
		}
	}

	if len(keys) > 0 {
		rows, err := store.BlockedSenders(ctx, tx, c.AccountID, keys)
		if err != nil {
			return err
		}

		for i := range rows {
			it.People.AddIdentity(&rows[i])
			found = append(found, &rows[i])
		}
	}

	var freed []string
	for _, i := range found {
		if i != nil && i.Blocked {
			i.Blocked, it.People.DirtyIdentities[i.ID] = false, true
			freed = append(freed, i.Key)
		}
	}

	if len(freed) == 0 {
		it.Refuse(r, "not_blocked", "Nobody of that address is blocked here.", "Say which: !unblock news@shop.example. parley doctor lists who is blocked.")
		return nil
	}
	if isMailHere {
		it.NoteDecision(m, r.Agent, bridge.OutcomeUnblocked)
	}

	it.Log.ByAgent(c, r.Agent, store.DeedUnblocked, book.Detail{Text: strings.Join(freed, ", ")})
	it.Confirm(c, r.Surface, a, bridge.Line{Content: &bridge.SendersLine{Senders: strings.Join(freed, ", ")}, Verb: bridge.VerbUnblock})
	return nil
}

// promoteMail makes an automatic or collected mail the first message of a new conversation, which the agent takes.
// Errors: the database's.
func (it *UseCases) promoteMail(ctx context.Context, tx pgx.Tx, from *book.Conversation, agent *store.Agent, m *book.Message, i *store.Identity) error {
	mail := channels.Inbound{
		Kind:      channels.InboundMessage,
		At:        m.SaidAt,
		Automatic: m.Automatic,
		Subject:   m.Subject,
		From:      channels.Party{Key: i.Key, Name: i.Name},
		Envelope:  channels.Envelope{Via: viaOf(it.Writer, m)},
	}
	c, err := it.newConversation(ctx, tx, from.Account, mail, nil)
	if err != nil {
		return err
	}

	c.Participants = it.answersOf(m, i)
	c.Assignees = []store.AgentID{agent.ID}
	c.LastFrom, c.LastPreview = "customer", clean.Preview(m.Text)
	c.LastExternalID = m.ExternalID
	since := it.Now
	c.WaitingSince = &since
	if m.ExternalID != "" {
		it.AddRef(c, m.ExternalID)
	}

	it.Messages.Move(m, c)
	m.Automatic = "" // a person has seen that it isn't: from now on it counts as the customer's words
	it.NoteDecision(m, agent, bridge.OutcomePromoted)
	t, err := it.OpenThread(c)
	if err != nil {
		return err
	}

	it.replies.OpenWindow(c, mail) // in a chat: from when the customer wrote it
	it.showSaid(c, t, m, outbound.Payload{Quote: m.Quoted != ""})
	it.Log.ByAgent(c, agent, store.DeedPromoted, book.Detail{Message: m.ID})
	return nil
}
