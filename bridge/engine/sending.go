package engine

import (
	"context"
	"fmt"
	"maps"
	"time"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/outbound"
	"parley/bridge/engine/own"
	"parley/bridge/engine/reading"
	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
	"parley/store/dispatch"
)

// Policy implements relay.Handler.
func (e *Engine) Policy(c dispatch.Claimed) relay.Policy { return e.sender.Policy(c) }

// Attempts implements relay.Handler.
func (e *Engine) Attempts(ctx context.Context, claims []dispatch.Claimed) []relay.Attempt {
	return e.sender.Attempts(ctx, claims)
}

// host is the engine as the packages below it see it: it implements outbound.Engine, reading.Connected and chores.Host.
type host struct{ *Engine }

// Directory returns the accounts, agents and teams as they were read last.
func (h host) Directory() *directory.Directory { return h.directory.Load() }

func (h host) PostFacts(dir *directory.Directory, surface store.AccountID, c *store.Conversation,
	identities map[store.IdentityID]*store.Identity, threads outbound.Threads, related []store.Related, now time.Time) bridge.Facts {
	f := h.reading.FactsOf(dir, surface, nil, c, identities, threads, now)
	reading.AddRelated(dir, &f, surface, related)
	return f
}

func (h host) SurfaceName(dir *directory.Directory, surface store.AccountID) string {
	return h.reading.SurfaceName(dir, surface)
}

func (h host) GapWithin(surface store.AccountID, last time.Duration) bool {
	return h.Desk(surface).hasGapWithin(last)
}

func (h host) Filling(ctx context.Context, surface store.AccountID, limit time.Duration) (bool, error) {
	return h.Desk(surface).isFilling(ctx, limit)
}

// Trouble implements outbound.Engine and chores.Host; see troubles.record.
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
	all := map[store.AccountID]bridge.Surface{}
	for account, d := range h.surfaces {
		if d.surface != nil {
			all[account] = d.surface
		}
	}
	return all
}

func (h host) ReachEvery() time.Duration { return h.opt.ReachEvery }

func (h host) Analyzer() analysis.Analyzer { return h.opt.Analyzer }

func (h host) AITokensADay() int { return h.opt.AITokensADay }

func (h host) Sealer() *store.Sealer { return h.opt.Sealer }

// Writer implements chores.Host: the Analyzer, if it can write texts, else nil.
func (h host) Writer() analysis.Writer {
	w, _ := h.opt.Analyzer.(analysis.Writer)
	return w
}

func (h host) Busy() bool { return h.relay.Busy() }

func (h host) Wake() { h.relay.WakeAppliers(store.SystemAccount) }

// ThreadLost implements outbound.Engine. A fact is without effect if the conversation was handed over before it is applied
// (threads.ThreadLost). So that the loss is reported again should the conversation come back, each minute has a fact of its own.
func (h host) ThreadLost(ctx context.Context, c dispatch.Claimed, root string) error {
	f := own.Fact{Kind: own.ThreadLost, Conversation: c.ConversationID, Surface: c.AccountID, Root: root}
	minute := int(c.FirstAgo / 60)
	return h.journalFact(ctx, f.Event(fmt.Sprintf("lost:%d:%s:%d:%d", c.ConversationID, root, c.ID, minute)))
}

func (h host) RootRefused(ctx context.Context, c dispatch.Claimed, reason, text string) error {
	f := own.Fact{Kind: own.PostFailed, Conversation: c.ConversationID, Delivery: c.ID, Account: c.AccountID, Post: c.Kind, Text: text}
	return h.journalFact(ctx, f.Event(fmt.Sprintf("%s:%d", reason, c.ID)))
}

// journalFact stores an own fact and has it applied.
func (h host) journalFact(ctx context.Context, event store.NewEvent) error {
	_, err := store.InsertEvents(ctx, h.pool, []store.NewEvent{event})
	h.relay.WakeAppliers(store.SystemAccount)
	return err
}
