package slack

import (
	"encoding/json"
	"slices"
	"testing"

	"parley/bot/slack/fact"
	"parley/bot/slack/manifest"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// Each shortcut in a message's menu is a command. Another one begins a conversation. Slack shows 24 characters of their names.
func TestManifestShortcuts(t *testing.T) {
	t.Parallel()
	const maxNameBytes = 24
	raw, err := manifest.JSON(manifest.Options{})
	must(t, err)
	var app struct {
		Features struct {
			Shortcuts []struct {
				Name     string
				Type     string
				Callback string `json:"callback_id"`
			}
		}
	}
	must(t, json.Unmarshal(raw, &app))
	if len(app.Features.Shortcuts) == 0 {
		t.Fatal("the manifest has no shortcuts")
	}
	for _, s := range app.Features.Shortcuts {
		_, isVerb := shortcutVerb(s.Callback)
		wantEqual(t, s.Callback+" is a command", isVerb, s.Type == "message")
		if !isVerb {
			wantEqual(t, "the shortcut that is no command", s.Callback, manifest.StartShortcut)
		}
		if len(s.Name) > maxNameBytes {
			t.Errorf("the name of %s is %q, want at most %d characters", s.Callback, s.Name, maxNameBytes)
		}
	}
}

// The manifest asks for the scopes that are used, and for no other.
func TestManifestScopes(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t, func(_ *Options, f *slackfake.Options) { f.Scopes, f.Events = manifest.Scopes(), manifest.Events() })
	useAllScopes(t, st)
	used := st.fake.Admin.ScopesUsed()
	for _, scope := range used {
		if !slices.Contains(manifest.Scopes(), scope) {
			t.Errorf("%s is used but not asked for", scope)
		}
	}
	for _, scope := range manifest.Scopes() {
		if !slices.Contains(used, scope) {
			t.Errorf("%s is asked for but not used", scope)
		}
	}
	for _, c := range st.fake.Calls("") {
		if c.Error == "missing_scope" {
			t.Errorf("%s lacks a scope", c.Method)
		}
	}
}

// useAllScopes does everything for which a scope is needed.
func useAllScopes(t *testing.T, st *stage) {
	t.Helper()

	// Find channels and people.
	private := st.fake.Admin.AddChannel(slackfake.Channel{Name: "vip", Private: true, Members: []string{st.ann, st.fake.BotUserID()}})
	st.fake.Admin.AddChannel(slackfake.Channel{Name: "open", Members: []string{st.ann}})
	st.desk.Open(private.ID)
	for _, name := range []string{"#open", "#vip", private.ID} {
		if id, err := st.surface.Resolve(st.ctx(), name); err != nil || id == "" {
			t.Fatalf("%s is resolved to %q, %v, want a channel", name, id, err)
		}
	}
	_, err := st.surface.Lookup(st.ctx(), "ann@acme.test")
	must(t, err)

	// Read messages and reactions, and mark.
	root := st.postRoot()
	ts := st.postAsAnn(root.Message, "<@"+st.fake.BotUserID()+"> take")
	st.desk.First(t, fact.MessageID(st.channel, ts))
	must(t, st.fake.As(st.ann).React(st.channel, ts, "eyes"))
	st.desk.First(t, "r:")
	st.mustSend(bridge.Post{Kind: bridge.PostMark, Mark: bridge.MarkSent, Place: bridge.Place{Channel: st.channel, Message: ts}})

	// Post under a customer's name, and show and read files.
	st.mustSend(st.newPost(bridge.PostSaid, root, "t1"))
	files := st.newPost(bridge.PostFiles, root, "t2")
	files.Files = []channels.File{textFile("a.txt", "x")}
	st.mustSendAll(files)
	shared, err := st.fake.As(st.ann).Post(slackfake.Post{Channel: st.channel, Thread: root.Message,
		Files: []slackfake.NewFile{{Name: "b.txt", Data: []byte("b"), FileAccess: "check_file_info"}}})
	must(t, err)
	content, err := st.surface.Open(st.ctx(), bridge.SurfaceFile{ID: st.fake.Message(st.channel, shared).Files[0].ID})
	must(t, err)
	must(t, content.Close())

	// Write directly to somebody, read what was missed, and take commands.
	whisper := st.newPost(bridge.PostEphemeral, root, "t3")
	whisper.To, whisper.Place = st.ann, bridge.Place{Channel: "C0NOTHERE"}
	st.mustSend(whisper)
	must(t, st.surface.history.catchUp(st.ctx(), st.self()))
	st.typeCommand("mine")
}

// self asks Slack who we are.
func (st *stage) self() *fact.Self {
	st.t.Helper()
	me, err := st.surface.identify(st.ctx())
	must(st.t, err)
	return me
}
