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

// metaWorld is a whole Parley between two emulated WhatsApp numbers, which share a
// callback, and a chat of agents.
type metaWorld struct {
	meta     *graphfake.Server
	one, two *graphfake.Number
	kim      *graphfake.Customer // of the first number
	chat     *bridgetest.Chat
}

func newMetaWorld(t *testing.T) *metaWorld {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	w := &metaWorld{meta: graphfake.New(graphfake.Options{}), chat: bridgetest.NewChat(t, bridgetest.User{ID: "ann", Email: "ann@acme.test"})}
	if err := w.meta.Start(ctx); err != nil {
		t.Fatal(err)
	}
	w.one = w.meta.AddNumber(graphfake.NumberConfig{ID: "1055", WABA: "2066", Display: "+15550100"})
	w.two = w.meta.AddNumber(graphfake.NumberConfig{ID: "1056", WABA: "2066", Display: "+15550101"})
	w.meta.AllowToken("T0KEN", "1055", "1056", "2066")
	w.chat.Open("C1")
	w.chat.Open("C2")
	env := app.Env{DatabaseURL: storetest.URL(t), Data: t.TempDir(), Listen: "127.0.0.1:0", PublicURL: "https://help.acme.test",
		APIURLs: map[string]string{"WHATSAPP_API_URL": w.meta.URL()}}
	log := slog.New(slog.DiscardHandler)
	db, err := app.OpenDatabase(ctx, env, log, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	if err := db.Migrate(ctx, env); err != nil {
		t.Fatal(err)
	}
	quick := relay.Options{ReconcileAfter: 100 * time.Millisecond, AbsentAgain: 100 * time.Millisecond, MaxWait: 50 * time.Millisecond}
	a, err := app.New(ctx, env, db, log, app.Options{Relay: quick,
		Surfaces: inChat(w.chat)})
	if err != nil {
		t.Fatal(err)
	}
	file, err := setup.Parse([]byte(`
agents: [{email: ann@acme.test, name: Ann Lee, slack: ann, roles: [admin]}]
teams: [{name: T, members: [ann@acme.test], slack_channel: C1}, {name: U, members: [ann@acme.test], slack_channel: C2}]
accounts:
  - {name: wa, kind: whatsapp, team: T, hold: 0s, settings: {who_replies: any_agent, receipts: read},
     whatsapp: {phone_number_id: "1055", waba_id: "2066", token: T0KEN, app_secret: app-secret, verify_token: v3rify}}
  - {name: wb, kind: whatsapp, team: U, hold: 0s, settings: {who_replies: any_agent},
     whatsapp: {phone_number_id: "1056", waba_id: "2066", token: T0KEN, app_secret: app-secret, verify_token: v3rify}}`), func(string) (string, bool) { return "", false })
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
	w.subscribe(t, "http://"+a.Address()+"/hooks/wa")
	w.kim = w.one.Customer(graphfake.Person{Phone: "+4917012345678", Name: "Kim"})
	return w
}

// subscribe does what an admin does in Meta's dashboard, as soon as the account is there.
func (w *metaWorld) subscribe(t *testing.T, callback string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for {
		err := w.meta.Subscribe(ctx, "2066", callback, "v3rify")
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

// root waits for the thread of a text in a channel and gives its root's id.
func (w *metaWorld) root(t *testing.T, channel, text string) string {
	t.Helper()
	thread := ""
	w.chat.Wait(t, "a thread about "+text, func() bool {
		for _, root := range w.chat.Messages(channel, "") {
			if slices.ContainsFunc(w.chat.Messages(channel, root.ID), func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), text) }) {
				thread = root.ID
				return true
			}
		}
		return false
	})
	return thread
}

// shown waits until a thread shows a text.
func (w *metaWorld) shown(t *testing.T, thread, text string) {
	t.Helper()
	w.chat.Wait(t, text, func() bool {
		return slices.ContainsFunc(w.chat.Messages("C1", thread), func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), text) })
	})
}

// gets waits until a phone shows exactly these kinds and texts of ours.
func (w *metaWorld) gets(t *testing.T, phone *graphfake.Customer, want ...string) []graphfake.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	list := func() (got []string) {
		for _, m := range phone.Inbox() {
			got = append(got, m.Type+" "+m.Text)
		}
		return got
	}
	if err := w.meta.Wait(ctx, func() bool { return len(list()) >= len(want) }); err != nil || !slices.Equal(list(), want) {
		t.Fatalf("the customer got %q, want %q: %v", list(), want, err)
	}
	return phone.Inbox()
}

// A customer on WhatsApp and an agent talk: text with its marks, places, pictures both
// ways, a recording with words; each once and in order.
func TestWhatsAppConversation(t *testing.T) {
	t.Parallel()
	w := newMetaWorld(t)
	w.kim.Text("Is the *shop* open?")
	thread := w.root(t, "C1", "shop")
	w.chat.Say("ann", "C1", thread, "Until **eight**")
	w.gets(t, w.kim, "text Until *eight*")
	w.chat.Say("ann", "C1", thread, "The way", bridgetest.File{ID: "F1", Name: "map.png", Content: bytes.Repeat([]byte("PNG"), 10)})
	got := w.gets(t, w.kim, "text Until *eight*", "document The way")
	if f := got[1].File; f == nil || f.Name != "map.png" || len(f.Content) != 30 {
		t.Errorf("the file %+v", got[1].File)
	}
	w.kim.Location(52.5, 13.4, "Here", "")
	w.kim.Media("image", graphfake.File{ContentType: "image/jpeg", Content: []byte("PICTURE")}, map[string]any{"caption": "the door"})
	w.shown(t, thread, "Here")
	w.shown(t, thread, "the door")
	w.chat.Wait(t, "the picture", func() bool {
		return slices.ContainsFunc(w.chat.Messages("C1", thread), func(m bridgetest.Message) bool {
			return slices.ContainsFunc(m.Files, func(f bridgetest.File) bool { return string(f.Content) == "PICTURE" })
		})
	})
	w.gets(t, w.kim, "text Until *eight*", "document The way")
}

// Edge case 7 through and through: Meta's answer is lost, the receipt brings our token
// back, and the lane goes on; nothing is sent twice.
func TestWhatsAppLostAnswer(t *testing.T) {
	t.Parallel()
	w := newMetaWorld(t)
	w.kim.Text("What is this?")
	thread := w.root(t, "C1", "What is this?")
	if _, err := w.meta.AddFault(graphfake.Fault{Route: "whatsapp.messages", Action: graphfake.ActionDropAfter}); err != nil {
		t.Fatal(err)
	}
	w.chat.Say("ann", "C1", thread, "A printer")
	w.gets(t, w.kim, "text A printer")
	w.chat.Say("ann", "C1", thread, "A red one")
	got := w.gets(t, w.kim, "text A printer", "text A red one")
	w.kim.React(got[1].ID, "❤️")
	w.shown(t, thread, "❤️")
	w.gets(t, w.kim, "text A printer", "text A red one")
}

// Two numbers share a callback: what customers write goes to the number's own team. A
// customer who hides his number is the same one when it comes, and is answered by his user
// id before.
func TestWhatsAppSharedCallback(t *testing.T) {
	t.Parallel()
	w := newMetaWorld(t)
	w.kim.Text("to the first number")
	bob := w.two.Customer(graphfake.Person{UserID: "DE.1349", Name: "Bob"})
	bob.Text("to the second number")
	w.root(t, "C1", "to the first number")
	thread := w.root(t, "C2", "to the second number")
	w.chat.Say("ann", "C2", thread, "Hi Bob")
	w.gets(t, bob, "text Hi Bob")
	bob.ChangeNumber("+4917088888888", "DE.1349")
	bob.Text("with my number now")
	if again := w.root(t, "C2", "with my number now"); again != thread {
		t.Errorf("Bob has another thread")
	}
	if n := len(w.chat.Messages("C2", "")); n != 1 {
		t.Errorf("the second team has %d threads", n)
	}
}
