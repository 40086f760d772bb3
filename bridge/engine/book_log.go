package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"parley/bridge"
	"parley/store"
)

// Log holds the entries that one batch adds to the logs of conversations. An entry records what was done, by whom and
// why: for example, that agent 7 resolved a conversation. People read the log as the conversation's history, and
// statistics are computed from it.
type Log struct {
	*Moment
	verbs   Table
	Entries []store.LogEntry
}

// Did records that an agent did what a request's verb asks for (a verb is a command such as "resolve").
func (l *Log) Did(r Request, detail any) {
	deed := l.verbs.Of(r.Verb).Deed
	if r.Agent.ID == 0 { // an automation
		l.ByParley(r.Conversation, deed, detail)
		return
	}
	l.ByAgent(r.Conversation, r.Agent, deed, detail)
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
		if b, err := json.Marshal(detail); err == nil { // it can't fail: details are plain structs of ours
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

// Detail is the detail of a log entry, as it is stored in JSON.
type Detail struct {
	Text    string          `json:"text,omitempty"`
	Why     bridge.Why      `json:"reason,omitzero"`
	Message store.MessageID `json:"message,omitempty"`
	Agents  []store.AgentID `json:"agents,omitempty"`
	Team    store.TeamID    `json:"team,omitempty"`
	Note    string          `json:"note,omitempty"` // a remark for colleagues that came with it
}

// DetailOf decodes the detail of a log entry. Fields that an earlier version didn't write are zero.
func DetailOf(entry store.LogEntry) (d Detail) {
	_ = json.Unmarshal(entry.Detail, &d) // Log.add wrote it
	return d
}

// RecordRefusal records that a verb was refused, with a code for the reason. In a chat only the agent sees the explanation
// (words). On Parley's own pages nobody sees such an answer, so the log keeps the explanation and the page shows it.
func (l *Log) RecordRefusal(r Request, code bridge.Reason, words string) {
	why := Detail{Text: string(r.Verb), Why: bridge.Because(code)}
	if r.Surface == store.SystemAccount {
		why.Note = words
	}
	l.ByParley(r.Conversation, store.DeedRefused, why)
}

// RecordSeveral keeps what an agent is told who asked for several conversations at once on a page of Parley's own. The entry belongs
// to no conversation.
func (l *Log) RecordSeveral(r Request, told *bridge.SeveralLine, line bridge.Line) {
	l.add(&Conversation{Conversation: &store.Conversation{}}, &r.Agent.ID, store.ByAgent, store.DeedSeveral, struct {
		Text string      `json:"text"`
		Line bridge.Line `json:"line"`
	}{fmt.Sprintf("%s: %d done, %d not", told.Do, told.Done, len(told.Not)), line})
}

// ChangedHands reports whether a text is applied late, and the conversation's owners have changed since it was typed.
// The author may have relied on the text staying inside, because the conversation was somebody else's then.
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

// IsSilenced reports whether an agent has silenced a sender in the thread c, in which an account's mails of one day
// are sorted.
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

// Note records that an agent wrote a note. It records nothing if agent is nil, which means that the author isn't an agent.
func (l *Log) Note(c *Conversation, agent *store.Agent, m *Message) {
	if agent != nil {
		l.ByAgent(c, agent, store.DeedNoted, Detail{Message: m.ID})
	}
}
