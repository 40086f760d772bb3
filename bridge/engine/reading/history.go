package reading

import (
	"context"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/store"
)

// historyRows is how many entries of a log a page has.
const historyRows = 50

// History returns a page of the log of a conversation, the newest entries first. unsaved are the entries that a batch
// is about to add: the newest of all.
// Errors: *Problem, for people; the database's.
func (rd *Reader) History(ctx context.Context, q store.Querier, id store.ConversationID, page int, unsaved ...store.LogEntry) (bridge.History, error) {
	h := bridge.History{Page: page}
	if page < 0 || page > maxPage {
		return h, noSuchPage()
	}

	var entries []store.LogEntry
	for _, entry := range unsaved {
		if entry.ConversationID == id {
			entries = slices.Insert(entries, 0, entry)
		}
	}

	skip := page * historyRows
	skipUnsaved := min(len(entries), skip)
	entries = entries[skipUnsaved:]
	saved, err := store.ListLog(ctx, q, id, historyRows+1, skip-skipUnsaved)
	if err != nil {
		return h, err
	}

	entries = append(entries, saved...)
	h.More = len(entries) > historyRows
	h.Rows, err = rd.logRows(ctx, q, entries[:min(len(entries), historyRows)])
	return h, err
}

// logRows returns entries of a log as they are shown.
func (rd *Reader) logRows(ctx context.Context, q store.Querier, entries []store.LogEntry) ([]bridge.LogRow, error) {
	notes, err := noteWords(ctx, q, entries)
	if err != nil {
		return nil, err
	}

	dir := rd.Directory()
	rows := make([]bridge.LogRow, 0, len(entries))
	for _, entry := range entries {
		d := book.DetailOf(entry)
		row := bridge.LogRow{At: entry.At, Actor: "Parley", What: string(entry.What), Detail: d.Text}
		switch {
		case entry.AgentID != nil:
			row.Actor = dir.Ref(0, *entry.AgentID).Name
		case entry.Actor == store.ByCustomer:
			row.Actor = "Customer"
		}

		for i, id := range d.Agents {
			if i > 0 {
				row.Detail += ", "
			}
			row.Detail += dir.Ref(0, id).Name
		}

		if d.Note != "" {
			row.Detail += ": " + d.Note
		}
		if words := notes[d.Message]; words != "" {
			row.Detail = "“" + words + "”"
		}
		row.IsChosen = row.Detail != ""
		if !row.IsChosen {
			row.Detail = d.Reason
		}

		rows = append(rows, row)
	}

	return rows, nil
}

// noteWords reads the beginnings of the notes that log entries are about.
func noteWords(ctx context.Context, q store.Querier, entries []store.LogEntry) (map[store.MessageID]string, error) {
	var ids []store.MessageID
	for _, entry := range entries {
		if entry.What == store.DeedNoted {
			ids = append(ids, book.DetailOf(entry).Message)
		}
	}

	if len(ids) == 0 {
		return nil, nil
	}

	messages, err := store.Messages(ctx, q, ids...)
	words := make(map[store.MessageID]string, len(messages))
	for i := range messages {
		words[messages[i].ID] = book.Excerpt(&book.Message{Message: messages[i]})
	}

	return words, err
}
