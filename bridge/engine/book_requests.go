package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"parley/bridge"
	"parley/store"
)

// Requests collects the texts that a batch asks a model to write (analysis.Writer): summaries, translations, answers
// to questions. They are stored as rows, which chores*.go works off after the batch is committed.
type Requests struct {
	*Moment
	hasWriter bool // a Writer is configured; without one, Add does nothing
	asks      map[requestKey]Ask
}

// requestKey identifies a request: asking for the same text again gives the same key.
type requestKey struct {
	conversation store.ConversationID
	name         string // see requestName
}

// HasWriter reports whether a Writer is configured.
func (rs *Requests) HasWriter() bool { return rs.hasWriter }

// Len returns the number of requests of the batch.
func (rs *Requests) Len() int { return len(rs.asks) }

// Add requests a text about a conversation. Requests that differ only in their Asker are one, with the later ones among
// its Others. Without a Writer, Add does nothing.
func (rs *Requests) Add(c *Conversation, ask Ask) {
	if !rs.hasWriter {
		return
	}
	key := requestKey{c.ID, requestName(ask)}
	if first, known := rs.asks[key]; known {
		first.Others = append(first.Others, ask.Asker)
		ask = first
	}
	rs.asks[key] = ask
}

// nameBytes is how much of the hash goes into a request's name, which need only be unique within one conversation.
const nameBytes = 8

// requestName returns a name for what is requested, regardless of who asks.
func requestName(ask Ask) string {
	ask.Asker = Asker{}
	sum := sha256.Sum256(bridge.JSON(ask))
	return string(ask.Task) + ":" + hex.EncodeToString(sum[:nameBytes])
}

// flush writes the requests. Their order doesn't matter, because no other row depends on them.
func (rs *Requests) flush(ctx context.Context, p *store.Pipeline) error {
	rows := make([]store.AIRequest, 0, len(rs.asks))
	for key, ask := range rs.asks {
		rows = append(rows, store.AIRequest{ConversationID: key.conversation, Name: key.name, Ask: bridge.JSON(ask), AskedAt: rs.Now})
	}
	return store.AddRequests(ctx, p, rows)
}
