package slack

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
	"parley/channels/markdown"
)

func said(text string) *bridge.Said {
	return &bridge.Said{MessageID: 7, From: bridge.PartyRef{Name: "Eve & Co", Address: "eve@example.org"}, At: when(), Text: text}
}

func (st *stage) post(kind bridge.PostKind, root bridge.Place, token string) bridge.Post {
	return bridge.Post{
		Kind: kind, Token: token, Attempt: 1, FirstAttemptAt: time.Now(), Place: bridge.Place{Channel: root.Channel, Thread: root.Message},
		Facts: sampleFacts(), Said: said("Hello"), Line: &bridge.Line{Content: bridge.LineReopened, Mentions: []bridge.AgentRef{{ID: 1, Name: "Ann", User: st.ann}}},
	}
}

func (st *stage) send(p bridge.Post) bridge.Sent {
	st.t.Helper()
	sent, err := st.s.Send(st.ctx(), p)
	if err != nil {
		st.t.Fatal(err)
	}
	return sent
}

func class(t *testing.T, err error, want channels.Class, is error) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) || se.Class != want || is != nil && !errors.Is(err, is) {
		t.Fatalf("got %v, want class %s and %v", err, want, is)
	}
	return se
}

func TestSendSaid(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	p := st.post(bridge.PostSaid, root, "t1")
	p.Said = said("**Help** <!channel> <@U0ANN> `x` :fire: *a* https://evil.test [bank.test](https://evil.test)")
	p.Said.From.Name = "Eve\u202e\nAnn Lee"
	sent := st.send(p)
	m := st.fake.Message(st.ch, sent.Message)
	if m.ThreadTS != root.Message || sent.Thread != root.Message {
		t.Errorf("not in the thread: %+v", m)
	}
	if m.Username != "Eve Ann Lee (customer)" && m.Username != "EveAnn Lee (customer)" {
		t.Errorf("posted as %q", m.Username)
	}
	if m.Icons == nil || m.Icons.Emoji != ":email:" {
		t.Errorf("icon %+v", m.Icons)
	}
	if n := st.fake.Inboxes.Notifications(st.ann); len(n) != 0 {
		t.Errorf("a customer could mention: %+v", n)
	}
	if strings.Contains(string(m.Blocks), "mrkdwn") || !strings.Contains(string(m.Blocks), `"rich_text"`) {
		t.Errorf("blocks %s", m.Blocks)
	}
	call := st.fake.Calls("chat.postMessage")[1].Args
	for k, v := range map[string]string{"parse": "none", "unfurl_links": "false", "unfurl_media": "false"} {
		if call[k] != v {
			t.Errorf("%s = %q", k, call[k])
		}
	}
	if strings.Contains(call["metadata"], "Eve") || !strings.Contains(call["metadata"], "t1") {
		t.Errorf("metadata %s", call["metadata"])
	}
}

// Lines mention who is to notice them, cards nobody.
//
func TestLineNotifiesCardDoesNot(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	if n := st.fake.Inboxes.Notifications(st.ann); len(n) != 0 {
		t.Errorf("the card notified: %+v", n)
	}
	st.send(st.post(bridge.PostLine, root, "t1"))
	if n := st.fake.Inboxes.Notifications(st.ann); len(n) != 1 {
		t.Errorf("notifications: %+v", n)
	}
}

// Case 20: long text continues, in order, and nothing is lost.
func TestLongTextContinues(t *testing.T) {
	t.Parallel()
	st := newStage(t, false, func(o *Options, f *slackfake.Options) { f.PostPerSecond = 1000; f.PostBurst = 1000 })
	root := st.root()
	for _, text := range []string{
		strings.Repeat("a", 4001), strings.Repeat("wörd ", 8001), strings.Repeat("- item\n", 600), strings.Repeat("**b** c ", 1500),
		strings.Repeat("line\n\n", 200), "```\n" + strings.Repeat("code <&>\n", 1000) + "```",
	} {
		p := st.post(bridge.PostSaid, root, fmt.Sprintf("t%d", len(text)))
		p.Said = said(text)
		got, n := "", 0
		for more := true; more; n++ {
			p.Part = n
			sent := st.send(p)
			more = sent.More
			got += blockkit.ReadText(blockkit.Typed{Blocks: st.fake.Message(st.ch, sent.Message).Blocks}).Plain + "\n"
		}
		if want := markdown.Plain(markdown.Parts(text)); strings.Join(strings.Fields(got), "") != strings.Join(strings.Fields(want), "") {
			t.Errorf("%.20q… became %d bytes of %d in %d parts", text, len(got), len(want), n)
		}
		if n < 2 && len(text) > 4000 {
			t.Errorf("%.20q…: %d parts", text, n)
		}
	}
}

// Case 6: Slack puts a reply to a deleted root at top level; it is taken back.
func TestReplyToADeletedRoot(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	if err := st.fake.Admin.ForgetMessage(st.ch, root.Message); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []bridge.PostKind{bridge.PostSaid, bridge.PostLine} {
		_, err := st.s.Send(st.ctx(), st.post(kind, root, string(kind)))
		class(t, err, channels.BadContent, bridge.ErrThreadLost)
	}
	if n := len(st.fake.Messages(st.ch)); n != 0 {
		t.Errorf("%d strays left", n)
	}
}

// Case 12: what was made although its answer was lost is found; what wasn't, isn't.
func TestReconcile(t *testing.T) {
	t.Parallel()
	for _, kind := range []bridge.PostKind{bridge.PostRoot, bridge.PostSaid, bridge.PostLine} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			st := newStage(t, false)
			root := st.root()
			p := st.post(kind, root, "t1")
			if kind == bridge.PostRoot {
				p.Place.Thread = ""
			}
			if out, _, err := st.s.Reconcile(st.ctx(), p); err != nil || out != channels.Absent {
				t.Fatalf("before: %v %v", out, err)
			}
			st.fake.Inject(slackfake.Fault{Method: "chat.postMessage", Kind: slackfake.FaultHTTP, After: true, Times: 1})
			_, err := st.s.Send(st.ctx(), p)
			class(t, err, channels.Ambiguous, nil)
			out, sent, err := st.s.Reconcile(st.ctx(), p)
			if err != nil || out != channels.Landed || st.fake.Message(st.ch, sent.Message) == nil {
				t.Errorf("after: %v %+v %v", out, sent, err)
			}
			p.Part = 1
			if out, _, _ := st.s.Reconcile(st.ctx(), p); out == channels.Landed { //nolint:errcheck // there is no such part
				t.Error("another part is taken for this one")
			}
		})
	}
}

// A stray whose removal failed is removed by Reconcile, and then Send says what is wrong.
func TestReconcileRemovesStray(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	if err := st.fake.Admin.ForgetMessage(st.ch, root.Message); err != nil {
		t.Fatal(err)
	}
	st.fake.Inject(slackfake.Fault{Method: "chat.delete", Kind: slackfake.FaultHTTP, Times: 1})
	p := st.post(bridge.PostSaid, root, "t1")
	_, err := st.s.Send(st.ctx(), p)
	class(t, err, channels.Ambiguous, nil)
	if n := len(st.fake.Messages(st.ch)); n != 1 {
		t.Fatalf("%d messages", n)
	}
	out, _, err := st.s.Reconcile(st.ctx(), p)
	if err != nil || out != channels.Absent || len(st.fake.Messages(st.ch)) != 0 {
		t.Errorf("%v %v, %d messages", out, err, len(st.fake.Messages(st.ch)))
	}
}

// Cases 13 to 17.
func TestFailures(t *testing.T) {
	t.Parallel()
	fault := func(f slackfake.Fault) func(*stage) {
		return func(st *stage) { f.Method = "chat.postMessage"; st.fake.Inject(f) }
	}
	cases := []struct {
		name string
		set  func(*stage)
		want channels.Class
		is   error
		wait time.Duration
	}{
		{"13 blank error", fault(slackfake.Fault{Kind: slackfake.FaultBlank}), channels.Ambiguous, nil, 0},
		{"14 429", fault(slackfake.Fault{Kind: slackfake.FaultRateLimit, Retry: 7}), channels.Throttled, nil, 7 * time.Second},
		{"14 429 without Retry-After", fault(slackfake.Fault{Kind: slackfake.FaultBareLimit}), channels.Throttled, nil, defaultRateWait},
		{"14 ratelimited body", fault(slackfake.Fault{Kind: slackfake.FaultLimitBody}), channels.Throttled, nil, defaultRateWait},
		{"14 rate_limited body", fault(slackfake.Fault{Kind: slackfake.FaultLimitBody, Error: "rate_limited"}), channels.Throttled, nil, defaultRateWait},
		{"15 HTML 502", fault(slackfake.Fault{Kind: slackfake.FaultHTTP, Status: 502}), channels.Ambiguous, nil, 0},
		{"cut", fault(slackfake.Fault{Kind: slackfake.FaultDrop}), channels.Ambiguous, nil, 0},
		{"internal_error", fault(slackfake.Fault{Kind: slackfake.FaultError}), channels.Ambiguous, nil, 0},
		{"invalid_auth", fault(slackfake.Fault{Kind: slackfake.FaultError, Error: "invalid_auth"}), channels.AuthBroken, nil, 0},
		{"missing_scope", func(st *stage) { st.fake.Admin.SetScopes("users:read") }, channels.AuthBroken, nil, 0},
		{"msg_too_long", fault(slackfake.Fault{Kind: slackfake.FaultError, Error: "msg_too_long"}), channels.BadContent, nil, 0},
		{"16 archived", func(st *stage) { must(st.t, st.fake.Admin.ArchiveChannel(st.ch, true)) }, channels.BadRecipient, bridge.ErrChannelClosed, 0},
		{"17 removed", func(st *stage) { must(st.t, st.fake.Admin.Kick(st.ch, st.fake.BotUserID())) }, channels.BadRecipient, bridge.ErrChannelClosed, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t, false)
			root := st.root()
			st.t = t
			c.set(st)
			_, err := st.s.Send(st.ctx(), st.post(bridge.PostSaid, root, "t1"))
			if se := class(t, err, c.want, c.is); se.Wait != c.wait {
				t.Errorf("wait %v", se.Wait)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// No connection at all is a certain failure.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	must(t, st.fake.Close())
	st.s.http.CloseIdleConnections()
	_, err := st.s.Send(st.ctx(), st.post(bridge.PostSaid, root, "t1"))
	class(t, err, channels.Retry, nil)
}

// A process that was stopped must not write when it wakes up.
func TestNoByteAfterTheDeadline(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-time.Second)
	st := newStage(t, false)
	root := st.root()
	before := len(st.fake.Calls(""))
	ctx, cancel := context.WithDeadline(context.Background(), past)
	defer cancel()
	if _, err := st.s.Send(ctx, st.post(bridge.PostSaid, root, "t1")); err == nil {
		t.Error("sent after its deadline")
	}
	if len(st.fake.Calls("")) != before {
		t.Error("a call was made after its deadline")
	}
}

func TestCardAndMark(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	before := string(st.fake.Message(st.ch, root.Message).Blocks)
	p := st.post(bridge.PostCard, root, "t1")
	p.Place = bridge.Place{Channel: st.ch, Message: root.Message}
	p.Facts.Status = bridge.StatusResolved
	st.send(p)
	m := st.fake.Message(st.ch, root.Message)
	if string(m.Blocks) == before || m.Metadata == nil {
		t.Errorf("card %s, metadata %v", m.Blocks, m.Metadata)
	}
	if call := st.fake.Calls("chat.update")[0].Args; call["parse"] != "none" {
		t.Errorf("parse %q", call["parse"])
	}
	ts := st.say(root.Message, "done")
	mark := bridge.Post{Kind: bridge.PostMark, Token: "t2", Mark: bridge.MarkSent, Place: bridge.Place{Channel: st.ch, Thread: root.Message, Message: ts}}
	st.send(mark)
	st.send(mark) // already_reacted is as good
	if r := st.fake.Message(st.ch, ts).Reactions; len(r) != 1 {
		t.Errorf("reactions %+v", r)
	}
	mark.Place.Message = "1600000000.000100"
	_, err := st.s.Send(st.ctx(), mark)
	class(t, err, channels.BadContent, bridge.ErrMessageGone)
	p.Place.Message = "1600000000.000100"
	_, err = st.s.Send(st.ctx(), p)
	class(t, err, channels.BadContent, bridge.ErrMessageGone)
	if out, _, err := st.s.Reconcile(st.ctx(), p); out != channels.Absent || err != nil {
		t.Errorf("%v %v", out, err)
	}
}

// Case 36: where the app can't whisper it writes directly.
func TestWhisper(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	p := st.post(bridge.PostEphemeral, root, "t1")
	p.To = st.ann
	st.send(p)
	if e := st.fake.Ephemerals(st.ann); len(e) != 1 || e[0].ThreadTS != root.Message {
		t.Errorf("ephemerals %+v", e)
	}
	other := st.fake.Admin.AddChannel(slackfake.Channel{Name: "random", Members: []string{st.ann}})
	p.Place = bridge.Place{Channel: other.ID}
	sent := st.send(p)
	if m := st.fake.Message(st.fake.DM(st.ann), sent.Message); m == nil {
		t.Errorf("no direct message; sent %+v", sent)
	}
}

// A private answer goes once one of its buttons did something: what it says was so before. A button
// that only shows something leaves it.
func TestPrivateAnswerGoesWhenItWasUsed(t *testing.T) {
	t.Parallel()
	st := newStage(t, true)
	st.withFacts()
	p := st.post(bridge.PostEphemeral, st.root(), "t1")
	p.To = st.ann
	p.Line = &bridge.Line{Content: &bridge.SnoozedLine{}, Verbs: []bridge.Verb{bridge.VerbFind, bridge.VerbWake}, Args: bridge.Args{Conversation: 12}}
	st.send(p)
	press := func(label string) {
		t.Helper()
		e := st.fake.Ephemerals(st.ann)[0]
		_, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{Channel: p.Place.Channel, TS: e.TS}, button(t, e.Blocks, label))
		must(t, err)
	}
	press("More")
	st.view(st.ann, func(*slackfake.View) bool { return true })
	if st.fake.Ephemerals(st.ann)[0].Deleted {
		t.Error("it went though its button only showed the details")
	}
	press("Wake")
	must(t, st.fake.WaitFor(st.ctx(), func() bool {
		all := st.fake.Ephemerals(st.ann)
		return len(all) == 0 || all[0].Deleted
	}))
	if a := st.decode(st.desk.First(t, "i:")); a.Verb != bridge.VerbWake {
		t.Errorf("stored: %+v", a)
	}
}
