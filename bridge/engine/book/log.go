package book

import (
	"context"
	"encoding/json"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/verb"
	"parley/store"
)

// Log holds the entries that one batch adds to the logs of conversations. A log says what was done, by whom and why: people read
// it as the history, and figures are made from it.
type Log struct {
	*Moment
	verbs   verb.Table
	Entries []store.LogEntry
}

// Did records that an agent has done what was asked for: the deed of the request's verb.
func (l *Log) Did(r Request, detail any) {
	l.ByAgent(r.Conversation, r.Agent, l.verbs.Of(r.Verb).Deed, detail)
}

// ByAgent records what an agent did.
func (l *Log) ByAgent(c *Conversation, agent *store.Agent, what store.Deed, detail any) {
	id := agent.ID
	l.add(c, &id, store.ByAgent, what, detail)
}

// ByCustomer records what the customer did.
func (l *Log) ByCustomer(c *Conversation, what store.Deed, detail any) {
	l.add(c, nil, store.ByCustomer, what, detail)
}

// ByParley records what Parley did by itself.
func (l *Log) ByParley(c *Conversation, what store.Deed, detail any) {
	l.add(c, nil, store.ByParley, what, detail)
}

func (l *Log) add(c *Conversation, agent *store.AgentID, actor store.Doer, what store.Deed, detail any) {
	body := json.RawMessage("{}")
	if detail != nil {
		if b, err := json.Marshal(detail); err == nil { // our own plain struct, so that there is no error
			body = b
		}
	}
	l.Entries = append(l.Entries, store.LogEntry{
		ID:             l.IDs.Next(),
		ConversationID: c.ID,
		At:             l.Now,
		AgentID:        agent,
		Actor:          actor,
		What:           what,
		Detail:         body,
		EventID:        l.Event.ID,
	})
}

// Detail of a log entry.
type Detail struct {
	Text    string          `json:"text,omitempty"`
	Why     bridge.Why      `json:"reason,omitzero"`
	Message store.MessageID `json:"message,omitempty"`
	Agents  []store.AgentID `json:"agents,omitempty"`
	Team    store.TeamID    `json:"team,omitempty"`
	Note    string          `json:"note,omitempty"` // what was said to colleagues along with it
}

// DetailOf reads the detail of a log entry. Details of earlier versions lack fields, which are zero then.
func DetailOf(entry store.LogEntry) (d Detail) {
	_ = json.Unmarshal(entry.Detail, &d) // Log.add wrote it
	return d
}

// RecordRefusal records that a verb was refused, and why, as a code. In a chat only the agent sees the words. On a page of Parley's own
// nobody can be answered like that: the log keeps the words, and the page shows them.
func (l *Log) RecordRefusal(r Request, code bridge.Reason, words string) {
	why := Detail{Text: string(r.Verb), Why: bridge.Because(code)}
	if r.Surface == store.SystemAccount {
		why.Note = words
	}
	l.ByParley(r.Conversation, store.DeedRefused, why)
}

// ChangedHands reports whether a text comes late, and its conversation has other owners now than when it was typed. Its author may
// have relied on the text staying inside, because the conversation was somebody else's then.
func (l *Log) ChangedHands(ctx context.Context, q store.Querier, r Request) (bool, error) {
	typed, late := l.comesLate(r.Action)
	if !late || r.Explicit {
		return false, nil
	}
	for _, e := range l.Entries { // those of this batch aren't stored yet
		isLater := e.ConversationID == r.Conversation.ID && e.At.After(typed)
		if isLater && slices.Contains(store.DeedsOfOwners(), e.What) {
			return true, nil
		}
	}
	return store.ChangedHands(ctx, q, r.Conversation.ID, typed)
}

// IsSilenced reports whether an agent has silenced a sender in a thread of a day.
func (l *Log) IsSilenced(ctx context.Context, q store.Querier, c *Conversation, key string) (bool, error) {
	for _, e := range l.Entries { // of this batch, not stored yet
		if e.ConversationID == c.ID && e.What == store.DeedSilenced && DetailOf(e).Text == key {
			return true, nil
		}
	}
	return store.IsSilenced(ctx, q, c.ID, key)
}

func (l *Log) flush(ctx context.Context, p *store.Pipeline) error {
	return store.InsertLog(ctx, p, l.Entries)
}

// Note records that an agent wrote a note. agent is nil if the author isn't an agent: then nothing is recorded.
func (l *Log) Note(c *Conversation, agent *store.Agent, m *Message) {
	if agent != nil {
		l.ByAgent(c, agent, store.DeedNoted, Detail{Message: m.ID})
	}
}
