package engine

import (
	"encoding/json"

	"parley/store"
)

// logAgent records what an agent did.
func (w *work) logAgent(c *conv, agent *store.Agent, what string, detail any) {
	id := agent.ID
	w.addLog(c, &id, "agent", what, detail)
}

// logCustomer records what the customer did.
func (w *work) logCustomer(c *conv, what string, detail any) {
	w.addLog(c, nil, "customer", what, detail)
}

// logParley records what Parley did by itself.
func (w *work) logParley(c *conv, what string, detail any) { w.addLog(c, nil, "parley", what, detail) }

func (w *work) addLog(c *conv, agent *int64, actor, what string, detail any) {
	body := json.RawMessage("{}")
	if detail != nil {
		if b, err := json.Marshal(detail); err == nil {
			body = b
		}
	}
	w.log = append(w.log, store.LogEntry{ID: w.ids.Next(), ConversationID: c.ID, At: w.now, AgentID: agent, Actor: actor,
		What: what, Detail: body, EventID: w.event.ID})
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
