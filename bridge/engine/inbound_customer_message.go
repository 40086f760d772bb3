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
func (w *work) customerSays(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	if in.Consent == nil {
		return w.customerWrites(ctx, tx, a, part, in)
	}

	i, err := w.People.CustomerOf(a, in)
	if err != nil || i == nil {
		return err
	}

	consent := *in.Consent
	saysMore := in.Text != "" && !consent.Silent
	consent.Silent = !saysMore && len(in.Attachments) == 0 // nobody would see the files of a silent message
	w.setConsent(i, w.Conversations.LatestOf(i), wish{
		Consent: consent,
		at:      saidAt(w.Writer, in),
		text:    in.Text,
		silent:  consent.Silent,
	})
	if consent.Silent {
		return nil
	}
	in.Kind, in.Consent = channels.InboundMessage, &consent
	return w.customerWrites(ctx, tx, a, part, in)
}

// customerWrites adds a customer's message to its conversation, to a new one, or to the thread in which an
// account's automatic or excess mails of the day are sorted.
func (w *work) customerWrites(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	in = w.asForwarded(a, in)
	if _, err := w.People.CustomerOf(a, in); err != nil {
		return err
	}
	if err := w.readTapback(ctx, tx, a, &in); err != nil {
		return err
	}
	if in.Kind == channels.InboundReaction {
		return w.customerReacts(ctx, tx, a, part, in)
	}
	if w.applyEarlyChange(a, part, &in) || w.isShownAsAnswer(a, in) {
		return nil
	}

	known := w.ConversationOf(a, in)
	if in.Automatic != "" && known == nil && !w.hasOwnReaders(a, in) {
		return w.sortAutomaticMail(ctx, tx, a, part, in)
	}

	p, err := w.place(ctx, tx, a, in, known)
	if err != nil {
		return err
	}
	if p.conversation == nil {
		return w.collect(ctx, tx, a, part, in)
	}
	if err := w.addToConversation(ctx, tx, p, a, part, in); err != nil {
		return err
	}
	if p.continues != nil {
		next := bridge.Facts{ID: p.conversation.ID, Subject: p.conversation.Subject}
		w.Line(p.continues, bridge.Line{Content: bridge.LineContinued, Other: next})
	}
	return nil
}

// addToConversation adds a customer's message to a conversation, shows it in the agents' thread, and does what
// follows: it sets the recipients of replies, reopens the conversation, and has the message analysed.
func (w *work) addToConversation(
	ctx context.Context, tx pgx.Tx, p placement, a *store.Account, part int, in channels.Inbound,
) error {
	c := p.conversation
	t, err := w.OpenThread(c)
	if err != nil {
		return err
	}

	showsSubject := !p.begins && w.hasNewSubject(c, in)
	if p.joins && showsSubject {
		in.Notices = append(slices.Clone(in.Notices), "A new mail, no answer.")
	}
	noteOwnAddress(w, c, in)
	before, err := w.cutRepeated(ctx, tx, c, a, &in)
	if err != nil {
		return err
	}
	ends := w.saysThanks(c, in)
	m := w.inboundMessage(c, a, part, in)
	hide(m, before)
	w.Recipients(c, in, m.ID)
	if !ends {
		w.reopenFor(c, in)
	}
	w.OpenWindow(c, in)
	w.showSaid(c, t, m, Payload{Subject: showsSubject, Answers: w.answeredMessage(a, in)})
	w.showForwarded(p, in)
	w.noteAnswerAside(c, m)
	if p.begins {
		showOptedOut(w, c)
	}
	w.showOtherConversations()
	w.PostOffers(c)
	if !in.Historical {
		w.queueAnalysis(c, m)
	}
	if ends {
		w.EndByWords(c)
	}
	c.RefreshCard()
	return w.replyAutomatically(ctx, tx, p, a, in, m, ends)
}

// hasNewSubject reports whether a mail has another subject than the mail before it, which the thread then shows. It doesn't
// if the text says the same, nor if a program has put words before the subject, such as "Out of office".
func (w *work) hasNewSubject(c *Conversation, in channels.Inbound) bool {
	subject := BareSubject(in.Subject)
	before := c.Subject
	var newest store.EventID
	for _, m := range w.Messages.Latest(c) {
		isLater := m.Direction == store.DirectionIn && m.Subject != "" && m.EventID >= newest
		if isLater && !store.IsByMachine(m.Automatic) {
			newest, before = m.EventID, m.Subject
		}
	}
	before = BareSubject(before)
	isMarked := store.IsByMachine(in.Automatic) && strings.HasSuffix(subject, before)
	return subject != "" && subject != before && !isMarked && in.Text != in.Subject
}
