package app_test

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/channels/graphfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/setup"
	"parley/store/storetest"
)

// pageWorld is a whole Parley between an emulated Page and a chat of agents.
type pageWorld struct {
	meta     *graphfake.Server
	page     *graphfake.Page
	customer *graphfake.PageCustomer
	chat     *bridgetest.Chat
}

func newPageWorld(t *testing.T) *pageWorld {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &pageWorld{meta: graphfake.New(graphfake.Options{}), chat: bridgetest.NewChat(t, bridgetest.User{ID: "ann", Email: "ann@acme.test"})}
	if err := w.meta.Start(ctx); err != nil {
		t.Fatal(err)
	}
	w.page = w.meta.AddPage(graphfake.PageConfig{ID: "3077", Name: "Acme", HumanAgent: true})
	w.meta.AllowToken("T0KEN", "3077")
	w.chat.Open("C1")
	env := app.Env{DatabaseURL: storetest.URL(t), Data: t.TempDir(), Listen: "127.0.0.1:0", PublicURL: "https://help.acme.test",
		APIURLs: map[string]string{"MESSENGER_API_URL": w.meta.URL()}}
	log := slog.New(slog.DiscardHandler)
	db, err := app.OpenDatabase(ctx, env, log, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(ctx, env); err != nil {
		t.Fatal(err)
	}
	a, err := app.New(ctx, env, db, log, app.Options{Relay: relay.Options{ReconcileAfter: 100 * time.Millisecond, AbsentAgain: 100 * time.Millisecond},
		Surfaces: inChat(w.chat)})
	if err != nil {
		t.Fatal(err)
	}
	file, err := setup.Parse([]byte(`
agents: [{email: ann@acme.test, name: Ann Lee, slack: ann, roles: [admin]}]
teams: [{name: T, members: [ann@acme.test], slack_channel: C1}]
accounts:
  - {name: page, kind: messenger, team: T, hold: 0s, settings: {who_replies: any_agent, receipts: read},
     messenger: {page_id: "3077", token: T0KEN, app_secret: app-secret, verify_token: v3rify}}`), func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := setup.Apply(ctx, db.Pool, file, setup.Options{Sealer: db.Sealer, Specs: app.Specs()}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := w.meta.Close(); err != nil {
			t.Error(err)
		}
	})
	subscribeMeta(t, w.meta, "3077", "http://"+a.Address()+"/hooks/page")
	w.customer = w.page.Customer("Kim")
	return w
}

// subscribeMeta does what an admin does in Meta's dashboard, as soon as the account is there.
func subscribeMeta(t *testing.T, meta *graphfake.Server, object, callback string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		err := meta.Subscribe(ctx, object, callback, "v3rify")
		if err == nil {
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}

// root waits for the thread of a text and gives its root's id.
func (w *pageWorld) root(t *testing.T, text string) string {
	t.Helper()
	thread := ""
	w.chat.Wait(t, "a thread about "+text, func() bool {
		for _, root := range w.chat.Messages("C1", "") {
			if slices.ContainsFunc(w.chat.Messages("C1", root.ID), func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), text) }) {
				thread = root.ID
				return true
			}
		}
		return false
	})
	return thread
}

// shown waits until a thread shows a text.
func (w *pageWorld) shown(t *testing.T, thread, text string) {
	t.Helper()
	w.chat.Wait(t, text, func() bool {
		return slices.ContainsFunc(w.chat.Messages("C1", thread), func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), text) })
	})
}

// inbox waits until the customer got so many messages.
func (w *pageWorld) inbox(t *testing.T, n int) []graphfake.PageMessage {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	if err := w.meta.Wait(ctx, func() bool { return len(w.customer.Inbox()) >= n }); err != nil {
		t.Fatalf("the customer got %+v: %v", w.customer.Inbox(), err)
	}
	return w.customer.Inbox()
}

// A customer of a Page and an agent talk: text, files, a tap, each once and in order.
func TestMessengerConversation(t *testing.T) {
	t.Parallel()
	w := newPageWorld(t)
	w.customer.Text("Is the shop open?")
	thread := w.root(t, "Is the shop open?")
	w.chat.Say("ann", "C1", thread, "Until **eight**")
	if got := w.inbox(t, 1); got[0].Text != "Until eight" || got[0].Tag != "" {
		t.Errorf("the customer got %+v", got)
	}
	w.chat.Say("ann", "C1", thread, "The way", bridgetest.File{ID: "F1", Name: "map.png", Content: bytes.Repeat([]byte("PNG"), 10)})
	got := w.inbox(t, 3)
	if got[1].Text != "The way" || got[2].Text != "" || len(got[2].File) != 30 || got[2].Name != "map.png" {
		t.Errorf("the customer got %+v", got)
	}
	w.customer.Text("Thanks")
	w.shown(t, thread, "Thanks")
	if n := len(w.customer.Inbox()); n != 3 {
		t.Errorf("the customer got %d messages", n)
	}
}

// What else happens on Messenger comes to the thread: files, answers written elsewhere,
// reactions; and an answer of Facebook's that was lost sends nothing twice.
func TestMessengerElsewhere(t *testing.T) {
	t.Parallel()
	w := newPageWorld(t)
	w.customer.Media("image", "photo.png", "image/png", []byte("PICTURE"))
	w.customer.Text("What is this?")
	thread := w.root(t, "What is this?")
	w.chat.Wait(t, "the picture", func() bool {
		return slices.ContainsFunc(w.chat.Messages("C1", thread), func(m bridgetest.Message) bool {
			return slices.ContainsFunc(m.Files, func(f bridgetest.File) bool { return string(f.Content) == "PICTURE" })
		})
	})
	w.page.AnswerElsewhere(w.customer, "I know it from the Page's inbox")
	w.shown(t, thread, "I know it from the Page's inbox")
	if _, err := w.meta.AddFault(graphfake.Fault{Route: "messenger.messages", Action: graphfake.ActionDropAfter}); err != nil {
		t.Fatal(err)
	}
	w.chat.Say("ann", "C1", thread, "A printer")
	w.inbox(t, 2)
	w.chat.Say("ann", "C1", thread, "A red one")
	got := w.inbox(t, 3)
	if got[1].Text != "A printer" || got[2].Text != "A red one" {
		t.Errorf("the customer got %+v", got)
	}
	w.customer.React(got[2].ID, "❤️")
	w.shown(t, thread, "❤️")
	if n := len(w.customer.Inbox()); n != 3 {
		t.Errorf("the customer got %d messages", n)
	}
}
