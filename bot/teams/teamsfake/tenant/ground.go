// Package tenant is the state of an organisation: its people, teams, channels, messages and files, who may see what, and
// what all parts of the emulator stand on (options, clock, ids, the log of changes and the one lock).
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

// Hash makes hex digits that depend on the parts only.
func Hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// GUIDOf makes a GUID of version 4 that depends on the parts only.
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

// Ground is what all parts of an organisation stand on: its options, one lock for everything
// that changes, clock, ids and the log of changes.
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

// New returns the ground of an organisation; o must have its defaults already (see Options.WithDefaults).
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

// Reset returns to the region of the options and forgets all problems. Caller holds the lock.
func (g *Ground) Reset() { g.Region, g.problems = g.Opt.Region, nil }

// Problems lists what the bot sent that clients do not show as it was meant, oldest first.
// A test of a bot wants none.
func (g *Ground) Problems() []Problem {
	g.Mu.Lock()
	defer g.Mu.Unlock()
	return slices.Clone(g.problems)
}

// Now is Teams' time.
func (g *Ground) Now() time.Time { return g.Opt.Clock() }

// ServiceURL is the serviceUrl of activities, with a final slash. A region may change it.
func (g *Ground) ServiceURL() string {
	g.Mu.Lock()
	defer g.Mu.Unlock()
	return g.ServiceAddress()
}

// ServiceAddress is ServiceURL for a caller who holds the lock.
func (g *Ground) ServiceAddress() string {
	return g.Host.URL() + "/connector/" + g.Region + "/" + g.Opt.TenantID + "/"
}

// NoteTrouble notes a problem. Caller holds the lock.
func (g *Ground) NoteTrouble(where, id, text string) {
	g.problems = append(g.problems, Problem{Where: where, ID: id, Text: text})
	g.Note(Change{Kind: "problem", ID: id})
}

// NewID makes hex digits that this server gives out once. Caller holds the lock.
func (g *Ground) NewID(what string) string {
	g.ids++
	return Hash(what, strconv.FormatInt(g.ids, 10), strconv.FormatInt(g.Opt.Seed, 10), g.born)
}

// GUID makes a GUID that this server gives out once. Caller holds the lock.
func (g *Ground) GUID(what string) string { return GUIDOf(g.NewID(what)) }

// threadIDLength is the number of hexadecimal digits in the id of a channel.
const threadIDLength = 32

// threadID makes an id such as 19:…@thread.tacv2. Caller holds the lock.
func (g *Ground) threadID(what string) string {
	return "19:" + g.NewID(what)[:threadIDLength] + "@thread.tacv2"
}

// NextMessage returns the next message id: the milliseconds since 1970, strictly rising even
// when the clock stands. Caller holds the lock.
func (g *Ground) NextMessage() string {
	g.lastMessage = max(g.Now().UnixMilli(), g.lastMessage+1)
	return strconv.FormatInt(g.lastMessage, 10)
}

// ChangeTime returns the time of a change of a message, in full milliseconds, strictly rising: people don't change a message
// twice in one of them. Caller holds the lock.
func (g *Ground) ChangeTime() time.Time {
	g.lastChange = max(g.Now().UnixMilli(), g.lastChange+1)
	return time.UnixMilli(g.lastChange)
}

// teamsID is the id by which this bot knows a person.
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

// SplitConversation takes ";messageid=…" off a conversation id.
func SplitConversation(id string) (place, root string) {
	place, more, _ := strings.Cut(id, ";")
	return place, strings.TrimPrefix(more, "messageid=")
}

// ThreadConversation is the conversation id of a thread.
func ThreadConversation(channel, root string) string {
	if root == "" {
		return channel
	}
	return fmt.Sprintf("%s;messageid=%s", channel, root)
}
