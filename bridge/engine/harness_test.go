package engine_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge"
	"parley/bridge/analysis"
	"parley/bridge/bridgetest"
	"parley/bridge/engine"
	"parley/bridge/relay"
	"parley/channels"
	"parley/channels/channelstest"
	"parley/store"
	"parley/store/storetest"
)

// patience bounds every wait; only a failing test uses it up.
const patience = 2 * time.Minute

const (
	support = "19:c1@thread" // colons are nothing special in an id
	secret  = "webhook secret"
	mail    = "mail" // accounts
	chat    = "chat"
)

// world is an engine (or several) with a provider, a chat and a database of its own.
type world struct {
	t        *testing.T
	pool     *pgxpool.Pool
	chat     *bridgetest.Chat
	provider *channelstest.Provider
	engines  []*engine.Engine
	surfaces []*bridgetest.Surface
	stops    []func()
	hooks    map[string]*httptest.Server
	live     map[string]*atomic.Pointer[channelstest.Channel] // whom a hook calls: the newest replica
	accounts map[string]store.AccountID
	agents   map[string]store.AgentID
	surface  store.AccountID
	team     store.TeamID
	opt      options
	serial   int
}

// options of a world; the zero value is one engine with a hold of nothing.
type options struct {
	engines     int
	hold        time.Duration
	rate        float64 // posts per second and channel; 0 means any
	lossy       bool    // answers get lost: time passes for attempts that are over
	relay       relay.Options
	backoff     []time.Duration
	settings    map[string]string
	account     func(*store.Account)
	caps        func(*channels.Capabilities)
	stopped     bool // nothing runs until start is called
	gapWait     time.Duration
	cardWait    time.Duration // 0 = 50 ms
	audienceAge time.Duration
	fileLink    func(message store.MessageID, file string) string
	analyzer    analysis.Analyzer // nil means nothing is analysed
	sealer      *store.Sealer
	surface     func(bridge.Surface) bridge.Surface // nil leaves the chat's surface as it is
	reachEvery  time.Duration
	statements  *statements // counts what the database is asked; nil means nobody does
}

// newWorld makes a company with the agents ann (admin), ben and cat, the team Support
// with a channel, and the accounts "mail" and "chat". dan is a person without an
// agent, bot another app, eve a guest.
func newWorld(t *testing.T, o options) *world {
	t.Helper()
	w := &world{t: t, pool: storetest.Reused(t), opt: o, hooks: map[string]*httptest.Server{}, live: map[string]*atomic.Pointer[channelstest.Channel]{}, accounts: map[string]store.AccountID{}, agents: map[string]store.AgentID{},
		provider: channelstest.NewProvider(t),
		chat: bridgetest.NewChat(t, bridgetest.User{ID: "ann", Email: "ann@acme.test"}, bridgetest.User{ID: "ben", Email: "ben@acme.test"},
			bridgetest.User{ID: "cat", Email: "cat@acme.test"}, bridgetest.User{ID: "dan"}, bridgetest.User{ID: "bot", Kind: bridge.ActorBot},
			bridgetest.User{ID: "eve", Kind: bridge.ActorForeign})}
	w.chat.Open(support)
	ctx := t.Context()
	w.surface = must(store.EnsureSurface(ctx, w.pool, "chatsurface"))(t)
	w.team = must(store.SaveTeam(ctx, w.pool, store.Team{Name: "Support"}))(t)
	check(t, store.SaveTeamChannel(ctx, w.pool, store.TeamChannel{TeamID: w.team, AccountID: w.surface, Channel: support, Home: true}))
	for _, name := range []string{"ann", "ben", "cat"} {
		a := store.Agent{Email: name + "@acme.test", Name: strings.ToUpper(name[:1]) + name[1:], Zone: "UTC"}
		if name == "ann" {
			a.Roles = []string{"admin"}
		}
		w.agents[name] = must(store.SaveAgent(ctx, w.pool, a))(t)
		check(t, store.SaveAgentUser(ctx, w.pool, store.AgentUser{AccountID: w.surface, UserID: name, AgentID: w.agents[name]}))
	}
	for _, name := range []string{mail, chat} {
		w.saveAccount(name, o.account)
	}
	if o.analyzer != nil {
		w.holdBursts()
	}
	for range max(1, o.engines) {
		w.addEngine()
	}
	if !o.stopped {
		w.start()
	}
	if o.lossy {
		w.ageLostAttempts()
	}
	return w
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		check(t, err)
		return v
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// saveAccount makes or changes an account.
func (w *world) saveAccount(name string, change func(*store.Account)) {
	w.t.Helper()
	hold := w.opt.hold.Seconds()
	a := store.Account{Name: name, Kind: "test", Side: "channel", TeamID: &w.team, Mode: "live", ReplyMode: "direct", HoldSeconds: &hold, Rate: 1}
	if w.opt.settings != nil {
		a.Settings, _ = json.Marshal(w.opt.settings)
	}
	if change != nil {
		change(&a)
	}
	w.accounts[name] = must(store.SaveAccount(w.t.Context(), w.pool, a))(w.t)
	for _, e := range w.engines {
		check(w.t, e.Reload(w.t.Context()))
	}
}

func (w *world) capsOf(name string) channels.Capabilities {
	caps := channelstest.ChatLike()
	if name == mail {
		caps = channelstest.MailLike()
	}
	caps.Sending.Timeout = 30 * time.Second // more than a slow machine takes
	if w.opt.caps != nil {
		w.opt.caps(&caps)
	}
	return caps
}

// addEngine makes one more replica; start runs it.
func (w *world) addEngine() *engine.Engine {
	w.t.Helper()
	ro := w.opt.relay
	if ro.ReconcileAfter == 0 {
		ro.ReconcileAfter = 50 * time.Millisecond
	}
	var pool *pgxpool.Pool
	pool, ro.Sessions = w.poolsOfEngine()
	backoff := w.opt.backoff
	if backoff == nil {
		backoff = []time.Duration{20 * time.Millisecond}
	}
	e := must(engine.New(w.t.Context(), engine.Options{Pool: pool, Log: slog.New(slog.NewTextHandler(channelstest.Log(w.t), &slog.HandlerOptions{Level: slog.LevelDebug})),
		Relay: ro, Backoff: backoff, GapWait: w.opt.gapWait, AudienceAge: w.opt.audienceAge, ReachEvery: w.opt.reachEvery, CardWait: cmp.Or(w.opt.cardWait, 50*time.Millisecond), Original: func(store.MessageID) string { return "" }, FileLink: w.opt.fileLink, Dashboard: figuresAt, Analyzer: w.opt.analyzer, Sealer: w.opt.sealer,
		Specs: []channels.Spec{{Kind: "test", Name: "Test", Icon: "email"}}}))(w.t)
	s := bridgetest.NewSurface(w.chat.URL(), e.Desk(w.surface), w.opt.rate)
	if w.opt.surface != nil {
		e.SetSurface(w.surface, w.opt.surface(s))
	} else {
		e.SetSurface(w.surface, s)
	}
	for name, id := range w.accounts {
		ch := w.connectChannel(e, name, id)
		if w.hooks[name] == nil {
			w.live[name] = &atomic.Pointer[channelstest.Channel]{}
			w.hooks[name] = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.live[name].Load().ServeHTTP(rw, r) }))
			w.t.Cleanup(w.hooks[name].Close)
		}
		w.live[name].Store(ch)
	}
	w.engines, w.surfaces = append(w.engines, e), append(w.surfaces, s)
	return e
}

// start runs every engine that does not run yet, and its surface.
func (w *world) start() {
	w.t.Helper()
	for i := len(w.stops); i < len(w.engines); i++ {
		connected := w.chat.Connected()
		w.stops = append(w.stops, w.run(i))
		w.chat.Wait(w.t, "the surface listens", func() bool { return w.chat.Connected() > connected })
	}
}

// startLast runs the newest engine while others come and go.
func (w *world) startLast() {
	w.t.Helper()
	w.stops = append(w.stops, w.run(len(w.engines)-1))
}

// run starts an engine with its surface and gives what stops both.
func (w *world) run(i int) func() {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() {
		if err := w.engines[i].Run(ctx, 10*time.Second); err != nil {
			w.t.Errorf("Run: %v", err)
		}
	})
	group.Go(func() { _ = w.surfaces[i].Run(ctx) })
	stop := sync.OnceFunc(func() { cancel(); group.Wait() })
	w.t.Cleanup(stop)
	return stop
}

// postEvents posts events to an account's webhook and gives the status.
func (w *world) postEvents(account string, events ...channelstest.Event) int {
	w.t.Helper()
	for i := range events {
		if events[i].ID == "" {
			w.serial++
			events[i].ID = fmt.Sprintf("in-%d", w.serial)
		}
	}
	body := must(json.Marshal(events))(w.t)
	return w.postBody(account, body)
}

func (w *world) postBody(account string, body []byte) int {
	w.t.Helper()
	req := must(http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.hooks[account].URL, bytes.NewReader(body)))(w.t)
	req.Header.Set("X-Signature", channelstest.Sign(secret, body))
	resp := must(http.DefaultClient.Do(req))(w.t)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// customerSends writes a message that must be accepted and gives its id.
func (w *world) customerSends(account string, e channelstest.Event) string {
	w.t.Helper()
	e.Type = "message"
	if e.ID == "" {
		w.serial++
		e.ID = fmt.Sprintf("in-%d", w.serial)
	}
	if status := w.postEvents(account, e); status != http.StatusOK {
		w.t.Fatalf("the webhook answered %d", status)
	}
	return e.ID
}

// customerWrites lets a customer write a text in the chat-like account.
func (w *world) customerWrites(from, text string) string {
	return w.customerSends(chat, channelstest.Event{From: from, Name: strings.ToUpper(from[:1]) + from[1:], Text: text})
}

// waitShown waits until a message with this text is in the channel, anywhere. Cards don't count: they
// show a conversation's first words too.
func (w *world) waitShown(text string) bridgetest.Message {
	w.t.Helper()
	return w.waitShownAs(text, func(m bridgetest.Message) bool { return m.Kind != string(bridge.PostRoot) })
}

func (w *world) waitShownAs(text string, counts func(bridgetest.Message) bool) bridgetest.Message {
	w.t.Helper()
	var found bridgetest.Message
	w.chat.Wait(w.t, fmt.Sprintf("%q is shown", text), func() bool {
		list := w.allMessages()
		i := slices.IndexFunc(list, func(m bridgetest.Message) bool { return counts(m) && strings.Contains(m.Plain(), text) })
		if i >= 0 {
			found = list[i]
		}
		return i >= 0
	})
	return found
}

// allMessages that people see in the channel: roots and threads.
func (w *world) allMessages() []bridgetest.Message { return w.chat.Threads(support) }

// waitCard waits until the root of a thread contains a text.
func (w *world) waitCard(thread, text string) {
	w.t.Helper()
	w.chat.Wait(w.t, fmt.Sprintf("the card shows %q", text), func() bool {
		return strings.Contains(w.chat.Get(support, thread).Plain(), text)
	})
}

// waitMarked waits until an agent's message carries a mark.
func (w *world) waitMarked(message, mark string) {
	w.t.Helper()
	w.chat.Wait(w.t, fmt.Sprintf("%s is marked %s", message, mark), func() bool {
		return slices.Contains(w.chat.Get(support, message).Marks, mark)
	})
}

// customerTexts returns what a thread shows of the customer's texts, in order: several may stand in
// one post, with times.
func (w *world) customerTexts(thread string) []string {
	list := []string{}
	for _, m := range w.chat.Messages(support, thread) {
		if m.Kind != string(bridge.PostSaid) {
			continue
		}
		for text := range strings.SplitSeq(m.Text, "\n") {
			list = append(list, saidTime.ReplaceAllString(text, ""))
		}
	}
	return list
}

var saidTime = regexp.MustCompile(`^\d\d:\d\d:\d\d `)

// waitLine waits until a thread holds a line of a kind.
func (w *world) waitLine(thread string, kind bridge.LineKind) bridgetest.Message {
	w.t.Helper()
	var found bridgetest.Message
	w.chat.Wait(w.t, fmt.Sprintf("a line %q", kind), func() bool {
		for _, m := range w.chat.Messages(support, thread) {
			if strings.HasPrefix(m.Plain(), "["+string(kind)+"]") {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

// countLines counts the lines of a kind in a thread.
func (w *world) countLines(thread string, kind bridge.LineKind) int {
	n := 0
	for _, m := range w.chat.Messages(support, thread) {
		if strings.HasPrefix(m.Plain(), "["+string(kind)+"]") {
			n++
		}
	}
	return n
}

// waitWhisper waits until a user was told something privately.
func (w *world) waitWhisper(user, text string) bridgetest.Message {
	w.t.Helper()
	var found bridgetest.Message
	w.chat.Wait(w.t, fmt.Sprintf("%s is told %q", user, text), func() bool {
		for _, m := range w.chat.Whispers(user) {
			if strings.Contains(m.Plain(), text) {
				found = m
				return true
			}
		}
		return false
	})
	return found
}

func chatFault(call string, kind bridgetest.FaultKind, times int) bridgetest.Fault {
	return bridgetest.Fault{Call: call, Kind: kind, Times: times}
}

// factOf is the fact that a webhook makes of an event.
func factOf(e channelstest.Event, body []byte) channels.Fact {
	return channels.Fact{ExternalID: e.Type + ":" + e.ID, OrderKey: e.From, Payload: body}
}

// lateAtOnce tells of late replies at once.
func lateAtOnce() relay.Options { return relay.Options{LateAfter: time.Millisecond} }

// formOf is a form's verb for the conversation that was opened first.
func formOf(verb bridge.Verb) bridgetest.Button {
	return bridgetest.Button{Verb: verb, Args: bridge.Args{Conversation: 1}}
}
