package teams

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
	"parley/channels"
)

func fileWith(name, contentType string, content []byte) channels.File {
	return channels.File{Name: name, ContentType: contentType, SizeBytes: int64(len(content)),
		Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil }}
}

// pngStrip makes a picture that is one pixel high.
func pngStrip(t *testing.T, width int) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, width, 1))))
	return b.Bytes()
}

// sendAndLose sends all parts of a post, whose answers are lost, finds each part again, and returns how many there are.
func (w *world) sendAndLose(p bridge.Post) (parts int) {
	w.t.Helper()
	for more := true; more; p.Part++ {
		w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultDrop, After: true, Times: 1})
		wantEqual(w.t, "class of a lost answer", w.mustFail(p).Class, channels.Ambiguous)
		sent := w.wantReconciled(p, channels.Landed)
		w.desk.Own(w.channel, sent.Message)
		more = sent.More
	}
	return p.Part
}

// countPictures counts the pictures that are embedded in a message.
func countPictures(m *teamsfake.Message) int {
	return strings.Count(string(m.Raw), "data:image/png;base64,")
}

// Pictures of a customer are shown, and links lead to other files. Each part is found again after a lost answer.
func TestFilesOut(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	plan := fileWith("plan.pdf", "application/pdf", []byte("plan"))
	plan.Link = func() (string, error) { return "https://parley.test/files/x", nil }
	post := w.newPost(bridge.PostFiles, "files")
	post.Files = []channels.File{
		plan,
		fileWith("photo.png", "image/png", pngStrip(t, 10)),
		fileWith("wide.png", "image/png", pngStrip(t, 2000)), // too wide to be shown
		fileWith("secret.pdf", "application/pdf", []byte("secret")),
	}
	post.Missing = []bridge.Missing{{Name: "film.mp4", Reason: "it expired"}}
	wantEqual(t, "parts", w.sendAndLose(post), 2)
	all := w.fake.Thread(w.channel, w.root)
	if len(all) != 3 {
		t.Fatalf("got %d messages, want 3: the root, the list of files and the picture", len(all))
	}
	wantWords(t, all[1].Text, "plan.pdf", "photo.png", "film.mp4", "it expired", "secret.pdf can't be shown here", "PARLEY_PUBLIC_URL")
	wantWords(t, all[1].HTML, `href="https://parley.test/files/x"`)
	wantEqual(t, "pictures", countPictures(all[2]), 1)
	w.wantNoProblems()
}

// bucket is a bucket of a budget, as the engine keeps it.
type bucket struct{ left, perSecond, size float64 }

func (b *bucket) fill(d time.Duration) { b.left = min(b.left+b.perSecond*d.Seconds(), b.size) }

// steadyPoster posts in a thread what a budget allows.
type steadyPoster struct {
	w           *world
	short, wide bucket
}

func newSteadyPoster(w *world) *steadyPoster {
	b := w.surface.Budget(bridge.PostSaid, w.channel)
	return &steadyPoster{
		w:     w,
		short: bucket{left: float64(b.Burst), perSecond: b.PerSecond, size: float64(b.Burst)},
		wide:  bucket{left: float64(b.WideBurst), perSecond: b.WidePerSecond, size: float64(b.WideBurst)},
	}
}

// post lets time go by, in which it posts all that the budget allows, but not more than most.
func (p *steadyPoster) post(span time.Duration, most int) (sent int) {
	p.w.t.Helper()
	const step = 200 * time.Millisecond
	for range span / step {
		p.w.later(step)
		p.short.fill(step)
		p.wide.fill(step)
		for ; min(p.short.left, p.wide.left) >= 1 && sent < most; sent++ {
			p.w.mustSend(p.w.saidPost(p.w.root, "x"))
			p.short.left--
			p.wide.left--
		}
	}
	return sent
}

// Whoever keeps to the budgets never meets a limit of Teams, and gets what the limits allow: many posts at once after a quiet
// time, else almost all of an hour's.
func TestBudget(t *testing.T) {
	t.Parallel()
	const endless = 1000_000
	for _, rate := range []float64{0.5, 1} {
		t.Run(fmt.Sprintf("rate %v", rate), func(t *testing.T) {
			t.Parallel()
			w := newClockedTalk(t, func(o *Options, f *teamsfake.Options) { f.Limits, f.RateFactor, o.Rate = true, rate, rate })
			p := newSteadyPoster(w)
			wantAtLeast := func(when string, got int, want float64) {
				t.Helper()
				if float64(got) < want {
					t.Errorf("got %d posts %s, want at least %v", got, when, want)
				}
			}
			p.post(time.Hour, 0)
			wantAtLeast("in the first 30 s", p.post(30*time.Second, endless), 50*rate)
			wantAtLeast("in an hour", p.post(time.Hour, endless), 0.95*1800*rate) // Teams takes 1800
			wantAtLeast("in 10 s after a flood", p.post(10*time.Second, endless), 4*rate)
			p.post(3*time.Minute, 0)
			p.post(5*time.Minute, endless)
		})
	}
}

// Each channel has a budget, which counts all messages in it. Reactions have one budget for the whole bot.
func TestBudgetKeys(t *testing.T) {
	t.Parallel()
	const other = "19:other@thread.tacv2"
	w := newWorld(t)
	said := w.surface.Budget(bridge.PostSaid, w.channel)
	wantEqual(t, "channels share a budget", w.surface.Budget(bridge.PostSaid, other).Key == said.Key, false)
	wantEqual(t, "budget of a thread's first message", w.surface.Budget(bridge.PostRoot, w.channel), said)
	mark := w.surface.Budget(bridge.PostMark, w.channel)
	wantEqual(t, "budget of reactions in another channel", w.surface.Budget(bridge.PostMark, other), mark)
	if most := float64(mark.Burst) + mark.PerSecond; most >= 3 {
		t.Errorf("got %v reactions in one second, want at most 2", most)
	}
}

// Without a rate there is no limit.
func TestNoBudget(t *testing.T) {
	t.Parallel()
	s, err := New(Options{AppID: "x", AppPassword: "x", TenantID: "x", Desk: newDesk()})
	must(t, err)
	b := s.Budget(bridge.PostSaid, "")
	wantEqual(t, "per second", b.PerSecond, 0)
	wantEqual(t, "per second in the wide bucket", b.WidePerSecond, 0)
}

// waitStored waits until a message with this text is stored.
func (w *world) waitStored(text string) {
	w.t.Helper()
	w.desk.Wait(w.t, fmt.Sprintf("%q is stored", text), func() bool {
		return slices.ContainsFunc(w.desk.Accepted(), func(f channels.Fact) bool {
			return strings.HasPrefix(f.ExternalID, "m:") && strings.Contains(string(f.Payload), text)
		})
	})
}

// What was learned from events is known after a restart, and what was said meanwhile is found.
func TestRestart(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.fake.Activities.SetEndpoint("http://127.0.0.1:1/nobody")
	_, err := w.ann.Reply(w.channel, w.root, "said while nobody listened")
	must(t, err)
	again, err := New(w.surface.opt)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- again.Run(ctx) }()
	w.waitStored("said while nobody listened")
	cancel()
	must(t, <-done)
	user, err := again.Lookup(w.ctx(), "BEN@acme.test")
	must(t, err)
	wantEqual(t, "id of Ben", user, ben)
	id, err := again.Resolve(w.ctx(), "#Customers")
	must(t, err)
	wantEqual(t, "id of the channel", id, w.channel)
}

// If our secret ended, posts wait. When it works again, that is told.
func TestSecretEnded(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.fake.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultHTTP, Status: http.StatusUnauthorized, Code: "invalid_client"})
	w.fake.Entra.RevokeTokens()
	if se := w.mustFail(w.saidPost(w.root, "x")); se.Class != channels.AuthBroken && se.Class != channels.Retry {
		t.Errorf("got class %s, want %s or %s", se.Class, channels.AuthBroken, channels.Retry)
	}
	w.fake.ClearFaults()
	w.run()
	w.desk.Wait(t, "it is told that it works", func() bool { return w.desk.Status() == channels.Active })
}

// What people type shows that the app is in the channel, but not that its secret is taken. So the surface stays broken, which is
// told once.
func TestMessageWhileRefused(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusUnauthorized, Code: "BotNotRegistered"})
	wantEqual(t, "class", w.mustFail(w.saidPost(w.root, "x")).Class, channels.AuthBroken)
	_, told := w.desk.lastReport()
	w.annTypes("which Teams brings nevertheless")
	w.waitDelivered()
	_ = w.mustFail(w.saidPost(w.root, "y"))
	w.wantReport(channels.Broken)
	w.wantReports(told)
}

// checkup returns what doctor finds, one finding a line, each of which has a hint if it is broken.
func (w *world) checkup() string {
	w.t.Helper()
	var b strings.Builder
	for _, f := range w.surface.Check(w.ctx()) {
		state := "ok"
		if !f.OK {
			state = "broken"
			wantEqual(w.t, f.What+" has a hint", f.Hint != "", true)
		}
		fmt.Fprintf(&b, "%s %s: %s\n", state, f.What, f.Text)
	}
	return b.String()
}

// Doctor says what is granted, and what to do about what is missing.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.desk.Open(w.channel)
	wantWords(t, w.checkup(), "ok app secret", "ok key server", "broken installation: Teams has not been in touch yet")
	w.connect()
	wantWords(t, w.checkup(), "ok team “Support”: the app is in it", "ok channel", "may be read")
	w.fake.Entra.Permit() // nothing
	wantWords(t, w.checkup(), "may not be read")
	must(t, w.fake.Admin.Uninstall(w.ctx(), w.team))
	wantWords(t, w.checkup(), "broken installation: the app is in no team", "broken channel “Customers”: the app was taken out of its team")
	w.fake.Inject(teamsfake.Fault{Method: "openid", Kind: teamsfake.FaultHTTP})
	wantWords(t, w.checkup(), "broken key server")
}

// If Entra gives no token, doctor says why and which setting to look at, and nothing else.
func TestCheckWithoutToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for text, tt := range map[string]struct {
		spoil func(*Options)
		hint  string
	}{
		"AADSTS7000215: Invalid client secret": {
			spoil: func(o *Options) { o.AppPassword = "wrong" },
			hint:  "Give Parley the Value",
		},
		"AADSTS90002: Tenant": {
			spoil: func(o *Options) { o.TenantID = "99999999-0000-4000-8000-000000000001" },
			hint:  "Give Parley (TEAMS_TENANT_ID)",
		},
		"AADSTS700016: Application": {
			spoil: func(o *Options) { o.AppID = "99999999-0000-4000-8000-000000000001" },
			hint:  "that TEAMS_APP_ID is",
		},
		"connection refused": {
			spoil: func(o *Options) { o.LoginURL = "http://127.0.0.1:1" },
			hint:  "Check the network",
		},
	} {
		o := w.surface.opt
		tt.spoil(&o)
		s, err := New(o)
		must(t, err)
		got := s.Check(w.ctx())
		if len(got) != 1 {
			t.Errorf("%s: got the findings %+v, want one", text, got)
			continue
		}
		wantEqual(t, text+": it is OK", got[0].OK, false)
		wantWords(t, got[0].Text, text)
		wantWords(t, got[0].Hint, tt.hint)
		wantEqual(t, text+": Entra's trace id is shown", strings.Contains(got[0].Text, "Trace"), false)
	}
}

// Doctor says which right to read files an admin granted, and what is lost without one.
func TestCheckFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t).connect()
	for want, granted := range map[string][]string{
		"they may be read (Files.ReadWrite.All)":               tenant.AllPermissions(),
		"they may be read (Sites.Read.All)":                    {"Sites.Read.All", "User.Read.All"},
		"grant Files.ReadWrite.All, which its reference names": {"Files.Read.All"},
		"where an admin granted it for the team's site":        {"Sites.Selected", tenant.PermitMessages},
		"they may not be read (Files.Read.All, or Sites.Sel":   {tenant.PermitMessages},
	} {
		w.fake.Entra.Permit(granted...)
		s, err := New(w.surface.opt) // whose token isn't older than the grant
		must(t, err)
		got := s.Check(w.ctx())
		if !slices.ContainsFunc(got, func(f channels.Finding) bool {
			return f.OK && f.What == "files of channels" && strings.Contains(f.Text, want)
		}) {
			t.Errorf("with %v: got %+v, want a good finding about files of channels that says %q", granted, got, want)
		}
	}
}

// In a trial without Azure nobody is asked for a token, and doctor says what kind of trial it is.
func TestAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withoutAzure)
	w.desk.Open(w.channel)
	w.connect().run()
	w.desk.Wait(t, "it is told that it works", func() bool { return w.desk.Status() == channels.Active })
	w.mustSend(w.saidPost(w.openThread(), "x"))
	got := w.surface.Check(w.ctx())
	for _, f := range got {
		wantEqual(t, f.What+" is OK", f.OK, true)
	}
	wantWords(t, got[0].Text, "trying on this machine")
	wantWords(t, got[len(got)-1].Text, "may not be read")
	for _, method := range []string{"token", "openid", "keys", "graph.*"} {
		wantEqual(t, "calls of "+method, len(w.fake.Calls(method)), 0)
	}
}

// All that is wrong with the options is told together.
func TestNew(t *testing.T) {
	t.Parallel()
	_, err := New(Options{ServiceURLs: []string{"ftp://x"}})
	if err == nil {
		t.Fatal("New took options without anything")
	}
	wantWords(t, err.Error(), "app id", "app password", "tenant id", "desk", "ftp://x")
	if _, err := New(Options{AppID: "a", AppPassword: "b", TenantID: "c", Desk: newDesk(), GraphURL: "http://graph.test"}); err == nil {
		t.Error("New took an address of Graph without TLS")
	}
}

// A post that begins too late is never made, which doesn't mean that its thread is lost.
func TestDeadline(t *testing.T) {
	t.Parallel()
	w := newTalk(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := w.surface.Send(ctx, w.saidPost(w.root, "late")); err == nil || errors.Is(err, bridge.ErrThreadLost) {
		t.Errorf("got error %v, want one, but not that the thread is lost", err)
	}
	wantEqual(t, "messages in the thread", len(w.fake.Thread(w.channel, w.root)), 1) // its root
}

// A developer's tool on this machine needs no signature if that is allowed, ...
func TestUnsigned(t *testing.T) {
	t.Parallel()
	w := newTalk(t, func(o *Options, f *teamsfake.Options) { o.AllowUnsigned, f.Unsigned = true, true })
	wantEqual(t, "text", w.annTypes("hello").Text, "hello")
}

// ... and only then.
func TestUnsignedIsForged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(_ *Options, f *teamsfake.Options) { f.Unsigned = true })
	w.desk.Open(w.channel)
	if err := w.fake.Admin.Connect(w.ctx(), w.url); err == nil {
		t.Error("Teams was connected without a signature")
	}
	wantList(t, "what is kept of forged requests", w.desk.keptKeys(t), nil)
}
