package app_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bridge/bridgetest"
	"parley/bridge/relay"
	"parley/channels/graphfake"
	"parley/cmd/parley/app"
)

// metaWorld is a whole Parley between an emulated Meta and a chat of agents.
type metaWorld struct {
	meta *graphfake.Server
	chat *bridgetest.Chat
	app  *app.App
	db   *app.Database
}

func startMeta(t *testing.T) *graphfake.Server {
	t.Helper()
	meta := graphfake.New(graphfake.Options{})
	check(t, meta.Start(""))
	t.Cleanup(func() {
		if err := meta.Close(); err != nil {
			t.Error(err)
		}
	})
	return meta
}

// openMeta runs a Parley of this set-up file, whose teams have the channels C1 and C2.
func openMeta(t *testing.T, meta *graphfake.Server, file string) metaWorld {
	t.Helper()
	w := metaWorld{meta: meta, chat: bridgetest.NewChat(t, bridgetest.User{ID: "ann", Email: "ann@acme.test"})}
	w.chat.Open("C1")
	w.chat.Open("C2")
	env := environment(t)
	env.APIURLs = map[string]string{"WHATSAPP_API_URL": meta.URL(), "MESSENGER_API_URL": meta.URL()}
	w.db = openDatabase(t, env)
	applyFile(t, w.db, app.Specs(), file)
	quick := relay.Options{ReconcileAfter: 100 * time.Millisecond, AbsentAgain: 100 * time.Millisecond, MaxWait: 50 * time.Millisecond}
	w.app = start(t, env, w.db, app.Options{Relay: quick, Surfaces: inChat(w.chat)})
	return w
}

// subscribe does what an admin does in Meta's dashboard, as soon as the account is there.
func (w metaWorld) subscribe(t *testing.T, object, account string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	until(t, object+" is subscribed", func() bool {
		return w.meta.Subscribe(ctx, object, "http://"+w.app.Address()+"/hooks/"+account, "v3rify") == nil
	})
}

// threadOf waits for the thread of a text in a channel and gives its root's id.
func threadOf(t *testing.T, chat *bridgetest.Chat, channel, text string) string {
	t.Helper()
	thread := ""
	chat.Wait(t, "a thread about "+text, func() bool {
		for _, root := range chat.Messages(channel, "") {
			if threadShows(chat, channel, root.ID, text) {
				thread = root.ID
				return true
			}
		}
		return false
	})
	return thread
}

// waitForText waits until a thread of C1 shows a text.
func waitForText(t *testing.T, chat *bridgetest.Chat, thread, text string) {
	t.Helper()
	chat.Wait(t, text, func() bool { return threadShows(chat, "C1", thread, text) })
}

// threadShows reports whether a thread has a message with a text.
func threadShows(chat *bridgetest.Chat, channel, thread, text string) bool {
	return slices.ContainsFunc(chat.Messages(channel, thread), func(m bridgetest.Message) bool { return strings.Contains(m.Plain(), text) })
}
