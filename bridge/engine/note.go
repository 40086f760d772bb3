package engine

import (
	"context"

	"parley/bridge"
	"parley/store"
)

// noteByForm keeps a note that was written in a form. Colleagues whom it names by an @ are
// mentioned, if they may read the conversation.
func (w *work) noteByForm(r request) {
	agent, surface, a := r.agent, r.surface, r.Action
	m := w.messages.addByPerson(r)
	m.Reason = "note"
	w.log.note(r.conv, agent, m)
	line := bridge.Line{Content: bridge.LineDone, Verb: bridge.VerbNote, By: w.dir.Ref(surface, agent.ID), Text: a.Text}
	for _, named := range w.dir.NamedIn(a.Text) {
		if named.ID != agent.ID && w.e.reader(named).May(r.conv.Conversation) {
			line.Mentions = append(line.Mentions, w.dir.Ref(surface, named.ID))
		}
	}
	w.line(r.conv, line)
}

// noteWords reads the beginnings of the notes that log entries are about.
func noteWords(ctx context.Context, q store.Querier, entries []store.LogEntry) (map[int64]string, error) {
	var ids []int64
	for _, entry := range entries {
		if entry.What == store.DeedNoted {
			ids = append(ids, detailOf(entry).Message)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	messages, err := store.Messages(ctx, q, ids...)
	words := make(map[int64]string, len(messages))
	for i := range messages {
		words[messages[i].ID] = excerpt(&message{Message: messages[i]})
	}
	return words, err
}
