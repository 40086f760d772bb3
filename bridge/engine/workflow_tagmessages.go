package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

func tagMessagesVerb() useCase {
	return useCase{Rules: Rules{Name: bridge.VerbTagMessages, Deed: store.DeedTaggedMessages}, DoInTx: (*work).tagMessages}
}

// tagMessages adds tags to single messages of a conversation, or removes them where that is allowed. A line quotes the messages: what
// colleagues typed in a chat can't be changed there.
func (w *work) tagMessages(ctx context.Context, tx pgx.Tx, r Request) error {
	names, ok := w.namedTags(r)
	if !ok {
		return nil
	}
	rows, err := store.Messages(ctx, tx, r.Args.Messages...)
	if err != nil {
		return err
	}
	rows = slices.DeleteFunc(rows, func(m store.Message) bool { return m.ConversationID != r.Conversation.ID })
	slices.SortFunc(rows, func(a, b store.Message) int { return CompareSaid(&a, &b) })
	switch {
	case len(rows) == 0:
		w.Refuse(r, "no_message", "No message of this conversation was chosen.", "Choose it in the form: Tag messages.")
		return nil
	case r.Args.Remove && w.Settings(r.Conversation).TagsLocked:
		w.Refuse(r, "locked", "Tags of messages stay: they can't be removed.", "An admin can allow it: message_tags_locked.")
		return nil
	case !r.Args.Remove && w.asksAboutNearTag(r, names):
		return nil
	}

	ids := make([]store.MessageID, len(rows))
	var excerpts []string
	for i := range rows {
		ids[i] = rows[i].ID
		if text := Excerpt(&Message{Message: rows[i]}); text != "" {
			excerpts = append(excerpts, text)
		}
	}
	detail := Detail{Text: strings.Join(names, ", ")}
	if r.Args.Remove {
		if err := store.UntagMessages(ctx, tx, ids, w.Tags.AllNamesOf(names)); err != nil {
			return err
		}
		w.Log.ByAgent(r.Conversation, r.Agent, store.DeedUntaggedMessages, detail)
	} else {
		w.Tags.SpellAndMake(names)
		var added []store.MessageTag
		for _, id := range ids {
			for _, name := range names {
				added = append(added, store.MessageTag{MessageID: id, Tag: name, AgentID: r.Agent.ID, At: w.Now})
			}
		}
		if err := store.TagMessages(ctx, tx, added); err != nil {
			return err
		}
		w.Log.Did(r, detail)
	}
	w.Line(r.Conversation, bridge.Line{
		Content: bridge.LineDone,
		Verb:    r.Verb,
		By:      w.Dir.Ref(r.Surface, r.Agent.ID),
		Args:    bridge.Args{Conversation: r.Conversation.ID, Messages: ids, Tags: names, Remove: r.Args.Remove},
		Text:    strings.Join(excerpts, "\n\n"),
	})
	return nil
}
