package engine

import (
	"context"
	"slices"
	"strings"

	"parley/bridge"
	"parley/store"
)

// historyRows is the number of log entries on a page.
const historyRows = 50

// History returns a page of a conversation's log, newest entries first; page 0 is the first. The log records what was done: "Ann took
// it", "Customer reopened it". unsaved are entries that the caller's transaction is about to write; they are newer than all stored ones,
// and those of other conversations are ignored. History returns a *bridge.Problem if the page number is out of range.
func (rd *ReadingReader) History(
	ctx context.Context, q store.Querier, id store.ConversationID, page int, unsaved ...store.LogEntry,
) (bridge.History, error) {
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

	// Unsaved entries come first. One entry more than a page is read, to find out whether there is an older page.
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

// Notes returns the newest notes of a conversation that are stored.
func (rd *ReadingReader) Notes(ctx context.Context, q store.Querier, id store.ConversationID) ([]bridge.LogRow, error) {
	notes, err := store.ListNotes(ctx, q, id, historyRows)
	if err != nil {
		return nil, err
	}
	dir := rd.Directory()
	var rows []bridge.LogRow
	for i := range notes {
		row := bridge.LogRow{At: notes[i].CreatedAt, Actor: "Somebody", What: string(store.DeedNoted), IsChosen: true}
		row.Detail = "“" + Excerpt(&Message{Message: notes[i]}) + "”"
		if author := notes[i].AgentID; author != nil {
			row.Actor = agentName(dir, *author)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// logRows converts log entries for display.
func (rd *ReadingReader) logRows(ctx context.Context, q store.Querier, entries []store.LogEntry) ([]bridge.LogRow, error) {
	notes, err := noteWords(ctx, q, entries)
	if err != nil {
		return nil, err
	}

	dir := rd.Directory()
	rows := make([]bridge.LogRow, 0, len(entries))
	for _, entry := range entries {
		d := DetailOf(entry)
		row := bridge.LogRow{At: entry.At, Actor: "Parley", What: string(entry.What), Detail: chosenWords(dir, d, notes)}
		switch {
		case entry.AgentID != nil:
			row.Actor = agentName(dir, *entry.AgentID)
		case entry.Actor == store.ByCustomer:
			row.Actor = "Customer"
		}

		row.IsChosen = row.Detail != ""
		if !row.IsChosen {
			row.Detail = d.Why.String()
		}

		rows = append(rows, row)
	}

	return rows, nil
}

// chosenWords returns what the actor of an entry chose or wrote: the text of a note; tags, a name or a time; or the agents to whom the
// conversation was assigned. A remark of the actor is appended. It returns "" if there is nothing. notes has the texts of notes by
// message.
func chosenWords(dir *Directory, d Detail, notes map[store.MessageID]string) string {
	if note := notes[d.Message]; note != "" {
		return "“" + note + "”"
	}

	chosen := d.Text
	if chosen == "" {
		var names []string
		for _, id := range d.Agents {
			names = append(names, agentName(dir, id))
		}
		chosen = strings.Join(names, ", ")
	}
	if d.Note != "" {
		chosen += ": " + d.Note
	}
	return chosen
}

// agentName returns an agent's name, which is the same in all chats.
func agentName(dir *Directory, id store.AgentID) string {
	const noChat = 0
	return dir.Ref(noChat, id).Name
}

// noteWords reads excerpts of the notes that log entries refer to, by message.
func noteWords(ctx context.Context, q store.Querier, entries []store.LogEntry) (map[store.MessageID]string, error) {
	var ids []store.MessageID
	for _, entry := range entries {
		if entry.What == store.DeedNoted {
			ids = append(ids, DetailOf(entry).Message)
		}
	}

	if len(ids) == 0 {
		return nil, nil
	}
	messages, err := store.Messages(ctx, q, ids...)
	if err != nil {
		return nil, err
	}
	words := make(map[store.MessageID]string, len(messages))
	for i := range messages {
		words[messages[i].ID] = Excerpt(&Message{Message: messages[i]})
	}
	return words, nil
}
