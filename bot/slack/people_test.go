package slack

import (
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

func TestConfirm(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ thread, known bool }{{true, true}, {true, false}, {false, false}} {
		thread := c.thread
		st := newStage(t, false)
		root := st.root()
		at := bridge.Place{Channel: st.ch}
		if thread {
			at.Thread = root.Message
		}
		expect := func(what, text string, want bridge.Confirmation) {
			t.Helper()
			asked := at
			if !c.known {
				asked.Thread = "" // the engine may know the message only
			}
			if got, err := st.s.Confirm(st.ctx(), asked, text); err != nil || got != want {
				t.Errorf("%s (in thread: %v): %v %v", what, thread, got, err)
			}
		}
		st.say(at.Thread, "another")
		at.Message = st.say(at.Thread, "Dear *customer*")
		st.say(at.Thread, "yet another")
		expect("as it was", "Dear **customer**", bridge.Unchanged)
		must(t, st.fake.As(st.ann).Edit(st.ch, at.Message, "note: he is rude"))
		expect("edited", "Dear **customer**", bridge.Changed)
		f := st.desk.First(t, "e:"+st.ch+":"+at.Message)
		if a := st.decode(f); a.Verb != bridge.VerbEdit || a.Text != "he is rude" || a.Place.Message != at.Message || a.Place.Thread != at.Thread || a.OwnThread != thread {
			t.Errorf("got %+v", a)
		}
		expect("35 edited into a note, stored", "he is rude", bridge.Changed)
		must(t, st.fake.As(st.ann).Edit(st.ch, at.Message, "Dear *customer*"))
		expect("35 edited back, not stored yet", "Dear **customer**", bridge.Changed)
		expect("35 edited back, stored", "Dear **customer**", bridge.Unchanged)
		if n := st.desk.Number("e:"); n != 2 {
			t.Errorf("%d edits", n)
		}
		must(t, st.fake.As(st.ann).Delete(st.ch, at.Message))
		expect("deleted", "Dear **customer**", bridge.Gone)
		a := st.decode(st.desk.First(t, fact.DeleteID(st.ch, at.Message)))
		if a.Verb != bridge.VerbDelete || a.Place.Message != at.Message || a.Place.Channel != at.Channel || c.known && a.Place != at {
			t.Errorf("got %+v", a)
		}
	}
}

// Case 25: login pages, foreign hosts and redirects are no files; the token stays at Slack.
func TestOpen(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	ts, err := st.fake.As(st.ann).Post(slackfake.Post{Channel: st.ch, Thread: root.Message, Files: []slackfake.NewFile{
		{Name: "a.txt", Data: []byte("hello")}, {Name: "late.txt", Data: []byte("late"), FileAccess: "check_file_info"},
		{Name: "x", ExternalURL: "https://drive.test/x", Mode: "external"}, {Name: "Prices", Data: []byte("canvas"), Mode: "quip"},
	}})
	must(t, err)
	var files []bridge.SurfaceFile
	for _, f := range st.fake.Message(st.ch, ts).Files {
		files = append(files, fact.SurfaceFile(fact.File{ID: f.ID, Name: f.Name, Mimetype: f.Mimetype, Size: f.Size, Mode: f.Mode, IsExternal: f.IsExternal, Private: f.URLPrivate, Download: f.URLPrivateDownload}))
	}
	read := func(f bridge.SurfaceFile) (string, error) {
		r, err := st.s.Open(st.ctx(), f)
		if err != nil {
			return "", err
		}
		defer r.Close() //nolint:errcheck // read only
		b, err := io.ReadAll(r)
		return string(b), err
	}
	if got, err := read(files[0]); got != "hello" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	if got, err := read(bridge.SurfaceFile{ID: files[1].ID}); got != "late" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	if _, err := read(files[2]); err == nil || !strings.Contains(err.Error(), "external link") {
		t.Errorf("external: %v", err)
	}
	longAgo := fact.SurfaceFile(fact.File{ID: files[3].ID, Private: st.fake.File(files[3].ID).URLPrivate})     // as it was stored before it was known
	for _, f := range []bridge.SurfaceFile{files[3], {ID: files[3].ID}, {ID: files[3].ID, URL: longAgo.URL}} { // it can't be read later either
		if _, err := read(f); channels.ClassOf(err) != channels.BadContent || !strings.Contains(err.Error(), "canvas") {
			t.Errorf("a canvas: %v", err)
		}
	}
	longer := files[0]
	longer.SizeBytes = 4
	if _, err := read(longer); err == nil {
		t.Error("a file longer than announced was read")
	}
	hits := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hits++ }))
	defer other.Close()
	for _, u := range []string{other.URL + "/f", "http://files.slack.com/f", "https://slack.com.evil.test/f", "https://evilslack.com/f", "https://u:p@files.slack.com/f", "file:///etc/passwd"} {
		if _, err := read(bridge.SurfaceFile{ID: "F", URL: u}); err == nil {
			t.Errorf("%s was fetched", u)
		}
	}
	if hits != 0 {
		t.Error("the token went to another host")
	}
	must(t, st.fake.Admin.DeleteFile(files[1].ID))
	for _, f := range []bridge.SurfaceFile{files[1], {ID: files[1].ID, Name: "late.txt"}} {
		if _, err := read(f); channels.ClassOf(err) != channels.BadContent || !strings.Contains(err.Error(), "deleted") {
			t.Errorf("a deleted file: %v", err)
		}
	}
	st.fake.Inject(slackfake.Fault{Method: "download", Kind: slackfake.FaultHTTP, Status: 200, Times: 1})
	if got, err := read(files[0]); err == nil {
		t.Errorf("a page was taken for a file: %q", got)
	}
	st.s.token = "xoxb-wrong"
	if _, err := read(files[0]); err == nil {
		t.Error("a redirect was followed")
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	open := st.fake.Admin.AddChannel(slackfake.Channel{Name: "open", Members: []string{st.ann}})
	hidden := st.fake.Admin.AddChannel(slackfake.Channel{Name: "hidden", Private: true, Members: []string{st.ann}})
	for in, want := range map[string]string{"#support": st.ch, st.ch: st.ch, "#Open": open.ID, "#hidden": "", hidden.ID: "", "#none": "", "C0NONE": ""} {
		if got, err := st.s.Resolve(st.ctx(), in); err != nil || got != want {
			t.Errorf("%s: %q %v, want %q", in, got, err, want)
		}
	}
	if _, err := st.s.Send(st.ctx(), bridge.Post{Kind: bridge.PostRoot, Token: "t", Place: bridge.Place{Channel: open.ID}, Facts: sampleFacts()}); err != nil {
		t.Errorf("not joined: %v", err)
	}
}

// Case 18: a channel's new name is found at once.
func TestRename(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	if got, err := st.s.Resolve(st.ctx(), "#support"); got != st.ch || err != nil {
		t.Fatalf("%q %v", got, err)
	}
	must(t, st.fake.Admin.RenameChannel(st.ch, "help"))
	if err := st.fake.WaitFor(st.ctx(), func() bool { return st.fake.Events.Pending() == 0 }); err != nil {
		t.Fatal(err)
	}
	if got, err := st.s.Resolve(st.ctx(), "#help"); got != st.ch || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

// Cases 19 and 26: only active members of the workspace are found.
func TestLookup(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	for name, u := range map[string]slackfake.User{
		"gone": {Deleted: true}, "guest": {Restricted: true}, "stranger": {Stranger: true, TeamID: "T9"}, "robot": {Bot: true, BotID: "B9"},
	} {
		u.Name, u.Email = name, name+"@acme.test"
		st.fake.Admin.AddUser(u)
		if id, err := st.s.Lookup(st.ctx(), u.Email); id != "" || err != nil {
			t.Errorf("%s: %q %v", name, id, err)
		}
	}
	if id, err := st.s.Lookup(st.ctx(), "ann@acme.test"); id != st.ann || err != nil {
		t.Errorf("%q %v", id, err)
	}
	mia := st.fake.Admin.AddUser(slackfake.User{Name: "mia", Email: "mia@acme.test", TeamID: "T9", Teams: []string{"T9", st.fake.TeamID()}})
	if id, err := st.s.Lookup(st.ctx(), mia.Email); id != mia.ID || err != nil { // Slack names any of her workspaces
		t.Errorf("%q %v", id, err)
	}
	if id, err := st.s.Lookup(st.ctx(), "nobody@acme.test"); id != "" || err != nil {
		t.Errorf("%q %v", id, err)
	}
}

// Reads wait as long as Slack asks.
func TestPatience(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	st.fake.Inject(slackfake.Fault{Method: "users.lookupByEmail", Kind: slackfake.FaultRateLimit, Retry: 1, Times: 1})
	begin := time.Now()
	if id, err := st.s.Lookup(st.ctx(), "ann@acme.test"); id != st.ann || err != nil {
		t.Errorf("%q %v", id, err)
	}
	if time.Since(begin) < time.Second {
		t.Error("didn't wait")
	}
	st.fake.Inject(slackfake.Fault{Method: "users.lookupByEmail", Kind: slackfake.FaultHTTP, Times: 2})
	if id, err := st.s.Lookup(st.ctx(), "ann@acme.test"); id != st.ann || err != nil {
		t.Errorf("%q %v", id, err)
	}
}

func TestBudget(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	if b := st.s.Budget(bridge.PostSaid, "C1"); b != (bridge.Budget{Key: "post:C1", PerSecond: 1, Burst: 3}) {
		t.Errorf("%+v", b)
	}
	if st.s.Budget(bridge.PostLine, "C1").Key != st.s.Budget(bridge.PostRoot, "C1").Key || st.s.Budget(bridge.PostCard, "C1").Key != st.s.Budget(bridge.PostCard, "C2").Key {
		t.Error("keys")
	}
	st.s.opt.Rate = 0
	for _, k := range []bridge.PostKind{bridge.PostRoot, bridge.PostCard, bridge.PostMark, bridge.PostEphemeral} {
		if b := st.s.Budget(k, "C1"); b.PerSecond != 0 {
			t.Errorf("%s: %+v", k, b)
		}
	}
}

func TestNewSaysAllThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(Options{APIURL: "::"})
	if err == nil {
		t.Fatal("passed")
	}
	for _, want := range []string{"bot token", "app token", "desk", "API URL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
}
