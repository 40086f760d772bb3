package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// recallTag is the tag of conversations in which something was sent that should not have been.
const recallTag = "recall"

func oopsVerb() useCase {
	return useCase{
		Rules: Rules{
			Name: bridge.VerbOops, TakesBack: true, NamesMessage: true, Deed: store.DeedRecalled,
			CanApply: func(_ *store.Conversation, m *store.Message) bool { return mayHaveLeft(m) },
		},
		DoInTx: (*work).oops,
	}
}

// mayHaveLeft reports whether a message is a reply by a person that was sent, or is to be.
func mayHaveLeft(m *store.Message) bool {
	return m.AgentID != nil && !m.IsAutomaticReply() &&
		slices.Contains([]store.Fate{store.FateOut, store.FateWaiting, store.FateFailed, store.FateUnclear}, m.Fate)
}

// oops is for a reply that should not have been sent. While it waits, it is taken back. No channel calls back what has left, so the thread
// and the admins are told who has it.
func (w *work) oops(ctx context.Context, tx pgx.Tx, r Request) error {
	c, m := r.Conversation, w.MessageOfAction(r)
	if m == nil || m.ConversationID != c.ID || !mayHaveLeft(&m.Message) {
		w.Refuse(r, "unknown_message", "No reply was sent by that.", "Put the emoji on a reply, or type !oops after the last one.")
		return nil
	}
	if m.Fate == store.FateWaiting {
		r.Verb, r.Args.Message = bridge.VerbUndo, m.ID
		w.Undo(r)
		return nil
	}

	facts, err := w.Facts(ctx, tx, r)
	if err != nil {
		return err
	}
	content := &bridge.OopsLine{State: w.OutcomeOf(m), Channel: facts.Account.ChannelName}
	if d := w.Outbox.FirstPartOf(m); d != nil {
		p := d.DecodedPayload()
		for _, key := range slices.Concat(p.Meant, p.Copied) {
			content.To = append(content.To, c.Participant(key).Name)
		}
	}
	if len(content.To) == 0 {
		customer := c.Customer()
		content.To = []string{customer.Name}
	}
	line := bridge.Line{
		Content: content, By: w.Dir.Ref(r.Surface, r.Agent.ID), Text: m.Text, Mentions: w.Conversations.OtherOwners(c, r.Agent),
		Verbs: []bridge.Verb{bridge.VerbReply}, Args: bridge.Args{Conversation: c.ID, ReplyArgs: bridge.ReplyArgs{Draft: m.Text}},
	}
	w.Line(c, line)
	w.Log.Did(r, Detail{Message: m.ID})
	TellAdmins(w.Writer, c, line)

	isTag := func(name string) bool { return strings.EqualFold(name, recallTag) }
	if slices.ContainsFunc(w.Dir.CurrentTagNames(c.Tags), isTag) {
		return nil
	}
	r.Verb, r.Origin, r.Args = bridge.VerbTag, bridge.OriginForm, bridge.Args{Tags: []string{recallTag}, SendArgs: bridge.SendArgs{Sure: true}}
	w.AddTags(r)
	return nil
}
