package engine

import (
	"cmp"
	"context"
	"hash/fnv"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/bridge/analysis/offline"
	"parley/channels"
	"parley/routing"
	"parley/store"
)

// An account may answer a customer's message by itself, for example outside its hours. Package routing decides whether it does. The
// answer is queued in the transaction that applies the message, so that a message gets one at most whatever crashes. It is nobody's
// answer: the customer waits as before, and the conversation's status, its owners and its figures stay.

// replyAutomatically queues the automatic reply to a customer's message, if it gets one. ends means that the message ends the
// conversation.
func (w *work) replyAutomatically(
	ctx context.Context, tx pgx.Tx, p placement, a *store.Account, in channels.Inbound, m *Message, ends bool,
) error {
	replies, c := w.Dir.Replies[a.ID], p.conversation
	sender := w.People.At(NameKey{Account: a.ID, Name: in.From.Key})
	if replies.IsEmpty() || in.Forwarded != nil || c.Identity == nil || sender != w.People.RootOf(c) || w.mayBeByMachine(in, m) {
		return nil
	}
	language := c.Traits[bridge.TraitLanguage]
	if language == "" {
		language = offline.New().Language(m.Text)
	}
	said := w.ByParleysClock(saidAt(w.Writer, in))
	if received := w.ByParleysClock(w.Event.ReceivedAt); received.Before(said) {
		said = received
	}
	message := routing.Message{
		Ends:     ends,
		Age:      w.Now.Sub(said),
		Language: language,
		Default:  w.Settings(c).Language,
	}
	row := store.AutoReply{Words: checksum(m.Text)}
	_, err := w.sendByItself(ctx, tx, c, row, replies, message, p.begins)
	return err
}

// sendByItself queues the reply that may be sent to a customer's message, and completes what is known of the message. The row has the
// checksum of its text and, for what may be sent once only, the occasion. begins means that the message began the conversation. It
// returns false if nothing is sent.
// Errors: the database's.
func (w *work) sendByItself(
	ctx context.Context, tx pgx.Tx, c *Conversation, row store.AutoReply, replies routing.Replies, message routing.Message, begins bool,
) (bool, error) {
	sender, lane := w.People.RootOf(c), w.CustomerLane(c)
	row.MessageID, row.AccountID, row.IdentityID, row.At = store.MessageID(w.IDs.Next()), c.AccountID, sender.ID, w.Now
	found, err := store.FindAutoReplied(ctx, tx, row, c.ID)
	if _, isSent := found.Last[row.Occasion]; err != nil || isSent && row.Occasion != "" {
		return false, err
	}
	message.ByPerson = true
	message.Refuses = w.refusesReplies(c, sender)
	message.Answered = len(w.Outbox.Waiting(lane)) > 0
	message.FirstName = firstName(sender)
	message.BegunByUs = found.BegunByUs
	message.FirstContact = begins && !found.IsKnown
	message.Sent = routing.SentReplies{
		Last: map[routing.Occasion]time.Time{}, Day: found.Day, Hour: found.Hour, SameWords: found.SameWords, Repeated: found.Repeated,
	}
	if row.Occasion == "" {
		for on, at := range found.Last {
			message.Sent.Last[routing.Occasion(on)] = at
		}
	}

	reply := replies.ReplyTo(message, w.Dir.Hours[c.AccountID], w.Now, w.Dir.Zone(nil, c.AccountID))
	if reply.Text == "" {
		return false, nil
	}
	row.Occasion = cmp.Or(row.Occasion, string(reply.On))
	w.queueAutoReply(c, row, lane, reply)
	return true, store.KeepAutoReply(ctx, tx, row)
}

// refusesReplies reports whether no automatic reply may be sent in a conversation now.
func (w *work) refusesReplies(c *Conversation, sender *store.Identity) bool {
	to, _ := RecipientsOf(c.Participants)
	isPaused := c.Account.Paused || c.Account.Mode == store.ModeWatch || w.IsBeforeRestore()
	isRefused := sender.Blocked || sender.Silenced || w.People.BlockedRecipients(c) != nil
	return isPaused || isRefused || len(to) == 0 || to[0].Chosen || !w.Window(c).IsOpenForMachines(w.Now)
}

// firstName returns a customer's first name, or "" if it isn't known.
func firstName(sender *store.Identity) string {
	if sender.Name == sender.Key {
		return ""
	}
	first, _, _ := strings.Cut(bridge.TemplateValue(sender.Name), " ")
	return first
}

// queueAutoReply queues an automatic reply, and shows it in the agents' thread.
func (w *work) queueAutoReply(c *Conversation, row store.AutoReply, lane *Lane, reply routing.Reply) {
	m := &Message{Fresh: true, Message: store.Message{
		ID:             row.MessageID,
		ConversationID: c.ID,
		Direction:      store.DirectionOut,
		Fate:           store.FateWaiting,
		MessagePlace:   store.MessagePlace{AccountID: row.AccountID},
		Text:           reply.Text,
		Automatic:      store.AutomaticReply,
		EventID:        w.Event.ID,
		SaidAt:         w.Now,
		CreatedAt:      w.Now,
	}}
	w.Messages.Rows[m.ID] = m
	c.NoteLatest(m)
	w.Outbox.Enqueue(lane, KindReply, m.ID, Payload{}, nil)
	w.Log.ByParley(c, store.DeedAutoReplied, Detail{Message: m.ID})
	w.Line(c, bridge.Line{
		Content: &bridge.AutoRepliedLine{On: string(reply.On)},
		Text:    m.Text,
		Args:    bridge.Args{Conversation: c.ID, Message: m.ID},
	})
}

// saysThanks reports whether a message only says that the matter is settled, in words that the account's settings name, and answers an
// agent.
func (w *work) saysThanks(c *Conversation, in channels.Inbound) bool {
	isPlain := in.Automatic == "" && !in.Historical && len(in.Attachments) == 0 && in.Change.Target == "" && in.Consent == nil
	return isPlain && w.EndsByWords(c, in.Text)
}

// mayBeByMachine reports whether a message is anything but a new message of a person.
func (w *work) mayBeByMachine(in channels.Inbound, m *Message) bool {
	isNew := in.Kind == channels.InboundMessage && in.Change.Target == "" && m.Revision == nil
	return !isNew || in.Historical || in.Consent != nil || m.Automatic != ""
}

// checksum returns a checksum of a text that is the same for texts which differ only in digits, signs and spaces.
func checksum(text string) int64 {
	sum := fnv.New64a()
	letters := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, text)
	_, _ = sum.Write([]byte(cmp.Or(letters, text)))
	return int64(sum.Sum64()) //nolint:gosec // all bits count
}
