package engine

import (
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/channels"
)

// ReadingConnected gives access to the current directory, and to the running channels and surfaces.
type ReadingConnected interface {
	// Directory returns the current accounts, agents and teams.
	Directory() *Directory
	// Channel returns the channel (customers' side) of an account, or nil while it isn't connected.
	Channel(account bridge.AccountID) channels.Channel
	// Surface returns the surface (agents' chat) of an account, or nil while it isn't connected.
	Surface(account bridge.AccountID) bridge.Surface
}

// ReadingOptions of a Reader.
type ReadingOptions struct {
	Connected ReadingConnected
	Pool      *pgxpool.Pool
	Log       *slog.Logger
	// Verbs has the rules of all verbs (commands): who may use which.
	Verbs Table
	// Specs describe the channels: names and icons.
	Specs []channels.Spec
	// SurfaceNames are the display names of the surfaces, by kind.
	SurfaceNames map[string]string
	// AudienceAge is how long the last known members of an account's own chat channel may read its conversations
	// while the surface can't list the members.
	AudienceAge time.Duration
}

// ReadingReader checks what agents may read, and reads it. It is safe for concurrent use.
type ReadingReader struct {
	ReadingConnected
	Verbs     Table
	log       *slog.Logger
	specs     []channels.Spec
	names     map[string]string // display names of the surfaces, by kind
	audiences *audiences
}

// NewReading makes a Reader. It knows no audiences until RunAudiences or AskAudiences has read them: until then, conversations of accounts
// that have their own chat channel are open only to the account's team.
func NewReading(o ReadingOptions) *ReadingReader {
	return &ReadingReader{
		ReadingConnected: o.Connected,
		Verbs:            o.Verbs,
		log:              o.Log,
		specs:            o.Specs,
		names:            o.SurfaceNames,
		audiences:        &audiences{age: o.AudienceAge, known: map[readingChannelKey]cachedAudience{}},
	}
}

// Caps returns the capabilities of an account's channel. They are zero while the channel isn't connected.
func (rd *ReadingReader) Caps(account bridge.AccountID) channels.Capabilities {
	if ch := rd.Channel(account); ch != nil {
		return ch.Capabilities()
	}
	return channels.Capabilities{}
}
