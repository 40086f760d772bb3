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

// Requests collects the texts that a batch asks a model to write (analysis.Writer): summaries, translations, answers
// to questions. They are stored as rows, which package chores works off after the batch is committed.
type Requests struct {
	*Moment
	hasWriter bool // a Writer is configured; without one, Add does nothing
	rows      map[requestKey]request.Request
}

// requestKey identifies a request: asking for the same text again gives the same key.
type requestKey struct {
	conversation store.ConversationID
	name         string // see requestName
}

// HasWriter reports whether a Writer is configured.
func (rs *Requests) HasWriter() bool { return rs.hasWriter }

// Len returns the number of requests of the batch.
func (rs *Requests) Len() int { return len(rs.rows) }

// Add requests a text about a conversation. Requests that differ only in their Asker are deduplicated: the first
// Asker is kept. Without a Writer, Add does nothing.
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

// nameBytes is how much of the hash goes into a request's name, which need only be unique within one conversation.
const nameBytes = 8

// requestName returns a name for what is requested, regardless of who asks.
func requestName(ask own.Ask) string {
	ask.Asker = own.Asker{}
	sum := sha256.Sum256(bridge.JSON(ask))
	return string(ask.Task) + ":" + hex.EncodeToString(sum[:nameBytes])
}

// flush writes the requests. Their order doesn't matter, because no other row depends on them.
func (rs *Requests) flush(ctx context.Context, p *store.Pipeline) error {
	return request.Add(ctx, p, slices.Collect(maps.Values(rs.rows)))
}
