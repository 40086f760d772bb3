package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// customerSays applies a message, a customer's consent to get messages (or its withdrawal), or both: "STOP, and
// please call me" is both.
func (it *InboundUseCases) customerSays(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if in.Consent == nil {
		return it.customerWrites(ctx, tx, a, part, in)
	}

	i, err := it.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}

	consent := *in.Consent
	saysMore := in.Text != "" && !consent.Silent
	consent.Silent = !saysMore && len(in.Attachments) == 0 // nobody would see the files of a silent message
	it.setConsent(i, it.Conversations.LatestOf(i), wish{
		Consent: consent,
		at:      saidAt(it.Writer, in),
		text:    in.Text,
		silent:  consent.Silent,
	})
	if consent.Silent {
		return nil
	}
	in.Kind, in.Consent = channels.InboundMessage, &consent
	return it.customerWrites(ctx, tx, a, part, in)
}

// customerWrites adds a customer's message to its conversation, to a new one, or to the thread in which an
// account's automatic or excess mails of the day are sorted.
func (it *InboundUseCases) customerWrites(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	in = it.asForwarded(a, in)
	if _, err := it.People.CustomerOf(a, in); err != nil {
		return err
	}
	if err := it.readTapback(ctx, tx, a, &in); err != nil {
		return err
	}
	if in.Kind == channels.InboundReaction {
		return it.customerReacts(ctx, tx, a, part, in)
	}
	if it.applyEarlyChange(a, part, &in) || it.elsewhere.isShownAsAnswer(a, in) {
		return nil
	}

	known := it.ConversationOf(a, in)
	if in.Automatic != "" && known == nil && !it.hasOwnReaders(a, in) {
		return it.sortAutomaticMail(ctx, tx, a, part, in)
	}

	p, err := it.place(ctx, tx, a, in, known)
	if err != nil {
		return err
	}
	if p.conversation == nil {
		return it.collect(ctx, tx, a, part, in)
	}
	if err := it.addToConversation(ctx, tx, p, a, part, in); err != nil {
		return err
	}
	if p.continues != nil {
		next := bridge.Facts{ID: p.conversation.ID, Subject: p.conversation.Subject}
		it.Line(p.continues, bridge.Line{Content: bridge.LineContinued, Other: next})
	}
	return nil
}

// addToConversation adds a customer's message to a conversation, shows it in the agents' thread, and does what
// follows: it sets the recipients of replies, reopens the conversation, and has the message analysed.
func (it *InboundUseCases) addToConversation(
	ctx context.Context, tx pgx.Tx, p placement, a *store.Account, part int, in channels.Inbound,
) error {
	c := p.conversation
	t, err := it.OpenThread(c)
	if err != nil {
		return err
	}

	showsSubject := !p.begins && it.hasNewSubject(c, in)
	if p.joins && showsSubject {
		in.Notices = append(slices.Clone(in.Notices), "A new mail, no answer.")
	}
	noteOwnAddress(it, c, in)
	before, err := it.cutRepeated(ctx, tx, c, a, &in)
	if err != nil {
		return err
	}
	ends := it.saysThanks(c, in)
	m := it.inboundMessage(c, a, part, in)
	hide(m, before)
	it.replies.Recipients(c, in, m.ID)
	if !ends {
		it.reopenFor(c, in)
	}
	it.replies.OpenWindow(c, in)
	it.showSaid(c, t, m, Payload{Subject: showsSubject, Answers: it.answeredMessage(a, in)})
	it.showForwarded(p, in)
	it.answerAside(c, m)
	if p.begins {
		showOptedOut(it, c)
	}
	it.showOtherConversations()
	it.replies.PostOffers(c)
	if !in.Historical {
		it.queueAnalysis(c, m)
	}
	if ends {
		it.workflow.EndByWords(c)
	}
	c.RefreshCard()
	return it.replyAutomatically(ctx, tx, p, a, in, m, ends)
}

// hasNewSubject reports whether a mail has another subject than the mail before it, which the thread then shows. It doesn't
// if the text says the same, nor if a program has put words before the subject, such as "Out of office".
func (it *InboundUseCases) hasNewSubject(c *Conversation, in channels.Inbound) bool {
	subject := BareSubject(in.Subject)
	before := c.Subject
	var newest store.EventID
	for _, m := range it.Messages.Latest(c) {
		isLater := m.Direction == store.DirectionIn && m.Subject != "" && m.EventID >= newest
		if isLater && !store.IsByMachine(m.Automatic) {
			newest, before = m.EventID, m.Subject
		}
	}
	before = BareSubject(before)
	isMarked := store.IsByMachine(in.Automatic) && strings.HasSuffix(subject, before)
	return subject != "" && subject != before && !isMarked && in.Text != in.Subject
}
