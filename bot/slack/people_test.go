package slack

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// Confirm says whether a message still stands in Slack as the engine knows it. What it finds changed there it stores as a fact, so
// that the engine learns of it. The engine may know a message in a thread only by its id.
func TestConfirm(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ inThread, isThreadKnown bool }{
		"in a thread":                  {inThread: true, isThreadKnown: true},
		"in a thread that isn't known": {inThread: true},
		"at top level":                 {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			root := st.postRoot()
			at := bridge.Place{Channel: st.channel}
			if tt.inThread {
				at.Thread = root.Message
			}
			wantConfirmed := func(when, text string, want bridge.Confirmation) {
				t.Helper()
				asked := at
				if !tt.isThreadKnown {
					asked.Thread = ""
				}
				got, err := st.surface.Confirm(st.ctx(), asked, text)
				must(t, err)
				wantEqual(t, when, got, want)
			}
			st.postAsAnn(at.Thread, "another")
			at.Message = st.postAsAnn(at.Thread, "Dear *customer*")
			st.postAsAnn(at.Thread, "yet another")
			wantConfirmed("as it was typed", "Dear **customer**", bridge.Unchanged)

			// Case 35: an edit is stored by the first question, and known in the second one.
			must(t, st.fake.As(st.ann).Edit(st.channel, at.Message, "note: he is rude"))
			wantConfirmed("edited into a note, which isn't stored", "Dear **customer**", bridge.Changed)
			a := st.waitAction("e:" + st.channel + ":" + at.Message)
			wantEqual(t, "verb of the edit", a.Verb, bridge.VerbEdit)
			wantEqual(t, "text of the edit", a.Text, "he is rude")
			wantEqual(t, "place of the edit", a.Place, at)
			wantEqual(t, "in a thread of ours", a.OwnThread, tt.inThread)
			wantConfirmed("edited into a note, which is stored", "he is rude", bridge.Changed)
			must(t, st.fake.As(st.ann).Edit(st.channel, at.Message, "Dear *customer*"))
			wantConfirmed("edited back, which isn't stored", "Dear **customer**", bridge.Changed)
			wantConfirmed("edited back, which is stored", "Dear **customer**", bridge.Unchanged)
			st.wantFacts("e:", 2)

			// So is a deletion.
			must(t, st.fake.As(st.ann).Delete(st.channel, at.Message))
			wantConfirmed("deleted", "Dear **customer**", bridge.Gone)
			a = st.waitAction(fact.DeleteID(st.channel, at.Message))
			wantEqual(t, "verb of the deletion", a.Verb, bridge.VerbDelete)
			if !tt.isThreadKnown { // then nobody says in which thread it stood
				at.Thread, a.Place.Thread = "", ""
			}
			wantEqual(t, "place of the deletion", a.Place, at)
		})
	}
}

// readFile reads a file as agents' files are read.
func (st *stage) readFile(f bridge.SurfaceFile) (string, error) {
	st.t.Helper()
	r, err := st.surface.Open(st.ctx(), f)
	if err != nil {
		return "", err
	}
	defer r.Close() //nolint:errcheck // read only
	b, err := io.ReadAll(r)
	return string(b), err
}

// shareFile has Ann share a file, and returns it as a message names it.
func (st *stage) shareFile(f slackfake.NewFile) bridge.SurfaceFile {
	st.t.Helper()
	ts, err := st.fake.As(st.ann).Post(slackfake.Post{Channel: st.channel, Thread: st.postRoot().Message, Files: []slackfake.NewFile{f}})
	must(st.t, err)
	shared := st.fake.Message(st.channel, ts).Files[0]
	return fact.SurfaceFile(fact.File{ID: shared.ID, Name: shared.Name, Mimetype: shared.Mimetype, Size: shared.Size, Mode: shared.Mode,
		IsExternal: shared.IsExternal, Private: shared.URLPrivate, Download: shared.URLPrivateDownload})
}

// Case 25: an agent's file is read, also one of which a message has only the id.
func TestOpen(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	hello := st.shareFile(slackfake.NewFile{Name: "a.txt", Data: []byte("hello")})
	late := st.shareFile(slackfake.NewFile{Name: "late.txt", Data: []byte("late"), FileAccess: "check_file_info"})
	for want, f := range map[string]bridge.SurfaceFile{"hello": hello, "late": {ID: late.ID}} {
		got, err := st.readFile(f)
		must(t, err)
		wantEqual(t, "content of the file", got, want)
	}
}

// Case 25: what can't be had says why, for good.
func TestOpenWhatCannotBeHad(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	external := st.shareFile(slackfake.NewFile{Name: "x", ExternalURL: "https://drive.test/x", Mode: "external"})
	canvas := st.shareFile(slackfake.NewFile{Name: "Prices", Data: []byte("canvas"), Mode: "quip"})
	// As it was stored before canvases were known as such.
	canvasAddress := fact.SurfaceFile(fact.File{ID: canvas.ID, Private: st.fake.File(canvas.ID).URLPrivate}).URL
	deleted := st.shareFile(slackfake.NewFile{Name: "late.txt", Data: []byte("late")})
	must(t, st.fake.Admin.DeleteFile(deleted.ID))
	for name, tt := range map[string]struct {
		file bridge.SurfaceFile
		why  string
	}{
		"external":             {file: external, why: "external link"},
		"a canvas":             {file: canvas, why: "canvas"},
		"a canvas, by its id":  {file: bridge.SurfaceFile{ID: canvas.ID}, why: "canvas"},
		"a canvas, by address": {file: bridge.SurfaceFile{ID: canvas.ID, URL: canvasAddress}, why: "canvas"},
		"deleted":              {file: deleted, why: "deleted"},
		"deleted, by its id":   {file: bridge.SurfaceFile{ID: deleted.ID, Name: "late.txt"}, why: "deleted"},
	} {
		_, err := st.readFile(tt.file)
		if err == nil || !strings.Contains(err.Error(), tt.why) {
			t.Errorf("%s: got error %v, want one with %q", name, err, tt.why)
		}
		wantEqual(t, name+": class of the error", channels.ClassOf(err), channels.BadContent)
	}
}

// Case 25: the token goes to Slack alone, and to no address that only looks like it.
func TestOpenAsksSlackAlone(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	requests := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests++ }))
	defer other.Close()
	for _, url := range []string{
		other.URL + "/f", "http://files.slack.com/f", "https://slack.com.evil.test/f", "https://evilslack.com/f", "https://u:p@files.slack.com/f", "file:///etc/passwd",
	} {
		_, err := st.readFile(bridge.SurfaceFile{ID: "F", Name: "x", URL: url})
		wantEqual(t, "class of "+url, channels.ClassOf(err), channels.BadContent)
		if err == nil || !strings.Contains(err.Error(), "not at Slack") {
			t.Errorf("%s: got the error %v, want that it is not at Slack", url, err)
		}
	}
	wantEqual(t, "requests to another host", requests, 0)
}

// Case 25: longer and shorter files than announced, pages and redirects for signing in are no files.
func TestOpenNoFile(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	hello := st.shareFile(slackfake.NewFile{Name: "a.txt", Data: []byte("hello")})
	for announced, want := range map[int64]string{4: "5 bytes instead of 4", 6: "5 bytes instead of 6"} {
		other := hello
		other.SizeBytes = announced
		_, err := st.readFile(other)
		wantEqual(t, fmt.Sprintf("class of a file that was announced with %d bytes", announced), channels.ClassOf(err), channels.Retry)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a file that was announced with %d bytes: got the error %v, want one with %q", announced, err, want)
		}
	}
	for status, want := range map[int]channels.Class{http.StatusOK: channels.BadContent, http.StatusBadGateway: channels.Retry} { // with a page
		st.fake.Inject(slackfake.Fault{Method: "download", Kind: slackfake.FaultHTTP, Status: status, Times: 1})
		_, err := st.readFile(hello)
		wantEqual(t, fmt.Sprintf("class of a page with %d", status), channels.ClassOf(err), want)
		if err == nil || !strings.Contains(err.Error(), "can't be read: Slack") {
			t.Errorf("a page with %d: got the error %v, want that the file can't be read", status, err)
		}
	}
	st.surface.token = "xoxb-wrong" // Slack leads to the page for signing in
	_, err := st.readFile(hello)
	wantEqual(t, "class of a redirect", channels.ClassOf(err), channels.BadContent)
	if err == nil || !strings.Contains(err.Error(), "doesn't give it") {
		t.Errorf("a redirect: got the error %v, want that Slack doesn't give it", err)
	}
}

// A channel is found by its name or id, if Parley is in it or can join it.
func TestResolve(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	open := st.fake.Admin.AddChannel(slackfake.Channel{Name: "open", Members: []string{st.ann}})
	hidden := st.fake.Admin.AddChannel(slackfake.Channel{Name: "hidden", Private: true, Members: []string{st.ann}})
	for name, want := range map[string]string{
		"#support": st.channel,
		st.channel: st.channel,
		"#Open":    open.ID,
		"#hidden":  "",
		hidden.ID:  "",
		"#none":    "",
		"C0NONE":   "",
	} {
		got, err := st.surface.Resolve(st.ctx(), name)
		must(t, err)
		wantEqual(t, name+" is", got, want)
	}
	st.mustSend(bridge.Post{Kind: bridge.PostRoot, Token: "t", Place: bridge.Place{Channel: open.ID}, Facts: sampleFacts()}) // it is joined
}

// Case 18: a channel is found by its new name at once.
func TestRename(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	wantChannel := func(name string) {
		t.Helper()
		got, err := st.surface.Resolve(st.ctx(), name)
		must(t, err)
		wantEqual(t, name+" is", got, st.channel)
	}
	wantChannel("#support")
	must(t, st.fake.Admin.RenameChannel(st.channel, "help"))
	st.waitAcknowledged()
	wantChannel("#help")
}

// wantUser checks who has an address: "" is nobody.
func (st *stage) wantUser(address, want string) {
	st.t.Helper()
	got, err := st.surface.Lookup(st.ctx(), address)
	must(st.t, err)
	wantEqual(st.t, "user of "+address, got, want)
}

// Cases 19 and 26: only active members of the workspace are found.
func TestLookup(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	for name, u := range map[string]slackfake.User{
		"gone":     {Deleted: true},
		"guest":    {Restricted: true},
		"stranger": {Stranger: true, TeamID: "T9"},
		"robot":    {Bot: true, BotID: "B9"},
	} {
		u.Name, u.Email = name, name+"@acme.test"
		st.fake.Admin.AddUser(u)
		st.wantUser(u.Email, "")
	}
	st.wantUser("ann@acme.test", st.ann)
	st.wantUser("nobody@acme.test", "")
	// Of a person of several workspaces Slack names any of them.
	mia := st.fake.Admin.AddUser(slackfake.User{Name: "mia", Email: "mia@acme.test", TeamID: "T9", Teams: []string{"T9", st.fake.TeamID()}})
	st.wantUser(mia.Email, mia.ID)
}

// Reads wait as long as Slack asks, and are tried again after failures.
func TestReadsAreTriedAgain(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.fake.Inject(slackfake.Fault{Method: "users.lookupByEmail", Kind: slackfake.FaultRateLimit, Retry: 1, Times: 1})
	begin := time.Now()
	st.wantUser("ann@acme.test", st.ann)
	if waited := time.Since(begin); waited < time.Second {
		t.Errorf("waited for %s, want the second that Slack asked for", waited)
	}
	st.fake.Inject(slackfake.Fault{Method: "users.lookupByEmail", Kind: slackfake.FaultHTTP, Times: 2})
	st.wantUser("ann@acme.test", st.ann)
}

// Posts of one channel share a budget. Other kinds of calls have budgets for all channels.
func TestBudget(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	budget := st.surface.Budget
	wantEqual(t, "budget of a customer's message", budget(bridge.PostSaid, "C1"), bridge.Budget{Key: "post:C1", PerSecond: 1, Burst: 3})
	wantEqual(t, "key of a root", budget(bridge.PostRoot, "C1").Key, budget(bridge.PostLine, "C1").Key)
	wantEqual(t, "key of a card in another channel", budget(bridge.PostCard, "C2").Key, budget(bridge.PostCard, "C1").Key)
}

func TestNoBudget(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(o *Options, _ *slackfake.Options) { o.Rate = 0 })
	for _, kind := range []bridge.PostKind{bridge.PostRoot, bridge.PostCard, bridge.PostMark, bridge.PostEphemeral} {
		wantEqual(t, "rate of "+string(kind), st.surface.Budget(kind, "C1").PerSecond, 0)
	}
}

func TestNewSaysAllThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(Options{APIURL: "::"})
	if err == nil {
		t.Fatal("New made a surface of nothing, want an error")
	}
	wantWords(t, err.Error(), "bot token", "app token", "desk", "API URL")
}
