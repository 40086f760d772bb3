package book

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"

	"parley/bridge"
	"parley/bridge/engine/own"
	"parley/store"
	"parley/store/request"
)

// Requests collects the texts that a batch asks an analysis.Writer for: summaries, translations, answers to questions.
// They are stored as rows; chores has them written after the batch is committed.
type Requests struct {
	*Moment
	hasWriter bool // a Writer is set up; without one, nothing is asked for
	rows      map[requestKey]request.Request
}

// requestKey identifies a request: asking for the same text again has the same key.
type requestKey struct {
	conversation store.ConversationID
	name         string // requestName of what is asked
}

// HasWriter reports whether a Writer is set up that will write what is asked for.
func (rs *Requests) HasWriter() bool { return rs.hasWriter }

// Len returns how many texts the batch asks for.
func (rs *Requests) Len() int { return len(rs.rows) }

// Add asks for a text about a conversation. Requests that differ only in their Asker count as one: the first Asker is
// kept. Without a Writer, Add does nothing.
func (rs *Requests) Add(c *Conversation, ask own.Ask) {
	if !rs.hasWriter {
		return
	}
	key := requestKey{c.ID, requestName(ask)}
	if _, known := rs.rows[key]; known {
		return
	}
	rs.rows[key] = request.Request{ConversationID: c.ID, Name: key.name, Ask: bridge.JSON(ask), AskedAt: rs.Now}
}

// nameBytes is how much of its hash a request is named by: enough, since a name need only be unique among the requests
// of one conversation.
const nameBytes = 8

// requestName names what is asked for, without who asks.
func requestName(ask own.Ask) string {
	ask.Asker = own.Asker{}
	sum := sha256.Sum256(bridge.JSON(ask))
	return string(ask.Task) + ":" + hex.EncodeToString(sum[:nameBytes])
}

// flush writes the requests. Their order doesn't matter, since each is a row of its own that nothing else depends on.
func (rs *Requests) flush(ctx context.Context, p *store.Pipeline) error {
	return request.Add(ctx, p, slices.Collect(maps.Values(rs.rows)))
}
