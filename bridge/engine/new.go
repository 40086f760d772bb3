package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"parley/bridge/relay"
	"parley/channels"
	"parley/store"
)

// New makes an Engine, and reads the directory (accounts, agents, teams and settings) from the database, whose schema must be up to
// date. The caller registers the channels and surfaces with SetChannel and SetSurface, and then calls Run.
func New(ctx context.Context, o Options) (*Engine, error) {
	o = o.withDefaults()
	e := &Engine{
		pool:             o.Pool,
		log:              o.Log,
		opt:              o,
		directoryChanged: make(chan struct{}),
		channels:         map[store.AccountID]channels.Channel{},
		surfaces:         map[store.AccountID]*Desk{},
		gates:            NewGates(),
		attention:        &attention{last: map[store.ConversationID]time.Time{}},
		stopping:         make(chan struct{}),
		presence:         presence{gapOpened: make(chan struct{}, 1), processName: store.ProcessName + rand.Text()},
	}

	e.troubles = newTroubles(e)
	e.reading = NewReading(ReadingOptions{
		Connected:    e,
		Verbs:        verbRules(),
		Pool:         o.Pool,
		Log:          o.Log,
		Specs:        o.Specs,
		SurfaceNames: o.SurfaceNames,
		AudienceAge:  o.AudienceAge,
	})
	e.files = NewFiles(FilesOptions{Pool: o.Pool, Objects: o.Objects, Original: o.Original, Link: o.FileLink, Connected: e})
	e.Sender = &Sender{
		Pool:     o.Pool,
		Engine:   e,
		Objects:  o.Objects,
		Files:    e.files,
		Backoff:  o.Backoff,
		GapWait:  o.GapWait,
		Original: o.Original,
	}
	e.chores = &Chores{Engine: e, fetch: make(chan struct{}, 1), Analyses: &Analyses{Engine: e, write: make(chan struct{}, 1)}}

	relayOptions := o.Relay
	relayOptions.Pool = o.Pool
	relayOptions.Handler = e
	relayOptions.Log = o.Log
	relayOptions.Objects = o.Objects
	relayOptions.IsChannel = e.isChannel
	var err error
	if e.relay, err = relay.New(ctx, relayOptions); err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return e, e.Reload(ctx)
}

// withDefaults replaces unset options by their defaults. The first pauses of Backoff are short, because most failures are broken
// connections and restarting servers.
func (o Options) withDefaults() Options {
	o.GapWait = cmp.Or(o.GapWait, 30*time.Second)
	o.AudienceAge = cmp.Or(o.AudienceAge, 10*time.Minute)
	o.MaxHold = cmp.Or(o.MaxHold, 60*time.Second)
	o.StalledAfter = cmp.Or(o.StalledAfter, 2*time.Second)
	o.CardWait = cmp.Or(o.CardWait, 1500*time.Millisecond)
	o.BoardEvery = cmp.Or(o.BoardEvery, time.Minute)
	o.ReachEvery = cmp.Or(o.ReachEvery, 20*time.Second)
	if o.Backoff == nil {
		o.Backoff = []time.Duration{
			2 * time.Second, 10 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour,
		}
	}
	return o
}
