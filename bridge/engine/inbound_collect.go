package engine

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/channels"
	"parley/store"
)

// maxCollectedRunes limits how much of a collected mail is shown. An agent who makes a conversation of it sees
// all of it.
const maxCollectedRunes = 1500

// collect shows a mail from a sender who has exceeded the limit of new conversations (book.Openings). Instead
// of a conversation of its own it gets a line in the account's one collecting thread of the day, where an agent
// may turn it into a conversation (promoteVerb).
func (w *work) collect(ctx context.Context, tx pgx.Tx, a *store.Account, part int, in channels.Inbound) error {
	c, err := w.Conversations.SortingThread(ctx, tx, a, SortingCollected)
	if err != nil {
		return err
	}

	m := w.inboundMessage(c, a, part, in)
	i := w.People.At(NameKey{Account: a.ID, Name: in.From.Key})
	silenced, err := isSilenced(ctx, tx, w, c, i, in)
	if err != nil || silenced {
		return err // kept, without a post
	}
	if _, err := w.OpenThread(c); err != nil {
		return err
	}

	collected := &bridge.CollectedLine{Subject: in.Subject, Words: collectedWords(in), Files: len(m.Files), Blind: in.Envelope.Blind}
	for _, p := range slices.Concat(in.Envelope.To, in.Envelope.Cc) {
		collected.Copied = append(collected.Copied, bridge.PartyRef{Name: p.Name, Address: cmp.Or(p.Address, p.Key)})
	}

	w.Line(c, bridge.Line{
		Content:  collected,
		Customer: partyOf(in),
		Verbs:    SortingVerbs(bridge.LineCollected),
		Args:     sortingArgs(c, m, in),
	})
	return nil
}

// isSilenced reports whether a collected mail is kept without a post. Silencing is about automatic mail; a
// person's mail is only left out of the thread of the day in which an agent silenced its sender. sender may be
// nil.
func isSilenced(
	ctx context.Context, tx pgx.Tx, w *work, c *Conversation, sender *store.Identity, in channels.Inbound,
) (bool, error) {
	if sender == nil || !sender.Silenced {
		return false, nil
	}
	if in.Automatic != "" {
		return true, nil
	}
	return w.Log.IsSilenced(ctx, tx, c, sender.Key)
}

// collectedWords returns the text of a collected mail, cut to maxCollectedRunes.
func collectedWords(in channels.Inbound) string {
	text := strings.TrimSpace(in.Text)
	first := FirstRunes(text, maxCollectedRunes)
	if first == text {
		return text
	}
	return first + "…\n\n(It goes on: make a conversation of it to read all.)"
}
