package engine

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// Automatic mail that belongs to no conversation, such as newsletters and absence notes, gets no thread of its
// own. An account has one thread for all such mail of a day, with a line for each. Agents sort it with buttons:
// promote (turn the mail into a conversation), or silence its sender. Mails above a sender's limit of new
// conversations are collected in a similar thread.

// sortAutomaticMail adds an automatic mail to the account's thread of the day. The mail of a silenced sender is
// stored without a post.
func (w *work) sortAutomaticMail(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	sender := w.People.At(NameKey{Account: a.ID, Name: in.From.Key})
	c, err := w.Conversations.SortingThread(ctx, tx, a, SortingAutomatic)
	if err != nil {
		return err
	}

	m := w.inboundMessage(c, a, part, in) // stores the mail
	if sender != nil && sender.Silenced {
		return nil // without a post
	}
	if _, err := w.OpenThread(c); err != nil {
		return err
	}

	w.Line(c, bridge.Line{
		Content:  &bridge.AutomaticLine{Subject: in.Subject, Cause: in.Automatic, Begins: Preview(in.Text)},
		Customer: partyOf(in),
		Verbs:    SortingVerbs(bridge.LineAutomatic),
		Args:     sortingArgs(c, m, in),
	})
	return nil
}

// maxReplyTo limits how many of a mail's Reply-To addresses are stored with its line in a thread of the day.
const maxReplyTo = 5

// sortingArgs returns the arguments of the buttons under a mail in a thread of the day. They hold what promote
// needs later and no row has: which of our addresses the mail was sent to (Via), and where an answer goes (To).
// An answer goes to the Reply-To addresses, because the mails of a web form name the customer only there, or else
// to the sender.
func sortingArgs(c *Conversation, m *Message, in channels.Inbound) bridge.Args {
	args := bridge.Args{Conversation: c.ID, Message: m.ID}
	args.Via = in.Envelope.Via
	for _, p := range in.Envelope.ReplyTo[:min(len(in.Envelope.ReplyTo), maxReplyTo)] {
		args.To = append(args.To, cmp.Or(p.Address, p.Key))
	}
	if len(args.To) == 0 && in.From.Address != "" {
		args.To = []string{in.From.Address}
	}
	return args
}

// envelopeOf reconstructs a mail's envelope from its line, where sortingArgs stored it. sender's name is added.
func (w *work) envelopeOf(m *Message, sender *store.Identity) channels.Envelope {
	var envelope channels.Envelope
	party := func(name, address string) channels.Party {
		return channels.Party{Key: bridge.AddressKey(address), Address: bridge.AddressSpelling(address), Name: name}
	}
	for _, tracked := range w.TrackedLines()[m.ID] {
		line := tracked.Delivery.DecodedPayload().Line
		envelope.Via = cmp.Or(envelope.Via, line.Args.Via)
		for _, address := range line.Args.To {
			const noName = ""
			p := party(noName, address)
			if p.Key == sender.Key {
				p.Name = sender.Name
			}
			envelope.ReplyTo = append(envelope.ReplyTo, p)
		}
		if collected, ok := line.Content.(*bridge.CollectedLine); ok {
			envelope.Blind = collected.Blind
			for _, p := range collected.Copied {
				envelope.Cc = append(envelope.Cc, party(p.Name, p.Address))
			}
		}
	}
	return envelope
}

// partyOf returns the sender of a message. A missing name is replaced by the phone number or the address.
func partyOf(in channels.Inbound) bridge.PartyRef {
	return bridge.PartyRef{Name: cmp.Or(in.From.Name, in.From.Phone, in.From.Key), Address: in.From.Key, Phone: in.From.Phone}
}

// showUnmatchedBounce shows a bounce of an unknown message, in the account's thread of the day for automatic
// mail.
func (w *work) showUnmatchedBounce(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	c, err := w.Conversations.SortingThread(ctx, tx, a, SortingAutomatic)
	if err != nil {
		return err
	}
	m := w.inboundMessage(c, a, part, in)
	if _, err := w.OpenThread(c); err != nil {
		return err
	}
	w.Line(c, bridge.Line{
		Content:  &bridge.BounceOtherLine{Words: in.Subject, Trouble: in.Status.Reason},
		Customer: partyOf(in),
		Args:     bridge.Args{Conversation: c.ID, Message: m.ID},
	})
	return nil
}

func promoteVerb() useCase {
	return useCase{
		Rules: Rules{
			Name: bridge.VerbPromote, InDailyThread: true, CanApply: isSetAside, Deed: store.DeedPromoted,
		},
		DoInTx: sortMail((*work).promote),
	}
}

func silenceVerb() useCase {
	return useCase{
		Rules: Rules{
			Name: bridge.VerbSilence, InDailyThread: true, CanApply: isSetAside, Deed: store.DeedSilenced,
		},
		DoInTx: sortMail((*work).silenceSender),
	}
}

func unsilenceVerb() useCase {
	return useCase{
		Rules: Rules{Name: bridge.VerbUnsilence, InDailyThread: true, Deed: store.DeedUnblocked},
		DoInTx: func(w *work, ctx context.Context, tx pgx.Tx, r Request) error {
			return w.unsilenceSenders(ctx, tx, r)
		},
	}
}

// isAutomatic reports whether a message is an automatic mail.
func isAutomatic(_ *store.Conversation, m *store.Message) bool {
	return m.Direction == store.DirectionIn && m.Automatic != ""
}

// isSetAside reports whether a message is a mail in a thread of the day: an automatic one, or one above its
// sender's limit.
func isSetAside(c *store.Conversation, m *store.Message) bool {
	return isAutomatic(c, m) || m.Direction == store.DirectionIn && c.Collects != nil
}

// sorter applies one of these verbs to a mail and its sender.
type sorter func(w *work, ctx context.Context, tx pgx.Tx, r Request, m *Message, sender *store.Identity) error

// sortMail returns the use case that applies sort to the mail that a request is about.
func sortMail(sort sorter) inTx {
	return func(w *work, ctx context.Context, tx pgx.Tx, r Request) error {
		if r.Conversation.Kind != store.KindAutomatic {
			w.Refuse(r, "not_automatic", "That is for mails in the threads that collect automatic mail. This is a conversation.",
				"Without an answer, an admin ends w: !close")
			return nil
		}
		m := w.MessageOfAction(r)
		isSortable := m != nil && m.IdentityID != nil
		if !isSortable {
			w.Refuse(r, "unknown_message", "I don't know which mail you mean.", "Use the button under the mail.")
			return nil
		}

		hasBeenPromoted := m.ConversationID != r.Conversation.ID // by a colleague
		if hasBeenPromoted {
			w.Whisper(r, bridge.Line{
				Content: bridge.LineDecided,
				Verb:    r.Verb,
				Outcome: &bridge.Outcome{State: bridge.OutcomePromoted},
				Other:   bridge.Facts{ID: m.ConversationID},
			})
			return nil
		}

		sender, err := w.People.SenderOf(ctx, tx, m)
		if err != nil {
			return err
		}
		if sender == nil {
			return nil // erased since
		}
		return sort(w, ctx, tx, r, m, sender)
	}
}

// promote turns a mail into a conversation of its own. It refuses if the account is a chat in which the sender
// has an open conversation. It also refuses if the line about the mail was removed, as happens some time after
// the thread's last mail: without it the recipients of answers are unknown.
func (w *work) promote(ctx context.Context, tx pgx.Tx, r Request, m *Message, sender *store.Identity) error {
	open, err := w.OpenConversationWith(ctx, tx, r.Conversation.AccountID, sender)
	if err != nil {
		return err
	}
	if open != 0 {
		w.Refuse(r, "continued", fmt.Sprintf("The customer's conversation continues in #%d.", open), "Answer there, or resolve it first.")
		return nil
	}

	if len(w.TrackedLines()[m.ID]) == 0 {
		w.Refuse(r, "line_gone", "That mail came too long ago: to whom answers to it go isn't known any more.",
			"Answer it in the mailbox, or begin a conversation: !new")
		return nil
	}

	_, err = w.promoteMail(ctx, tx, r, m, sender)
	return err
}

// silenceSender makes later automatic mail of a sender be stored in the thread of the day without a post.
func (w *work) silenceSender(_ context.Context, _ pgx.Tx, r Request, m *Message, i *store.Identity) error {
	i.Silenced, w.People.DirtyIdentities[i.ID] = true, true
	w.NoteDecision(m, r.Agent, bridge.OutcomeSilenced)
	w.Log.Did(r, Detail{Text: i.Key})
	done := &bridge.SendersLine{Senders: i.Key}
	if r.Conversation.Collects != nil {
		done.Hint = "What is not above the limit still becomes a conversation, and the next day's thread shows what is."
	}
	w.Confirm(r, bridge.Line{Content: done, Verb: bridge.VerbSilence})
	return nil
}

// unsilenceSenders makes automatic mail of silenced senders be shown again: of the sender of the mail
// whose button was clicked, or of the addresses that the command names.
func (w *work) unsilenceSenders(ctx context.Context, tx pgx.Tx, r Request) error {
	c, a := r.Conversation, r.Action
	m := w.Messages.Get(a.Args.Message)
	if m != nil && m.ConversationID != c.ID {
		m = nil // it isn't a mail of this thread
	}
	senders, err := w.findSenders(ctx, tx, r, m)
	if err != nil {
		return err
	}

	var freed []string
	for _, sender := range senders {
		if sender.Silenced {
			sender.Silenced, w.People.DirtyIdentities[sender.ID] = false, true
			freed = append(freed, sender.Key)
		}
	}

	if len(freed) == 0 {
		w.Refuse(r, "not_silenced", "Nobody of that address is silenced here.",
			"Say which: !unsilence news@shop.example. parley doctor lists them.")
		return nil
	}
	if m != nil {
		w.NoteDecision(m, r.Agent, bridge.OutcomeUnsilenced)
	}

	w.Log.Did(r, Detail{Text: strings.Join(freed, ", ")})
	w.Confirm(r, bridge.Line{Content: &bridge.SendersLine{Senders: strings.Join(freed, ", ")}, Verb: bridge.VerbUnsilence})
	return nil
}

// findSenders returns the sender of m, which may be nil, and the senders whose addresses the request names.
// Senders that this batch hasn't loaded are found only if they are silenced.
func (w *work) findSenders(ctx context.Context, tx pgx.Tx, r Request, m *Message) ([]*store.Identity, error) {
	var found []*store.Identity
	if m != nil && m.IdentityID != nil {
		sender, err := w.People.SenderOf(ctx, tx, m)
		if err != nil {
			return nil, err
		}
		if sender != nil {
			found = append(found, sender)
		}
	}

	account := r.Conversation.AccountID
	var unloaded []string
	for _, address := range r.Args.Addresses {
		key := bridge.AddressKey(address)
		if sender := w.People.At(NameKey{Account: account, Name: key}); sender != nil {
			found = append(found, sender)
		} else {
			unloaded = append(unloaded, key)
		}
	}
	if len(unloaded) == 0 {
		return found, nil
	}

	rows, err := store.SilencedSenders(ctx, tx, account, unloaded)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		w.People.AddIdentity(&rows[i])
		found = append(found, &rows[i])
	}
	return found, nil
}

// promoteMail makes a mail the first message of a new conversation, and the agent its owner. The request's
// conversation is the one that has it, such as the thread of the day.
func (w *work) promoteMail(
	ctx context.Context, tx pgx.Tx, r Request, m *Message, i *store.Identity,
) (*Conversation, error) {
	mail := channels.Inbound{
		Kind:      channels.InboundMessage,
		At:        m.SaidAt,
		Automatic: m.Automatic,
		Subject:   m.Subject,
		From:      channels.Party{Key: i.Key, Name: i.Name},
		Envelope:  w.envelopeOf(m, i),
	}
	mail.Envelope.Via = cmp.Or(mail.Envelope.Via, r.Conversation.Via)
	c, err := w.newConversation(ctx, tx, r.Conversation.Account, mail, nil)
	if err != nil {
		return nil, err
	}

	if of := r.Conversation; of.Kind == store.KindCustomer {
		c.TeamID = of.TeamID
		if of.IsRestricted() {
			c.Visibility = of.Visibility
		}
	}
	w.Recipients(c, mail, m.ID)
	c.Assignees = []store.AgentID{r.Agent.ID}
	c.LastFrom, c.LastPreview = store.FromCustomer, Preview(m.Text)
	c.LastExternalID = m.ExternalID
	since := w.Now
	c.WaitingSince = &since
	if m.ExternalID != "" {
		w.AddRef(c, m.ExternalID)
	}

	w.Messages.Move(m, c)
	m.Automatic = "" // an agent wants it answered: from now on it counts as a person's message
	w.NoteDecision(m, r.Agent, bridge.OutcomePromoted)
	t, err := w.OpenThread(c)
	if err != nil {
		return nil, err
	}

	w.OpenWindow(c, mail) // in a chat, the reply window counts from this message
	w.showSaid(c, t, m, Payload{Quote: m.Quoted != ""})
	w.queueAnalysis(c, m)
	w.Log.Did(r.About(c), Detail{Message: m.ID})
	return c, nil
}
