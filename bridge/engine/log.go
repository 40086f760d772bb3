package engine

import (
	"context"
	"encoding/json"

	"parley/store"
)

// logbook holds the entries that one batch adds to the logs of conversations.
type logbook struct {
	*moment
	entries []store.LogEntry
}

// byAgent records what an agent did.
func (l *logbook) byAgent(c *conv, agent *store.Agent, what store.Deed, detail any) {
	id := agent.ID
	l.add(c, &id, store.ByAgent, what, detail)
}

// byCustomer records what the customer did.
func (l *logbook) byCustomer(c *conv, what store.Deed, detail any) {
	l.add(c, nil, store.ByCustomer, what, detail)
}

// byParley records what Parley did by itself.
func (l *logbook) byParley(c *conv, what store.Deed, detail any) {
	l.add(c, nil, store.ByParley, what, detail)
}

func (l *logbook) add(c *conv, agent *int64, actor store.Doer, what store.Deed, detail any) {
	body := json.RawMessage("{}")
	if detail != nil {
		if b, err := json.Marshal(detail); err == nil {
			body = b
		}
	}
	l.entries = append(l.entries, store.LogEntry{ID: l.ids.Next(), ConversationID: c.ID, At: l.now, AgentID: agent, Actor: actor,
		What: what, Detail: body, EventID: l.event.ID})
}

// detail of a log entry.
type detail struct {
	Text    string  `json:"text,omitempty"`
	Reason  string  `json:"reason,omitempty"`
	Message int64   `json:"message,omitempty"`
	Agents  []int64 `json:"agents,omitempty"`
	Team    int64   `json:"team,omitempty"`
	Note    string  `json:"note,omitempty"` // what was said with it, to colleagues
}

// detailOf reads the detail of a log entry; what earlier versions wrote lacks fields.
func detailOf(entry store.LogEntry) (d detail) {
	_ = json.Unmarshal(entry.Detail, &d)
	return d
}

func (l *logbook) flush(ctx context.Context, p *store.Pipeline) error {
	return store.InsertLog(ctx, p, l.entries)
}

// note records a note in the history.
func (l *logbook) note(c *conv, agent *store.Agent, m *message) {
	if agent != nil {
		l.byAgent(c, agent, store.DeedNoted, detail{Message: m.ID})
	}
}
