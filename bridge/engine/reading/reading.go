// Package reading says what agents may read, and makes of the rows what they read: the facts of a
// conversation, lists, the history, and how a conversation could be begun.
//
// What does not belong here: what changes anything, and words and layout that people see (bot/view).
package reading

import (
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/bridge/engine/directory"
	"parley/bridge/engine/verb"
	"parley/channels"
)

// Connected is what a Reader needs to know of the process: what is connected, and the directory.
type Connected interface {
	// Directory returns the accounts, agents and teams as they were read last.
	Directory() *directory.Directory
	// Channel returns the channel of an account, or nil while that isn't connected.
	Channel(account bridge.AccountID) channels.Channel
	// Surface returns the Surface of an account, or nil while that isn't connected.
	Surface(account bridge.AccountID) bridge.Surface
}

// Options are the options of a Reader.
type Options struct {
	Connected Connected
	Pool      *pgxpool.Pool
	Log       *slog.Logger
	// Verbs say what an agent may ask for.
	Verbs verb.Table
	// Specs of the channels, for names and icons.
	Specs []channels.Spec
	// SurfaceNames are what people call the surfaces, by kind.
	SurfaceNames map[string]string
	// AudienceAge is how long the people who were last seen in an account's own channel may read its
	// conversations while the surface can't tell who is there.
	AudienceAge time.Duration
}

// Reader tells what agents may read, and makes what they read of it.
type Reader struct {
	Connected
	Verbs     verb.Table
	log       *slog.Logger
	specs     []channels.Spec
	names     map[string]string // what people call the surfaces, by kind
	audiences *audiences
}

// New makes a Reader. It doesn't know yet who is in the accounts' own channels.
func New(o Options) *Reader {
	return &Reader{
		Connected: o.Connected,
		Verbs:     o.Verbs,
		log:       o.Log,
		specs:     o.Specs,
		names:     o.SurfaceNames,
		audiences: &audiences{age: o.AudienceAge, known: map[channelKey]heldAudience{}},
	}
}

// Caps returns what the channel of an account can carry: nothing while the channel isn't connected.
func (rd *Reader) Caps(account bridge.AccountID) channels.Capabilities {
	if ch := rd.Channel(account); ch != nil {
		return ch.Capabilities()
	}
	return channels.Capabilities{}
}
