package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
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
	"parley/channels/emulator"
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

// world is an engine (or several) with a provider, a chat and a database of its own. The tests of this package are made
// of its verbs:
//
//   - Customers: customerWrites; customerSends for a mail, or more than words; postChatEvent for an edit, a reaction or a receipt.
//   - Agents: openThread, once kim has written there; reply and replyInHold by ann. All else they do by w.chat: Say, Edit, Press, React …
//   - Time: advance moves Parley's clock. makeQueuesDue and makeBurstsDue end the waits of events and of analyses.
//   - Waits until people see it: waitShown, waitThread, waitCard, waitLine, waitMarked, waitWhisper.
//   - Waits until it is decided, or has left: waitFate, waitDeliveryState, waitSent. All other waits: eventually, repeatUntil.
//   - Waits until nothing is on its way: waitDrained; waitDrainedBut for some deliveries that are held; waitIdle for replies in their hold.
//     waitQueued(n) waits until n events are stored that are not applied yet.
//   - Waits for an analyzer: waitAnalysed until all that is due is analysed; waitWritten until texts that somebody asked for are posted.
//   - Holding back until release is called: holdQueues what is to be applied, holdPosts, holdBursts.
//   - Looking at what is so right now: countLines, customerTexts, sentTexts, sentWithFiles; count and text by a query.
//   - Checking what is so right now: whatever begins with want.
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

// options of a world; the zero value is one engine whose replies are not held.
type options struct {
	engines     int
	hold        time.Duration
	rate        float64 // posts per second and channel; 0 means any
	lossy       bool    // answers get lost: ageLostAttempts runs, so that they are soon looked for
	relay       relay.Options
	backoff     []time.Duration
	settings    map[string]string
	account     func(*store.Account)
	caps        func(*channels.Capabilities)
	stopped     bool // nothing runs until start is called
	gapWait     time.Duration
	audienceAge time.Duration
	fileLink    func(message store.MessageID, file string) string
	analyzer    analysis.Analyzer // nil means that nothing is analysed
	sealer      *store.Sealer
	surface     func(bridge.Surface) bridge.Surface // nil leaves the chat's surface as it is
	reachEvery  time.Duration
	boardEvery  time.Duration
}

// newWorld makes a company with the agents ann (admin), ben and cat, the team Support with a channel, and the accounts
// "mail" and "chat". dan is a person who isn't an agent, bot is another app, eve is a guest.
func newWorld(t *testing.T, o options) *world {
	t.Helper()
	w := &world{
		t: t, pool: storetest.Reused(t), opt: o,
		hooks: map[string]*httptest.Server{}, live: map[string]*atomic.Pointer[channelstest.Channel]{},
		accounts: map[string]store.AccountID{}, agents: map[string]store.AgentID{},
		provider: channelstest.NewProvider(t),
		chat: bridgetest.NewChat(t, bridgetest.User{ID: "ann", Email: "ann@acme.test"}, bridgetest.User{ID: "ben", Email: "ben@acme.test"},
			bridgetest.User{ID: "cat", Email: "cat@acme.test"}, bridgetest.User{ID: "fay"}, bridgetest.User{ID: "gus"}, bridgetest.User{ID: "dan"},
			bridgetest.User{ID: "bot", Kind: bridge.ActorBot},
			bridgetest.User{ID: "eve", Kind: bridge.ActorForeign}),
	}
	w.chat.Open(support)

	ctx := t.Context()
	w.surface = must(store.EnsureSurface(ctx, w.pool, "chatsurface"))(t)
	w.team = must(store.SaveTeam(ctx, w.pool, store.Team{Name: "Support"}))(t)
	check(t, store.SaveTeamChannel(ctx, w.pool, store.TeamChannel{TeamID: w.team, AccountID: w.surface, Channel: support, Home: true}))
	for _, name := range []string{"ann", "ben", "cat"} {
		a := store.Agent{Email: name + "@acme.test", Name: displayName(name), Zone: "UTC"}
		if name == "ann" {
			a.Roles = []string{"admin"}
		}
		w.agents[name] = must(store.SaveAgent(ctx, w.pool, a))(t)
		user := store.AgentUser{AccountID: w.surface, UserID: bridge.SurfaceUser(name), AgentID: w.agents[name]}
		check(t, store.SaveAgentUser(ctx, w.pool, user))
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

// saveAccount makes or changes an account.
func (w *world) saveAccount(name string, change func(*store.Account)) {
	w.t.Helper()
	hold := w.opt.hold.Seconds()
	a := store.Account{
		Name:        name,
		Kind:        "test",
		Side:        "channel",
		TeamID:      &w.team,
		Mode:        "live",
		ReplyMode:   "direct",
		HoldSeconds: &hold,
		Rate:        1,
	}
	if w.opt.settings != nil {
		a.Settings, _ = json.Marshal(w.opt.settings)
	}
	if change != nil {
		change(&a)
	}
	w.accounts[name] = must(store.SaveAccount(w.t.Context(), w.pool, a))(w.t)
	w.reloadEngines()
}

// reloadEngines lets the engines read what was changed in the database.
func (w *world) reloadEngines() {
	w.t.Helper()
	for _, e := range w.engines {
		check(w.t, e.Reload(w.t.Context()))
	}
}

// capsOf returns the abilities of an account's channel.
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
func (w *world) addEngine() {
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
	e := must(engine.New(w.t.Context(), engine.Options{
		ReadsLate: os.Getenv("PARLEY_TEST_READS_LATE") != "",
		Pool:      pool, Log: slog.New(slog.NewTextHandler(channelstest.Log(w.t), &slog.HandlerOptions{Level: slog.LevelDebug})),
		Relay: ro, Backoff: backoff, GapWait: w.opt.gapWait, AudienceAge: w.opt.audienceAge, ReachEvery: w.opt.reachEvery, BoardEvery: w.opt.boardEvery,
		MaxHold: 2 * lineHold, CardWait: 50 * time.Millisecond, StalledAfter: patience,
		Original: func(store.MessageID) string { return "" },
		FileLink: w.opt.fileLink, Dashboard: figuresAt, Analyzer: w.opt.analyzer, Sealer: w.opt.sealer,
		Specs: []channels.Spec{{Kind: "test", Name: "Test", Icon: "email"}},
	}))(w.t)

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
			w.hooks[name] = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				w.live[name].Load().ServeHTTP(rw, r)
			}))
			w.t.Cleanup(w.hooks[name].Close)
		}
		w.live[name].Store(ch)
	}
	w.engines, w.surfaces = append(w.engines, e), append(w.surfaces, s)
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

// startReplica makes one more replica and runs it.
func (w *world) startReplica() {
	w.t.Helper()
	w.addEngine()
	w.stops = append(w.stops, w.run(len(w.engines)-1))
}

// run starts an engine with its surface, and returns a function that stops both.
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

// postEvents posts events to an account's webhook, and returns the status.
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

// postBody posts bytes to an account's webhook, signed, and returns the status.
func (w *world) postBody(account string, body []byte) int {
	w.t.Helper()
	req := must(http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.hooks[account].URL, bytes.NewReader(body)))(w.t)
	req.Header.Set("X-Signature", channelstest.Sign(secret, body))
	resp := must(emulator.NewClient().Do(req))(w.t)
	_ = resp.Body.Close()
	return resp.StatusCode
}

// customerSends writes a message, which must be accepted, and returns its id.
func (w *world) customerSends(account string, e channelstest.Event) string {
	w.t.Helper()
	e.Type = "message"
	if e.ID == "" {
		w.serial++
		e.ID = fmt.Sprintf("in-%d", w.serial)
	}
	if status := w.postEvents(account, e); status != http.StatusOK {
		w.t.Fatalf("the webhook answered %d, want %d", status, http.StatusOK)
	}
	return e.ID
}

// customerWrites lets a customer write a text in the chat-like account, and returns its id.
func (w *world) customerWrites(from, text string) string {
	return w.customerSends(chat, channelstest.Event{From: from, Name: displayName(from), Text: text})
}

// postChatEvent posts an event of the chat-like account that isn't a message: an edit, a reaction, a receipt. It must be
// accepted.
func (w *world) postChatEvent(e channelstest.Event) {
	w.t.Helper()
	if status := w.postEvents(chat, e); status != 200 {
		w.t.Fatalf("the webhook answered %d, want 200", status)
	}
}

// reportStatus lets the provider report what became of one of Parley's messages.
func (w *world) reportStatus(e channelstest.Event) {
	w.t.Helper()
	e.Type = "status"
	w.postChatEvent(e)
}

// openThread lets kim begin a conversation, and returns its thread once nothing is under way.
func (w *world) openThread() string {
	w.t.Helper()
	w.customerWrites("kim", "Hello")
	thread := w.waitThread("Hello")
	w.waitDrained()
	return thread
}

// reply lets ann type a text in a thread, and returns her message.
func (w *world) reply(thread, text string) string { return w.chat.Say("ann", support, thread, text) }

// displayName is how an agent or a customer is called in these tests: kim is Kim.
func displayName(user string) string { return strings.ToUpper(user[:1]) + user[1:] }

// replyInHold lets ann reply, and returns her message once it waits in its hold.
func (w *world) replyInHold(thread, text string) string {
	w.t.Helper()
	m := w.reply(thread, text)
	w.waitFate(m, "waiting")
	return m
}

// chatFault lets this many calls of the chat's API fail. -1 means all calls until the faults are cleared.
func chatFault(call string, kind bridgetest.FaultKind, times int) bridgetest.Fault {
	return bridgetest.Fault{Call: call, Kind: kind, Times: times}
}

// factOf is the fact that a webhook makes of an event.
func factOf(e channelstest.Event, body []byte) channels.Fact {
	return channels.Fact{ExternalID: e.Type + ":" + e.ID, OrderKey: e.From, Payload: body}
}

// lateAtOnce makes Parley call replies late after a millisecond.
func lateAtOnce() relay.Options { return relay.Options{LateAfter: time.Millisecond} }

// formOf is a form's verb for the conversation that was opened first.
func formOf(verb bridge.Verb) bridgetest.Button {
	return bridgetest.Button{Verb: verb, Args: bridge.Args{Conversation: 1}}
}

// wantNothingSent checks that Parley hasn't even tried to send anything to a customer so far.
func (w *world) wantNothingSent() {
	w.t.Helper()
	if n := w.provider.Calls(); n != 0 {
		w.t.Fatalf("customers were sent %q by %d calls, want nothing sent", w.provider.Texts(), n)
	}
}
