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
	hasWriter bool // somebody writes such texts
	rows      map[requestKey]request.Request
}

type requestKey struct {
	conversation store.ConversationID
	name         string
}

func newRequests(m *Moment, answered bool) *Requests {
	return &Requests{Moment: m, hasWriter: answered, rows: map[requestKey]request.Request{}}
}

// HasWriter reports whether somebody writes the texts that are asked for.
func (rs *Requests) HasWriter() bool { return rs.hasWriter }

// Len reports whether the batch asks for a text.
func (rs *Requests) Len() bool { return len(rs.rows) > 0 }

// Add asks for a text about a conversation; it does nothing where nobody writes such texts. The same twice is one
// request, whoever asks.
func (rs *Requests) Add(c *Conversation, ask own.Ask) {
	if !rs.hasWriter {
		return
	}
	same := ask
	same.Asker = own.Asker{}
	sum := sha256.Sum256(encodeAsk(same))
	name := string(ask.Task) + ":" + hex.EncodeToString(sum[:8])
	k := requestKey{c.ID, name}
	if _, known := rs.rows[k]; !known {
		rs.rows[k] = request.Request{ConversationID: c.ID, Name: name, Ask: encodeAsk(ask), AskedAt: rs.Now}
	}
}

func encodeAsk(ask own.Ask) json.RawMessage {
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
