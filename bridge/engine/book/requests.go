package book

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/request"
)

// Requests are the texts that a batch asks for.
type Requests struct {
	*Moment
	answered bool // somebody writes such texts
	rows     map[requestKey]request.Request
}

type requestKey struct {
	conversation store.ConversationID
	name         string
}

func newRequests(m *Moment, answered bool) *Requests {
	return &Requests{Moment: m, answered: answered, rows: map[requestKey]request.Request{}}
}

// Answered says that somebody writes the texts that are asked for.
func (rs *Requests) Answered() bool { return rs.answered }

// Any says that the batch asks for a text.
func (rs *Requests) Any() bool { return len(rs.rows) > 0 }

// Add asks for a text about a conversation; it does nothing where nobody writes such texts. The same twice is one
// request, whoever asks.
func (rs *Requests) Add(c *Conversation, ask own.Ask) {
	if !rs.answered {
		return
	}
	same := ask
	same.Asker = own.Asker{}
	sum := sha256.Sum256(encoded(same))
	name := string(ask.Task) + ":" + hex.EncodeToString(sum[:8])
	k := requestKey{c.ID, name}
	if _, known := rs.rows[k]; !known {
		rs.rows[k] = request.Request{ConversationID: c.ID, Name: name, Ask: encoded(ask), AskedAt: rs.Now}
	}
}

func encoded(ask own.Ask) json.RawMessage {
	body, err := json.Marshal(ask)
	if err != nil {
		panic(fmt.Sprintf("book: %v", err)) // our own plain struct
	}
	return body
}

func (rs *Requests) flush(ctx context.Context, p *store.Pipeline) error {
	rows := make([]request.Request, 0, len(rs.rows))
	for _, row := range rs.rows {
		rows = append(rows, row)
	}
	return request.Add(ctx, p, rows)
}
