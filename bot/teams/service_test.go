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
	"sync"
	"testing"
	"time"

	"parley/bot/teams/teamsfake"
	"parley/bot/teams/teamsfake/tenant"
	"parley/bridge"
	"parley/channels"
)

func fileOf(name, kind string, b []byte) channels.File {
	return channels.File{Name: name, ContentType: kind, SizeBytes: int64(len(b)), Open: func(context.Context) (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

func strip(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, side, 1))))
	return b.Bytes()
}

// TestFilesOut: pictures are shown, others are led to; each part is found again after a lost
// answer.
func TestFilesOut(t *testing.T) {
	t.Parallel()
	w, d, root, _ := talk(t)
	plan := fileOf("plan.pdf", "application/pdf", []byte("plan"))
	plan.Link = func() (string, error) { return "https://parley.test/files/x", nil }
	secret := fileOf("secret.pdf", "application/pdf", []byte("secret"))
	post := bridge.Post{Kind: bridge.PostFiles, Token: "files", Attempt: 1, FirstAttemptAt: time.Now(), Place: bridge.Place{Channel: w.channel, Thread: root}, Facts: sampleFacts(),
		Files:   []channels.File{plan, fileOf("photo.png", "image/png", strip(t, 10)), fileOf("wide.png", "image/png", strip(t, 2000)), secret},
		Missing: []bridge.Missing{{Name: "film.mp4", Reason: "it expired"}}}
	for more := true; more; post.Part++ {
		w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultDrop, After: true, Times: 1})
		if se := w.refused(post); se.Class != channels.Ambiguous {
			t.Fatalf("part %d: %v", post.Part, se)
		}
		outcome, sent, err := w.s.Reconcile(within(t), post)
		if outcome != channels.Landed || err != nil {
			t.Fatalf("part %d: reconciled %v, %v", post.Part, outcome, err)
		}
		d.Own(w.channel, sent.Message)
		more = sent.More
	}
	all := w.fake.Thread(w.channel, root)
	if len(all) != 3 || post.Part != 2 {
		t.Fatalf("%d parts, %d messages", post.Part, len(all))
	}
	text := all[1]
	for _, want := range []string{"plan.pdf", "photo.png", "film.mp4", "it expired", "secret.pdf can't be shown here", "PARLEY_PUBLIC_URL"} {
		if !strings.Contains(text.Text, want) {
			t.Errorf("the text lacks %q: %s", want, text.Text)
		}
	}
	if !strings.Contains(text.HTML, `href="https://parley.test/files/x"`) {
		t.Errorf("no link: %s", text.HTML)
	}
	if n := strings.Count(string(all[2].Raw), "data:image/png;base64,"); n != 1 {
		t.Errorf("%d pictures", n)
	}
	w.noProblems()
}

// TestBudget: who keeps to the budgets meets none of Teams' limits, and gets what they allow:
// a busy minute at once where it was quiet, almost all of an hour else.
func TestBudget(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{0.5, 1} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			t.Parallel()
			var mu sync.Mutex
			now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
			clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
			d := newDesk()
			w := newWorld(t, d, func(o *Options, f *teamsfake.Options) {
				f.Limits, f.RateFactor, f.Clock, o.Now, o.Rate = true, rate, clock, clock, rate
			}).connect()
			root := w.thread(d)
			b := w.s.Budget(bridge.PostSaid, w.channel)
			short, wide := float64(b.Burst), float64(b.WideBurst)
			// pass lets time go by, in which all is sent that the budget gives, at most so much.
			pass := func(d time.Duration, most int) (sent int) {
				const step = 200 * time.Millisecond
				for range d / step {
					mu.Lock()
					now = now.Add(step)
					mu.Unlock()
					short = min(short+b.PerSecond*step.Seconds(), float64(b.Burst))
					wide = min(wide+b.WidePerSecond*step.Seconds(), float64(b.WideBurst))
					for ; min(short, wide) >= 1 && sent < most; short, wide, sent = short-1, wide-1, sent+1 {
						if _, err := w.s.Send(within(t), saidPost(w, root, "x")); err != nil {
							t.Fatal(err)
						}
					}
				}
				return sent
			}
			pass(time.Hour, 0)
			if n := pass(30*time.Second, 1000); float64(n) < 50*rate {
				t.Errorf("%d posts in the first 30 s", n)
			}
			if n := pass(time.Hour, 1000_000); float64(n) < 0.95*1800*rate {
				t.Errorf("%d posts in an hour", n)
			}
			if n := pass(10*time.Second, 1000); float64(n) < 4*rate {
				t.Errorf("%d posts in 10 s after a flood", n)
			}
			pass(3*time.Minute, 0)
			pass(5*time.Minute, 1000)
		})
	}
}

// TestBudgetKeys: what Teams counts together has one budget; reactions have one for the bot.
func TestBudgetKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newDesk(), nil)
	said := w.s.Budget(bridge.PostSaid, w.channel)
	if other := w.s.Budget(bridge.PostSaid, "19:other@thread.tacv2"); other.Key == said.Key {
		t.Error("channels share a budget")
	}
	if root := w.s.Budget(bridge.PostRoot, w.channel); root != said {
		t.Error("a thread's first message has a budget of its own")
	}
	mark := w.s.Budget(bridge.PostMark, w.channel)
	if other := w.s.Budget(bridge.PostMark, "19:other@thread.tacv2"); other != mark || float64(mark.Burst)+mark.PerSecond >= 3 {
		t.Errorf("more than 2 reactions in a second: %+v", mark)
	}
	free, err := New(Options{AppID: "x", AppPassword: "x", TenantID: "x", Desk: newDesk()})
	must(t, err)
	if got := free.Budget(bridge.PostSaid, ""); got.PerSecond != 0 || got.WidePerSecond != 0 {
		t.Errorf("without a rate: %+v", got)
	}
}

// TestRestart: what was learned from events is known after a restart, and what was said
// meanwhile is found.
func TestRestart(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	w.fake.Activities.SetEndpoint("http://127.0.0.1:1/nobody")
	_, err := p.Reply(w.channel, root, "said while nobody listened")
	must(t, err)
	o := w.s.opt
	again, err := New(o)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- again.Run(ctx) }()
	d.Wait(t, "what was said is found", func() bool {
		for _, f := range d.Accepted() {
			if strings.Contains(string(f.Payload), "said while nobody listened") {
				return true
			}
		}
		return false
	})
	cancel()
	must(t, <-done)
	if user, err := again.Lookup(within(t), "BEN@acme.test"); user != ben || err != nil {
		t.Errorf("Ben is %q, %v", user, err)
	}
	if id, err := again.Resolve(within(t), "#Customers"); id != w.channel || err != nil {
		t.Errorf("the channel is %q, %v", id, err)
	}
}

// TestSecretEnded: people are told once, and again when it works.
func TestSecretEnded(t *testing.T) {
	t.Parallel()
	d := newDesk()
	w := newWorld(t, d, nil).connect()
	root := w.thread(d)
	w.fake.Inject(teamsfake.Fault{Method: "token", Kind: teamsfake.FaultHTTP, Status: http.StatusUnauthorized, Code: "invalid_client"})
	w.fake.Entra.RevokeTokens()
	if se := w.refused(saidPost(w, root, "x")); se.Class != channels.AuthBroken && se.Class != channels.Retry {
		t.Errorf("class %s", se.Class)
	}
	w.fake.ClearFaults()
	w.run()
	d.Wait(t, "it is told that it works", func() bool { return d.Status() == channels.Active })
}

// TestMessageWhileRefused: what people type shows that the app is in the channel, and not that its secret is taken. So it stays
// broken, and is told once.
func TestMessageWhileRefused(t *testing.T) {
	t.Parallel()
	w, d, root, p := talk(t)
	w.fake.Inject(teamsfake.Fault{Method: "activities.send", Kind: teamsfake.FaultHTTP, Status: http.StatusUnauthorized, Code: "BotNotRegistered"})
	if se := w.refused(saidPost(w, root, "x")); se.Class != channels.AuthBroken {
		t.Fatalf("class %s", se.Class)
	}
	_, told := d.lastReport()
	typed(t, w, d, p, root, "which Teams brings nevertheless")
	w.settled()
	_ = w.refused(saidPost(w, root, "y"))
	if last, now := d.lastReport(); last.Status != channels.Broken || now != told {
		t.Errorf("told %+v, and %d times more", last, now-told)
	}
}

// TestCheck: doctor says what is granted, and what to do about what is missing.
func TestCheck(t *testing.T) {
	t.Parallel()
	d := newDesk()
	w := newWorld(t, d, nil)
	d.Open(w.channel)
	all := func() string {
		var b strings.Builder
		for _, f := range w.s.Check(within(t)) {
			b.WriteString(map[bool]string{true: "ok ", false: "broken "}[f.OK] + f.What + ": " + f.Text + "\n")
			if !f.OK && f.Hint == "" {
				t.Errorf("%s has no hint", f.What)
			}
		}
		return b.String()
	}
	wants := func(texts ...string) {
		t.Helper()
		got := all()
		for _, want := range texts {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in:\n%s", want, got)
			}
		}
	}
	wants("ok app secret", "ok key server", "broken installation: Teams has not been in touch yet")
	w.connect()
	wants("ok team “Support”: the app is in it", "ok channel", "may be read")
	w.fake.Entra.Permit()
	wants("may not be read")
	must(t, w.fake.Admin.Uninstall(within(t), w.team))
	wants("broken installation: the app is in no team", "broken channel “Customers”: the app was taken out of its team")
	w.fake.Inject(teamsfake.Fault{Method: "openid", Kind: teamsfake.FaultHTTP})
	wants("broken key server")
	w.s.tokens = nil
	for text, c := range map[string]struct {
		spoil func(*Options)
		hint  string
	}{
		"AADSTS7000215: Invalid client secret": {func(o *Options) { o.AppPassword = "wrong" }, "Give Parley the Value"},
		"AADSTS90002: Tenant":                  {func(o *Options) { o.TenantID = "99999999-0000-4000-8000-000000000001" }, "Give Parley (TEAMS_TENANT_ID)"},
		"AADSTS700016: Application":            {func(o *Options) { o.AppID = "99999999-0000-4000-8000-000000000001" }, "that TEAMS_APP_ID is"},
		"connection refused":                   {func(o *Options) { o.LoginURL = "http://127.0.0.1:1" }, "Check the network"},
	} {
		o := w.s.opt
		c.spoil(&o)
		s, err := New(o)
		must(t, err)
		got := s.Check(within(t))
		if len(got) != 1 || got[0].OK || !strings.Contains(got[0].Text, text) || strings.Contains(got[0].Text, "Trace") || !strings.Contains(got[0].Hint, c.hint) {
			t.Errorf("%s: %+v", text, got)
		}
	}
}

// TestCheckFiles: doctor says which right to read files an admin granted, and what is lost
// without one.
func TestCheckFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, newDesk(), nil).connect()
	for want, granted := range map[string][]string{
		"they may be read (Files.ReadWrite.All)":               tenant.AllPermissions(),
		"they may be read (Sites.Read.All)":                    {"Sites.Read.All", "User.Read.All"},
		"grant Files.ReadWrite.All, which its reference names": {"Files.Read.All"},
		"where an admin granted it for the team's site":        {"Sites.Selected", tenant.PermitMessages},
		"they may not be read (Files.Read.All, or Sites.Sel":   {tenant.PermitMessages},
	} {
		w.fake.Entra.Permit(granted...)
		s, err := New(w.s.opt) // whose token isn't older than the grant
		must(t, err)
		i := slices.IndexFunc(s.Check(within(t)), func(f channels.Finding) bool {
			return f.OK && f.What == "files of channels" && strings.Contains(f.Text, want)
		})
		if i < 0 {
			t.Errorf("with %v: %+v", granted, s.Check(within(t)))
		}
	}
}

// TestAlone: in a trial without Azure nobody is asked for a token, and doctor says what that is.
func TestAlone(t *testing.T) {
	t.Parallel()
	d := newDesk()
	w := newWorld(t, d, withoutAzure)
	d.Open(w.channel)
	w.connect().run()
	d.Wait(t, "it is told that it works", func() bool { return d.Status() == channels.Active })
	if _, err := w.s.Send(within(t), saidPost(w, w.thread(d), "x")); err != nil {
		t.Error(err)
	}
	got := w.s.Check(within(t))
	for _, f := range got {
		if !f.OK {
			t.Errorf("%+v", f)
		}
	}
	if !strings.Contains(got[0].Text, "trying on this machine") || !strings.Contains(got[len(got)-1].Text, "may not be read") {
		t.Errorf("%+v", got)
	}
	for _, method := range []string{"token", "openid", "keys", "graph.*"} {
		if n := len(w.fake.Calls(method)); n > 0 {
			t.Errorf("%d calls of %s", n, method)
		}
	}
}

// TestNew: what is missing is told together.
func TestNew(t *testing.T) {
	t.Parallel()
	_, err := New(Options{ServiceURLs: []string{"ftp://x"}})
	for _, want := range []string{"app id", "app password", "tenant id", "desk", "ftp://x"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
	if _, err := New(Options{AppID: "a", AppPassword: "b", TenantID: "c", Desk: newDesk(), GraphURL: "http://graph.test"}); err == nil {
		t.Error("Graph without TLS is taken")
	}
}

// TestDeadline: a post that begins too late is never made.
func TestDeadline(t *testing.T) {
	t.Parallel()
	w, _, root, _ := talk(t)
	ctx, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := w.s.Send(ctx, saidPost(w, root, "late")); err == nil || errors.Is(err, bridge.ErrThreadLost) {
		t.Errorf("%v", err)
	}
	if n := len(w.fake.Thread(w.channel, root)); n != 1 {
		t.Errorf("%d messages", n)
	}
}

// TestUnsigned: a developer's tool on this machine needs no signature where that is allowed,
// and only there.
func TestUnsigned(t *testing.T) {
	t.Parallel()
	for _, allowed := range []bool{true, false} {
		d := newDesk()
		w := newWorld(t, d, func(o *Options, f *teamsfake.Options) { o.AllowUnsigned, f.Unsigned = allowed, true })
		d.Open(w.channel)
		err := w.fake.Admin.Connect(within(t), w.url)
		if allowed != (err == nil) {
			t.Fatalf("allowed %v: %v", allowed, err)
		}
		if allowed {
			root := w.thread(d)
			if a := typed(t, w, d, w.fake.As(ann), root, "hello"); a.Text != "hello" {
				t.Errorf("%+v", a)
			}
		} else if len(d.notes(t)) > 0 {
			t.Errorf("a forged request left %v", d.notes(t))
		}
	}
}
