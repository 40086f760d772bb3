package teamsfake

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/channels/emulator"
)

// hash makes hex digits that depend on the parts only.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// guidOf makes a GUID that depends on the parts only.
func guidOf(parts ...string) string {
	x := hash(parts...)
	return x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-a" + x[17:20] + "-" + x[20:32]
}

// ground is what all parts of an organisation stand on: its options, one lock for everything
// that changes, clock, ids and the log of changes.
type ground struct {
	opt  Options
	app  *manifest // nil = everything declared
	host *emulator.Host
	ctx  context.Context //nolint:containedctx // of host; owns every goroutine of the organisation
	log  *emulator.Changes[Change]

	mu          sync.Mutex
	ids         int64
	born        string // differs between servers, unless their clock stands
	lastMessage int64
	region      string
	problems    []Problem
}

func (g *ground) now() time.Time { return g.opt.Clock() }

// ServiceURL is the serviceUrl of activities, with a final slash. A region may change it.
func (g *ground) ServiceURL() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.serviceURL()
}

// serviceURL is ServiceURL for who holds the lock.
func (g *ground) serviceURL() string {
	return g.host.URL() + "/connector/" + g.region + "/" + g.opt.TenantID + "/"
}

// trouble notes a problem. Caller holds the lock.
func (g *ground) trouble(where, id, text string) {
	g.problems = append(g.problems, Problem{Where: where, ID: id, Text: text})
	g.note(Change{Kind: "problem", ID: id})
}

// newID makes hex digits that this server gives out once. Caller holds the lock.
func (g *ground) newID(what string) string {
	g.ids++
	return hash(what, strconv.FormatInt(g.ids, 10), strconv.FormatInt(g.opt.Seed, 10), g.born)
}

func (g *ground) guid(what string) string { return guidOf(g.newID(what)) }

// threadID makes an id such as 19:…@thread.tacv2. Caller holds the lock.
func (g *ground) threadID(what string) string { return "19:" + g.newID(what)[:32] + "@thread.tacv2" }

// nextMessage gives the next message id: the milliseconds since 1970, strictly rising even
// when the clock stands. Caller holds the lock.
func (g *ground) nextMessage() string {
	g.lastMessage = max(g.now().UnixMilli(), g.lastMessage+1)
	return strconv.FormatInt(g.lastMessage, 10)
}

// teamsID is the id by which this bot knows a person.
func (o Options) teamsID(u *User) string {
	prefix := "29:"
	if u.Bot {
		return "28:" + u.ID
	}
	sum := sha256.Sum256([]byte(o.AppID + "/" + u.ID))
	return prefix + "1" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// botID is the bot's own id in conversations.
func (o Options) botID() string { return "28:" + o.AppID }

// personalID is the id of the chat between the bot and a person.
func (o Options) personalID(user string) string {
	sum := sha256.Sum256([]byte("personal/" + o.AppID + "/" + user))
	return "a:1" + base64.RawURLEncoding.EncodeToString(sum[:])
}

// splitConversation takes ";messageid=…" off a conversation id.
func splitConversation(id string) (place, root string) {
	place, more, found := strings.Cut(id, ";")
	if !found {
		return place, ""
	}
	return place, strings.TrimPrefix(more, "messageid=")
}

// threadConversation is the conversation id of a thread.
func threadConversation(channel, root string) string {
	if root == "" {
		return channel
	}
	return fmt.Sprintf("%s;messageid=%s", channel, root)
}
