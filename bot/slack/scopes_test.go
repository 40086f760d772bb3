package slack

import (
	"slices"
	"testing"

	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// The manifest describes the app to Slack: its shortcuts, and its scopes, which are the permissions that an
// admin grants. These tests check that it asks for what Parley needs, and for no more.

// The manifest asks for the scopes that are used, and for no other.
func TestManifestScopes(t *testing.T) {
	t.Parallel()
	w := newConnectedWorld(t, func(_ *Options, f *slackfake.Options) { f.Scopes, f.Events = Scopes(), Events() })
	useAllScopes(t, w)
	used := w.fake.Admin.ScopesUsed()
	for _, scope := range used {
		if !slices.Contains(Scopes(), scope) {
			t.Errorf("the scope %s is used but not asked for", scope)
		}
	}
	for _, scope := range Scopes() {
		if !slices.Contains(used, scope) {
			t.Errorf("the scope %s is asked for but not used", scope)
		}
	}
	for _, c := range w.fake.Calls("") {
		if c.Error == "missing_scope" {
			t.Errorf("%s lacks a scope", c.Method)
		}
	}
}

// useAllScopes does everything for which a scope is needed.
func useAllScopes(t *testing.T, w *world) {
	t.Helper()

	// Find channels and people.
	private := w.fake.Admin.AddChannel(slackfake.Channel{Name: "vip", Private: true, Members: []string{w.ann, w.fake.BotUserID()}})
	w.fake.Admin.AddChannel(slackfake.Channel{Name: "open", Members: []string{w.ann}})
	w.desk.Open(private.ID)
	for _, name := range []string{"#open", "#vip", private.ID} {
		id, err := w.surface.Resolve(w.ctx(), name)
		noError(t, err)
		if id == "" {
			t.Fatalf("Resolve(%q) found no channel", name)
		}
	}
	_, err := w.surface.Lookup(w.ctx(), "ann@acme.test")
	noError(t, err)

	// Read messages and reactions, and mark.
	root := w.postRoot()
	ts := w.storeAsAnn(root.Message, "<@"+w.fake.BotUserID()+"> take")
	noError(t, w.fake.As(w.ann).React(w.channel, ts, "eyes"))
	w.desk.First(t, reactionFacts)
	w.mustSend(bridge.Post{Kind: bridge.PostMark, Mark: bridge.MarkSent, Place: bridge.Place{Channel: w.channel, Message: ts}})

	// Post a board, which is pinned.
	board := w.newPost(bridge.PostLine, bridge.Place{Channel: w.channel}, "t2")
	board.Line = &bridge.Line{Content: &bridge.BoardLine{Zone: "UTC"}}
	w.mustSend(board)

	// Post under a customer's name, and show and read files.
	w.mustSend(w.newPost(bridge.PostSaid, root, "t1"))
	w.mustSendAll(w.newFilesPost(root, textFile("a.txt", "x")))
	shared := w.shareFile(slackfake.NewFile{Name: "b.txt", Data: []byte("b"), FileAccess: AskForFile})
	_, err = w.readFile(bridge.SurfaceFile{ID: shared.ID})
	noError(t, err)

	// Write directly to somebody, read what was missed, and take commands.
	whisper := w.newPost(bridge.PostEphemeral, root, "t3")
	whisper.To, whisper.Place = bridge.SurfaceUser(w.ann), bridge.Place{Channel: "C0NOTHERE"} // in which the app isn't
	w.mustSend(whisper)
	noError(t, w.surface.history.catchUp(w.ctx(), w.self()))
	w.typeCommand("mine")
}
