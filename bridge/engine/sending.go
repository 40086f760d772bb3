package engine

import (
	"context"
	"fmt"
	"maps"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// This file adapts the Engine to the interfaces of packages that call it: relay.Handler, and those of the packages below the engine,
// which must not import it. For example, outbound*.go asks before it sends a reply whether the agents' chat may have missed an
// edit of it (GapWithin).

// Policy implements relay.Handler.
func (e *Engine) Policy(c store.ClaimedDelivery) relay.Policy { return e.sender.Policy(c) }

// Attempts implements relay.Handler.
func (e *Engine) Attempts(ctx context.Context, claims []store.ClaimedDelivery) []relay.Attempt {
	return e.sender.Attempts(ctx, claims)
}

// host implements outbound.Engine, reading.Connected and chores.Host, which document the methods below.
type host struct{ *Engine }

func (h host) Directory() *Directory { return h.directory.Load() }

func (h host) PostFacts(dir *Directory, surface store.AccountID, c *store.Conversation,
	identities map[store.IdentityID]*store.Identity, threads Threads, related []store.Related, now time.Time) bridge.Facts {
	f := h.reading.FactsOf(dir, surface, nil, c, identities, threads, now)
	AddRelated(dir, &f, surface, related)
	return f
}

func (h host) SurfaceName(dir *Directory, surface store.AccountID) string {
	return h.reading.SurfaceName(dir, surface)
}

func (h host) ReaderOf(agent *store.Agent) store.Reader { return h.reading.As(agent) }

func (h host) GapWithin(surface store.AccountID, last time.Duration) bool {
	return h.Desk(surface).hasGapWithin(last)
}

func (h host) Filling(ctx context.Context, surface store.AccountID, limit time.Duration) (bool, error) {
	return h.Desk(surface).isFilling(ctx, limit)
}

// Trouble records that a part of an account fails or works; see troubles.record.
func (h host) Trouble(account store.AccountID, what string, c *channels.Condition) {
	h.troubles.record(account, what, c)
}

func (h host) Channels() map[store.AccountID]channels.Channel {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return maps.Clone(h.channels)
}

func (h host) Surfaces() map[store.AccountID]bridge.Surface {
	h.mu.RLock()
	defer h.mu.RUnlock()
	connected := map[store.AccountID]bridge.Surface{}
	for account, d := range h.surfaces {
		if d.surface != nil {
			connected[account] = d.surface
		}
	}
	return connected
}

func (h host) ReachEvery() time.Duration { return h.opt.ReachEvery }

func (h host) BoardEvery() time.Duration { return h.opt.BoardEvery }

func (h host) Board(ctx context.Context, surface store.AccountID, channel string) (*bridge.BoardLine, error) {
	return h.reading.Board(ctx, h.pool, surface, channel)
}

func (h host) Analyzer() analysis.Analyzer { return h.opt.Analyzer }

func (h host) AITokensADay() int { return h.opt.AITokensADay }

func (h host) Sealer() *store.Sealer { return h.opt.Sealer }

// Writer returns the Analyzer if it can also write texts, or else nil.
func (h host) Writer() analysis.Writer {
	w, _ := h.opt.Analyzer.(analysis.Writer)
	return w
}

func (h host) Busy() bool { return h.relay.Busy() }

func (h host) Wake() { h.relay.WakeAppliers(store.SystemAccount) }

// ThreadLost stores the fact that a conversation's thread was deleted in the chat. The fact has no effect if the conversation moves to
// another chat before it is applied (see threads.ThreadLost). The conversation may move back, so the loss must be reported again: the
// fact's name contains the minute since the first attempt, which makes one fact a minute.
func (h host) ThreadLost(ctx context.Context, c store.ClaimedDelivery, root string) error {
	f := Fact{Kind: ThreadLost, Conversation: c.ConversationID, Surface: c.AccountID, Root: root}
	minute := int(c.FirstAgo / 60)
	return h.journalFact(ctx, f.Event(fmt.Sprintf("lost:%d:%s:%d:%d", c.ConversationID, root, c.ID, minute)))
}

func (h host) RootRefused(ctx context.Context, c store.ClaimedDelivery, reason, text string) error {
	f := Fact{Kind: PostFailed, Conversation: c.ConversationID, Delivery: c.ID, Account: c.AccountID, Post: c.Kind, Text: text}
	return h.journalFact(ctx, f.Event(fmt.Sprintf("%s:%d", reason, c.ID)))
}

// journalFact stores a fact that Parley itself records, and wakes the goroutines that apply it.
func (h host) journalFact(ctx context.Context, event store.NewEvent) error {
	_, err := store.InsertEvents(ctx, h.pool, []store.NewEvent{event})
	h.relay.WakeAppliers(store.SystemAccount)
	return err
}
