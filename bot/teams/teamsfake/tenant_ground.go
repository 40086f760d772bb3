package teamsfake

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

// Hash returns a hash of its arguments: 64 hexadecimal digits.
func Hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// GUIDOf returns a hash of its arguments in the format of a GUID (version 4).
func GUIDOf(parts ...string) string {
	const format = "xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx"
	digits := Hash(parts...)
	guid := []byte(format)
	next := 0 // index in digits
	for i, c := range guid {
		switch c {
		case '-':
			continue
		case 'x':
			guid[i] = digits[next]
		}

		next++ // the fixed digits 4 and a use one up, too
	}

	return string(guid)
}

// Ground is what all parts of the emulator share: the options, the clock, ids, the log of changes, by which tests see that
// something has happened, and a single lock for everything that changes. In this package and the others of the emulator,
// "the caller holds the lock" means Ground.Mu.
type Ground struct {
	Opt  Options
	App  *Manifest // nil means that the app declares everything
	Host *emulator.Host
	Ctx  context.Context //nolint:containedctx // of Host; owns all goroutines of the organisation
	Log  *emulator.Changes[Change]

	Mu          sync.Mutex
	ids         int64  // number of ids made so far
	born        string // makes ids differ between servers, unless their clock stands still
	lastMessage int64  // id of the last message
	lastChange  int64  // result of ChangeTime, in milliseconds since 1970
	Region      string // part of the URL of the Bot Connector, such as "emea"
	problems    []Problem
}

// NewTenant makes the Ground of an organisation. options must have their defaults (Options.WithDefaults). It panics if their
// Manifest isn't JSON.
func NewTenant(options Options, host *emulator.Host) *Ground {
	g := &Ground{Opt: options, Host: host, Ctx: host.Context(), born: strconv.FormatInt(options.Clock().UnixMicro(), 10)}
	g.Log = emulator.NewChanges[Change](g.Ctx.Done())
	if options.Manifest != nil {
		g.App = &Manifest{}
		if err := json.Unmarshal(options.Manifest, g.App); err != nil {
			panic(fmt.Errorf("teamsfake: manifest: %w", err))
		}
	}
	return g
}

// Reset restores the region in Options and deletes all problems. The caller holds the lock.
func (g *Ground) Reset() { g.Region, g.problems = g.Opt.Region, nil }

// Problems lists faults in what the bot sent, because of which clients don't show it as intended, oldest first. A test of a
// bot should expect none.
func (g *Ground) Problems() []Problem {
	g.Mu.Lock()
	defer g.Mu.Unlock()
	return slices.Clone(g.problems)
}

// Now returns the time of Options.Clock.
func (g *Ground) Now() time.Time { return g.Opt.Clock() }

// ServiceURL returns the URL of the Bot Connector, which Teams sends to the bot in each activity. It ends with a slash and
// depends on the region.
func (g *Ground) ServiceURL() string {
	g.Mu.Lock()
	defer g.Mu.Unlock()
	return g.ServiceAddress()
}

// ServiceAddress is ServiceURL for callers who hold the lock.
func (g *Ground) ServiceAddress() string {
	return g.Host.URL() + "/connector/" + g.Region + "/" + g.Opt.TenantID + "/"
}

// NoteTrouble records a Problem with these fields. The caller holds the lock.
func (g *Ground) NoteTrouble(where, id, text string) {
	g.problems = append(g.problems, Problem{Where: where, ID: id, Text: text})
	g.Note(Change{Kind: "problem", ID: id})
}

// NewID returns a new unique id of 64 hexadecimal digits. kind is what it is for. The caller holds the lock.
func (g *Ground) NewID(kind string) string {
	g.ids++
	return Hash(kind, strconv.FormatInt(g.ids, 10), strconv.FormatInt(g.Opt.Seed, 10), g.born)
}

// GUID returns a new unique GUID. kind is what it is for. The caller holds the lock.
func (g *Ground) GUID(kind string) string { return GUIDOf(g.NewID(kind)) }

// threadIDLength is the number of hexadecimal digits in the id of a channel.
const threadIDLength = 32

// threadID returns a new id such as 19:…@thread.tacv2. The caller holds the lock.
func (g *Ground) threadID(kind string) string {
	return "19:" + g.NewID(kind)[:threadIDLength] + "@thread.tacv2"
}

// NextMessage returns the id of the next message: the time in milliseconds since 1970. Ids always increase, even if the
// clock stands still. The caller holds the lock.
func (g *Ground) NextMessage() string {
	g.lastMessage = max(g.Now().UnixMilli(), g.lastMessage+1)
	return strconv.FormatInt(g.lastMessage, 10)
}

// ChangeTime returns the time for a change of a message, in whole milliseconds. Like ids of messages, these times always
// increase, so that two changes of a message never have the same time. The caller holds the lock.
func (g *Ground) ChangeTime() time.Time {
	g.lastChange = max(g.Now().UnixMilli(), g.lastChange+1)
	return time.UnixMilli(g.lastChange)
}

// teamsID returns the id by which Teams names a person to this bot, "29:…", or another bot, "28:…".
func (o Options) teamsID(u *User) string {
	if u.Bot {
		return "28:" + u.ID
	}
	sum := sha256.Sum256([]byte(o.AppID + "/" + u.ID))
	return "29:1" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// BotID returns the bot's own id in conversations.
func (o Options) BotID() string { return "28:" + o.AppID }

// PersonalID returns the id of the chat between the bot and a person.
func (o Options) PersonalID(user string) string {
	sum := sha256.Sum256([]byte("personal/" + o.AppID + "/" + user))
	return "a:1" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// SplitConversation splits the id of a conversation, such as "19:…;messageid=17…", into the channel or personal chat and the
// root of the thread. root is "" if the id names no thread.
func SplitConversation(id string) (channel, root string) {
	channel, parameter, _ := strings.Cut(id, ";")
	return channel, strings.TrimPrefix(parameter, "messageid=")
}

// ThreadConversation returns the id of a thread's conversation, or of the channel's if root is "".
func ThreadConversation(channel, root string) string {
	if root == "" {
		return channel
	}
	return fmt.Sprintf("%s;messageid=%s", channel, root)
}
