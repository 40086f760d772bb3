package engine

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/bridge"
	"parley/store"
)

// noted is what the log says of an internal note; its words are read from the message.
const noted = "wrote an internal note"

// logNote records a note in the history.
func (w *work) logNote(c *conv, agent *store.Agent, m *message) {
	if agent != nil {
		w.logAgent(c, agent, noted, detail{Message: m.ID})
	}
}

// noteByForm keeps a note that was written in a form. Colleagues whom it names by an @ are
// mentioned, if they may read the conversation.
func (w *work) noteByForm(c *conv, agent *store.Agent, surface int64, a bridge.Action) {
	m := w.saidByPerson(c, surface, a, agent)
	m.Reason = "note"
	w.logNote(c, agent, m)
	line := bridge.Line{Kind: bridge.LineDone, Verb: bridge.VerbNote, By: w.dir.ref(surface, agent.ID), Text: a.Text}
	for _, named := range w.dir.namedIn(a.Text) {
		if named.ID != agent.ID && w.e.reader(named).May(c.Conversation) {
			line.Mentions = append(line.Mentions, w.dir.ref(surface, named.ID))
		}
	}
	w.line(c, line)
}

// namedIn gives the agents whom a text names by an @ and the whole name, the e-mail address or,
// where only one has it, the first name.
func (d *directory) namedIn(text string) []*store.Agent {
	var found []*store.Agent
	text = strings.ToLower(text)
	for before := ""; ; {
		lead, rest, ok := strings.Cut(text, "@")
		if !ok {
			return found
		}
		before, text = lead, rest
		if last, _ := utf8.DecodeLastRuneInString(before); unicode.IsLetter(last) || unicode.IsDigit(last) {
			continue // an address
		}
		if a := d.namedFirst(text); a != nil && !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
}

// namedFirst gives the agent with whose name a text in small letters begins; nil = none, or several.
func (d *directory) namedFirst(text string) *store.Agent {
	longest := ""
	for _, a := range d.Agents {
		whole := strings.ToLower(a.Name)
		first, _, _ := strings.Cut(whole, " ")
		for _, name := range []string{whole, first, strings.ToLower(a.Email)} {
			rest, ok := strings.CutPrefix(text, name)
			if next, _ := utf8.DecodeRuneInString(rest); ok && len(name) > len(longest) && !unicode.IsLetter(next) && !unicode.IsDigit(next) {
				longest = name
			}
		}
	}
	if longest == "" {
		return nil
	}
	return d.find(0, longest)
}

// noteWords reads the beginnings of the notes that log entries are about.
func noteWords(ctx context.Context, q store.Querier, entries []store.LogEntry) (map[int64]string, error) {
	var ids []int64
	for _, entry := range entries {
		if entry.What == noted {
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
