package engine

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
	"parley/store/erase"
)

func workflowDeleteVerb() useCase {
	return useCase{
		Rules: Rules{
			Name:       bridge.VerbDeleteAll,
			AdminsOnly: &bridge.Problem{Code: "not_allowed", Text: "Only admins delete conversations.", Hint: "Archive it instead: !archive"},
			Final:      true,
			Deed:       store.DeedDeleted,
		},
		DoInTx: (*work).deleteAll,
	}
}

// deleteAll deletes a conversation: its thread loses what Parley posted, and package erase goes on to erase the rest. Who deleted it, and
// why, stays in the log.
func (w *work) deleteAll(ctx context.Context, tx pgx.Tx, r Request) error {
	c := r.Conversation
	switch {
	case w.Settings(c).Undeletable:
		w.Refuse(r, "not_allowed", "Conversations of this account are not deleted.", "Archive it instead: !archive")
		return nil
	case w.refuseUnread(r) || w.refuseUnsent(r):
		return nil
	case !r.Args.Sure || r.Args.Note == "":
		w.Whisper(r, bridge.Line{
			Content: &bridge.RefusedLine{
				Why:  bridge.InWords("It is not deleted yet."),
				Hint: "Deleted, nothing of it is left but your name and the reason. The button asks for that.",
			},
			Verb:  r.Verb,
			Verbs: []bridge.Verb{bridge.VerbDeleteAll},
			Args:  bridge.Args{Conversation: c.ID, Note: r.Args.Note},
		})
		return nil
	}

	w.conclude(c, bridge.StatusClosed, bridge.CloseDeleted)
	c.EndedBy, c.UnreadSince, c.Subject, c.LastPreview = &r.Agent.ID, nil, "", ""
	c.Touch()
	w.Log.Did(r, Detail{Text: r.Args.Note})
	if err := erase.BeginConversation(ctx, tx, c.ID, r.Agent.Email); err != nil {
		return err
	}
	if err := store.CheckBoards(ctx, tx, c.ID); err != nil {
		return err
	}
	posts, err := store.PostsInThreads(ctx, tx, c.ID)
	if err != nil {
		return err
	}
	for _, p := range posts {
		removal := removalOf(p)
		removal.Deleted = fmt.Sprintf("Deleted by %s: %s", r.Agent.Name, r.Args.Note)
		TakeOut(w.Writer, c, removal)
	}
	return nil
}
