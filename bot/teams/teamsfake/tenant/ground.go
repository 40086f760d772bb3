// Package tenant is the state of an organisation: its people, teams, channels, messages and files, who may see what,
// and what all parts of the emulator stand on (options, clock, ids, the log of changes and the one lock).
//
// What does not belong here: anything of HTTP, what the bot is told, and what clients do with an answer of the bot.
package tenant

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/channels/emulator"
)

// Hash returns 64 hexadecimal digits, the same for the same parts.
func Hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// GUIDOf returns a GUID (version 4), the same for the same parts.
func GUIDOf(parts ...string) string {
	const form = "xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx"
	digits := Hash(parts...)
	guid := []byte(form)
	at := 0 // of the next digit
	for i, c := range guid {
		switch c {
		case '-':
			continue
		case 'x':
			guid[i] = digits[at]
		}

		at++ // the digits of form take the place of others
	}

	return string(guid)
}

// Ground is what all parts of the emulator share: the options, the clock, one lock for everything that changes, the
// making of ids, and the log of changes, by which tests and the demo's page see that something has happened. "The
// caller holds the lock" always means Ground.Mu.
type Ground struct {
	Opt  Options
	App  *Manifest // nil means everything declared
	Host *emulator.Host
	Ctx  context.Context //nolint:containedctx // of host; owns every goroutine of the organisation
	Log  *emulator.Changes[Change]

	Mu          sync.Mutex
	ids         int64
	born        string // differs between servers, unless their clock stands
	lastMessage int64
	lastChange  int64 // milliseconds since 1970
	Region      string
	problems    []Problem
}

// New makes the ground of an organisation. o must have its defaults already (Options.WithDefaults).
func New(o Options, host *emulator.Host) *Ground {
	g := &Ground{Opt: o, Host: host, Ctx: host.Context(), born: strconv.FormatInt(o.Clock().UnixMicro(), 10)}
	g.Log = emulator.NewChanges[Change](g.Ctx.Done())
	if o.Manifest != nil {
		g.App = &Manifest{}
		if err := json.Unmarshal(o.Manifest, g.App); err != nil {
			panic(fmt.Errorf("teamsfake: manifest: %w", err))
		}
	}
	return g
}

// Reset returns to the region in Options, and forgets all problems. The caller holds the lock.
func (g *Ground) Reset() { g.Region, g.problems = g.Opt.Region, nil }

// Problems lists what the bot sent that clients don't show as it was meant, oldest first. A test of a bot wants none.
func (g *Ground) Problems() []Problem {
	g.Mu.Lock()
	defer g.Mu.Unlock()
	return slices.Clone(g.problems)
}

// Now returns the time by Options.Clock.
func (g *Ground) Now() time.Time { return g.Opt.Clock() }

// ServiceURL returns the address of the Bot Connector that activities name, with a slash at the end. It changes with
// the region.
func (g *Ground) ServiceURL() string {
	g.Mu.Lock()
	defer g.Mu.Unlock()
	return g.ServiceAddress()
}

// ServiceAddress is ServiceURL for callers who hold the lock.
func (g *Ground) ServiceAddress() string {
	return g.Host.URL() + "/connector/" + g.Region + "/" + g.Opt.TenantID + "/"
}

// NoteTrouble adds a problem (see Problem). The caller holds the lock.
func (g *Ground) NoteTrouble(where, id, text string) {
	g.problems = append(g.problems, Problem{Where: where, ID: id, Text: text})
	g.Note(Change{Kind: "problem", ID: id})
}

// NewID returns 64 hexadecimal digits that this server hasn't given out before. The caller holds the lock.
func (g *Ground) NewID(what string) string {
	g.ids++
	return Hash(what, strconv.FormatInt(g.ids, 10), strconv.FormatInt(g.Opt.Seed, 10), g.born)
}

// GUID returns a GUID that this server hasn't given out before. The caller holds the lock.
func (g *Ground) GUID(what string) string { return GUIDOf(g.NewID(what)) }

// threadIDLength is the number of hexadecimal digits in the id of a channel.
const threadIDLength = 32

// threadID makes an id such as 19:…@thread.tacv2. Caller holds the lock.
func (g *Ground) threadID(what string) string {
	return "19:" + g.NewID(what)[:threadIDLength] + "@thread.tacv2"
}

// NextMessage returns the id of the next message: the time in milliseconds since 1970. Each id is higher than the one
// before, also while the clock stands. The caller holds the lock.
func (g *Ground) NextMessage() string {
	g.lastMessage = max(g.Now().UnixMilli(), g.lastMessage+1)
	return strconv.FormatInt(g.lastMessage, 10)
}

// ChangeTime returns the time for a change of a message, in whole milliseconds. Each is later than the one before,
// because people don't change a message twice within a millisecond. The caller holds the lock.
func (g *Ground) ChangeTime() time.Time {
	g.lastChange = max(g.Now().UnixMilli(), g.lastChange+1)
	return time.UnixMilli(g.lastChange)
}

// teamsID returns the id by which this bot knows a person, "29:…".
func (o Options) teamsID(u *User) string {
	if u.Bot {
		return "28:" + u.ID
	}
	sum := sha256.Sum256([]byte(o.AppID + "/" + u.ID))
	return "29:1" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// BotID is the bot's own id in conversations.
func (o Options) BotID() string { return "28:" + o.AppID }

// PersonalID is the id of the chat between the bot and a person.
func (o Options) PersonalID(user string) string {
	sum := sha256.Sum256([]byte("personal/" + o.AppID + "/" + user))
	return "a:1" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// SplitConversation splits a conversation's id, "19:…;messageid=17…", into the channel and the root of the thread;
// root is "" for none.
func SplitConversation(id string) (place, root string) {
	place, more, _ := strings.Cut(id, ";")
	return place, strings.TrimPrefix(more, "messageid=")
}

// ThreadConversation returns the id of a thread's conversation; that of the channel if root is "".
func ThreadConversation(channel, root string) string {
	if root == "" {
		return channel
	}
	return fmt.Sprintf("%s;messageid=%s", channel, root)
}
