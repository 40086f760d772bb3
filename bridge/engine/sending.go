package engine

import (
	"context"
	"fmt"
	"maps"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/channels"
	"parley/store"
)

// Directory returns the cached accounts, agents and teams.
func (e *Engine) Directory() *Directory { return e.directory.Load() }

// PostFacts implements OutboundEngine.
func (e *Engine) PostFacts(dir *Directory, surface store.AccountID, c *store.Conversation,
	identities map[store.IdentityID]*store.Identity, threads Threads, related []store.Related, now time.Time) bridge.Facts {
	f := e.reading.FactsOf(dir, surface, nil, c, identities, threads, now)
	AddRelated(dir, &f, surface, related)
	return f
}

// SurfaceName implements OutboundEngine.
func (e *Engine) SurfaceName(dir *Directory, surface store.AccountID) string {
	return e.reading.SurfaceName(dir, surface)
}

// GapWithin implements OutboundEngine.
func (e *Engine) GapWithin(surface store.AccountID, last time.Duration) bool {
	return e.Desk(surface).hasGapWithin(last)
}

// Filling implements OutboundEngine.
func (e *Engine) Filling(ctx context.Context, surface store.AccountID, limit time.Duration) (bool, error) {
	return e.Desk(surface).isFilling(ctx, limit)
}

// Trouble records that a part of an account fails or works; see troubles.record.
func (e *Engine) Trouble(account store.AccountID, what string, c *channels.Condition) {
	e.troubles.record(account, what, c)
}

// connectedChannels returns the channels that are connected in this process, by account.
func (e *Engine) connectedChannels() map[store.AccountID]channels.Channel {
	e.mu.RLock()
	defer e.mu.RUnlock()
	return maps.Clone(e.channels)
}

// connectedSurfaces returns the chats that are connected in this process, by account.
func (e *Engine) connectedSurfaces() map[store.AccountID]bridge.Surface {
	e.mu.RLock()
	defer e.mu.RUnlock()
	connected := map[store.AccountID]bridge.Surface{}
	for account, d := range e.surfaces {
		if d.surface != nil {
			connected[account] = d.surface
		}
	}
	return connected
}

// writer returns the Analyzer if it can also write texts, or else nil.
func (e *Engine) writer() analysis.Writer {
	w, _ := e.opt.Analyzer.(analysis.Writer)
	return w
}

// wake has newly journalled facts applied without delay.
func (e *Engine) wake() { e.relay.WakeAppliers(store.SystemAccount) }

// ThreadLost stores the fact that a conversation's thread was deleted in the chat. The fact has no effect if the conversation moves to
// another chat before it is applied (see threads.ThreadLost). The conversation may move back, so the loss must be reported again: the
// fact's name contains the minute since the first attempt, which makes one fact a minute.
func (e *Engine) ThreadLost(ctx context.Context, c store.ClaimedDelivery, root string) error {
	f := Fact{Kind: ThreadLost, Conversation: c.ConversationID, Surface: c.AccountID, Root: root}
	minute := int(c.FirstAgo / 60)
	return e.journalFact(ctx, f.Event(fmt.Sprintf("lost:%d:%s:%d:%d", c.ConversationID, root, c.ID, minute)))
}

// RootRefused implements OutboundEngine.
func (e *Engine) RootRefused(ctx context.Context, c store.ClaimedDelivery, reason, text string) error {
	f := Fact{Kind: PostFailed, Conversation: c.ConversationID, Delivery: c.ID, Account: c.AccountID, Post: c.Kind, Text: text}
	return e.journalFact(ctx, f.Event(fmt.Sprintf("%s:%d", reason, c.ID)))
}

// journalFact stores a fact that Parley itself records, and wakes the goroutines that apply it.
func (e *Engine) journalFact(ctx context.Context, event store.NewEvent) error {
	_, err := store.InsertEvents(ctx, e.pool, []store.NewEvent{event})
	e.relay.WakeAppliers(store.SystemAccount)
	return err
}
