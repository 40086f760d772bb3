package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

// This file closes conversations for another reason than that an admin wants no answer: they are archived, or their customer is blocked.
// What the customer of an archived conversation says next starts a new one. What a blocked customer says is stored without a post; see
// inbound*.go, which also unblocks.

func archiveVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbArchive, Final: true, Deed: store.DeedClosed}, Do: (*work).archive}
}

func blockVerb() useCase {
	return useCase{
		Rules:  Rules{Name: bridge.VerbBlock, Right: store.RightResolveAll, Deed: store.DeedClosed},
		DoInTx: (*work).block,
	}
}

// archive closes a conversation that may be resolved already.
func (w *work) archive(r Request) {
	c := r.Conversation
	switch {
	case !r.Agent.IsAdmin() && !slices.Contains(c.Assignees, r.Agent.ID):
		w.Refuse(r, "not_allowed", "Only whoever has the conversation, or an admin, archives it.", "Take it first: !take")
	case c.BridgeStatus() == bridge.StatusClosed:
		w.Refuse(r, bridge.ReasonNotOpen, "This conversation is closed already.", w.Conversations.HintAfterEnd(c))
	case w.refuseUnread(r) || w.refuseUnsent(r):
	default:
		w.closeFor(r, c, bridge.CloseArchived)
	}
}

// block blocks a conversation's customer, and closes all conversations of that customer. It asks first whoever typed it.
func (w *work) block(ctx context.Context, tx pgx.Tx, r Request) error {
	c := r.Conversation
	customer := w.People.RootOf(c)
	switch {
	case customer == nil:
		w.Refuse(r, "no_customer", "This conversation has no single customer.", "")
		return nil
	case customer.Blocked:
		w.Unchanged(r)
		return nil
	case r.Origin != bridge.OriginButton && !r.Args.Sure:
		w.Whisper(r, bridge.Line{
			Content: &bridge.RefusedLine{
				Why:  bridge.InWords("The customer is not blocked yet."),
				Hint: "Blocked, all their addresses are: what they write is stored, and shown in no thread.",
			},
			Verb:  r.Verb,
			Verbs: []bridge.Verb{bridge.VerbBlock},
			Args:  bridge.Args{Conversation: c.ID, Note: r.Args.Note, SendArgs: bridge.SendArgs{Sure: true}},
		})
		return nil
	case w.refuseUnsent(r):
		return nil
	}

	ids, err := store.ConversationsOf(ctx, tx, customer.ID, false)
	if err != nil {
		return err
	}
	closing := []Request{r}
	for _, id := range ids {
		o := w.Conversations.Get(id)
		if o == nil || o.ID == c.ID {
			continue
		}
		other := r.About(o)
		other.Place = bridge.Place{} // it was typed in another thread
		problem := w.Authorize(other, r.Verb)
		if problem == nil && w.hasUnsent(o) {
			problem = unsent()
		}
		if problem != nil {
			w.Refuse(r, problem.Code, fmt.Sprintf("It would close #%d as well. ", o.ID)+problem.Text, problem.Hint)
			return nil
		}
		closing = append(closing, r.About(o))
	}
	if err := store.SetBlocked(ctx, tx, customer.ID, true); err != nil {
		return err
	}
	w.People.NoteBlocked(customer, true)
	for _, about := range closing {
		w.closeFor(about, about.Conversation, bridge.CloseBlocked)
	}
	return nil
}

func unsent() *bridge.Problem {
	return &bridge.Problem{
		Code: "unsent",
		Text: "A text for the customer is still on its way, or waits for a decision.",
		Hint: "Wait until it has left, or take it back (!undo) or drop it (!drop).",
	}
}

// refuseUnsent refuses the request while a text for the customer waits, and reports whether it has.
func (w *work) refuseUnsent(r Request) (refused bool) {
	if !w.hasUnsent(r.Conversation) {
		return false
	}
	problem := unsent()
	w.Refuse(r, problem.Code, problem.Text, problem.Hint)
	return true
}

// closeFor closes a conversation, with a line in its thread.
func (w *work) closeFor(r Request, c *Conversation, reason string) {
	w.conclude(c, bridge.StatusClosed, reason)
	c.UnreadSince = nil
	if by := r.Agent.ID; by != 0 {
		c.EndedBy = &by
	}
	w.Log.Did(r, Detail{Text: strings.TrimSuffix(reason+": "+r.Args.Note, ": ")})
	undo := bridge.VerbReopen
	if reason == bridge.CloseBlocked {
		undo = bridge.VerbUnblock
	}
	w.Line(c, bridge.Line{
		Content:  bridge.LineResolved,
		Verb:     r.Verb,
		By:       w.Dir.Ref(r.Surface, r.Agent.ID),
		Mentions: w.Conversations.OtherOwners(c, r.Agent),
		Text:     r.Args.Note,
		Verbs:    []bridge.Verb{undo, bridge.VerbNext},
		Args:     bridge.Args{Conversation: c.ID},
	})
	c.RefreshCard()
}
