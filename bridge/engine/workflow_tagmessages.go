package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"parley/bridge"
	"parley/store"
)

func tagMessagesVerb() workflowUseCase {
	return workflowUseCase{Rules: Rules{Name: bridge.VerbTagMessages, Deed: store.DeedTaggedMessages}, DoInTx: (*WorkflowUseCases).tagMessages}
}

// tagMessages adds tags to single messages of a conversation, or removes them where that is allowed. A line quotes the messages: what
// colleagues typed in a chat can't be changed there.
func (wf *WorkflowUseCases) tagMessages(ctx context.Context, tx pgx.Tx, r Request) error {
	names, ok := wf.namedTags(r)
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
		wf.Refuse(r, "no_message", "No message of this conversation was chosen.", "Choose it in the form: Tag messages.")
		return nil
	case r.Args.Remove && wf.Settings(r.Conversation).TagsLocked:
		wf.Refuse(r, "locked", "Tags of messages stay: they can't be removed.", "An admin can allow it: message_tags_locked.")
		return nil
	case !r.Args.Remove && wf.asksAboutNearTag(r, names):
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
		if err := store.UntagMessages(ctx, tx, ids, wf.Tags.AllNamesOf(names)); err != nil {
			return err
		}
		wf.Log.ByAgent(r.Conversation, r.Agent, store.DeedUntaggedMessages, detail)
	} else {
		wf.Tags.SpellAndMake(names)
		var added []store.MessageTag
		for _, id := range ids {
			for _, name := range names {
				added = append(added, store.MessageTag{MessageID: id, Tag: name, AgentID: r.Agent.ID, At: wf.Now})
			}
		}
		if err := store.TagMessages(ctx, tx, added); err != nil {
			return err
		}
		wf.Log.Did(r, detail)
	}
	wf.Line(r.Conversation, bridge.Line{
		Content: bridge.LineDone,
		Verb:    r.Verb,
		By:      wf.Dir.Ref(r.Surface, r.Agent.ID),
		Args:    bridge.Args{Conversation: r.Conversation.ID, Messages: ids, Tags: names, Remove: r.Args.Remove},
		Text:    strings.Join(excerpts, "\n\n"),
	})
	return nil
}
