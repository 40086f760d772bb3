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

// eveSaid is a message of a customer.
func eveSaid(text string) *bridge.Said {
	return &bridge.Said{MessageID: 7, From: bridge.PartyRef{Name: "Eve & Co", Address: "eve@example.org"}, At: when(), Text: text}
}

// newPost makes a post in a root's thread. token makes it another one than other posts of its kind.
func (st *stage) newPost(kind bridge.PostKind, root bridge.Place, token string) bridge.Post {
	return bridge.Post{
		Kind: kind, Token: token, Attempt: 1, FirstAttemptAt: time.Now(), Place: bridge.Place{Channel: root.Channel, Thread: root.Message},
		Facts: sampleFacts(), Said: eveSaid("Hello"),
		Line: &bridge.Line{Content: bridge.LineReopened, Mentions: []bridge.AgentRef{{ID: 1, Name: "Ann", User: st.ann}}},
	}
}

func (st *stage) mustSend(p bridge.Post) bridge.Sent {
	st.t.Helper()
	sent, err := st.surface.Send(st.ctx(), p)
	must(st.t, err)
	return sent
}

// wantSendError checks how an error of Send is classified.
func wantSendError(t *testing.T, err error, class channels.Class) *channels.SendError {
	t.Helper()
	var se *channels.SendError
	if !errors.As(err, &se) {
		t.Fatalf("got error %v, want one of class %s", err, class)
	}
	if se.Class != class {
		t.Fatalf("got error %v of class %s, want class %s", err, se.Class, class)
	}
	return se
}

// wantSendErrorIs checks also what the error says is gone.
func wantSendErrorIs(t *testing.T, err error, class channels.Class, gone error) {
	t.Helper()
	_ = wantSendError(t, err, class)
	if !errors.Is(err, gone) {
		t.Fatalf("got error %v, want one that is %v", err, gone)
	}
}

// A customer's message stands in its thread under their name, and can neither mention anybody nor hide where a link leads.
func TestSendSaid(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	p := st.newPost(bridge.PostSaid, root, "t1")
	p.Said = eveSaid("**Help** <!channel> <@U0ANN> `x` :fire: *a* https://evil.test [bank.test](https://evil.test)")
	p.Said.From.Name = "Eve\u202e\nAnn Lee"
	sent := st.mustSend(p)
	m := st.fake.Message(st.channel, sent.Message)
	wantEqual(t, "thread of the message", m.ThreadTS, root.Message)
	wantEqual(t, "thread that is returned", sent.Thread, root.Message)
	if m.Username != "Eve Ann Lee (customer)" && m.Username != "EveAnn Lee (customer)" {
		t.Errorf("posted as %q, want Eve Ann Lee (customer)", m.Username)
	}
	if m.Icons == nil || m.Icons.Emoji != ":email:" {
		t.Errorf("got the icon %+v, want :email:", m.Icons)
	}
	wantEqual(t, "notifications for Ann", len(st.fake.Inboxes.Notifications(st.ann)), 0)
	wantWords(t, string(m.Blocks), `"rich_text"`)
	wantEqual(t, "blocks have markup", strings.Contains(string(m.Blocks), "mrkdwn"), false)
}

// Slack is told to leave links and words alone, and by which token a post is found again, but nothing of the customer's beside it.
func TestSendSaidArguments(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.mustSend(st.newPost(bridge.PostSaid, st.postRoot(), "t1"))
	args := st.fake.Calls("chat.postMessage")[1].Args
	for name, want := range map[string]string{"parse": "none", "unfurl_links": "false", "unfurl_media": "false"} {
		wantEqual(t, name, args[name], want)
	}
	wantWords(t, args["metadata"], "t1")
	wantEqual(t, "metadata names the customer", strings.Contains(args["metadata"], "Eve"), false)
}

// Lines notify those whom they mention, cards nobody.
//
func TestLineNotifiesCardDoesNot(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	wantEqual(t, "notifications by the card", len(st.fake.Inboxes.Notifications(st.ann)), 0)
	st.mustSend(st.newPost(bridge.PostLine, root, "t1"))
	wantEqual(t, "notifications by the line", len(st.fake.Inboxes.Notifications(st.ann)), 1)
}

// Case 20: a long text is continued in further messages, in order, and nothing of it is lost.
func TestLongTextContinues(t *testing.T) {
	t.Parallel()
	st := newStage(t, func(o *Options, f *slackfake.Options) { f.PostPerSecond = 1000; f.PostBurst = 1000 })
	root := st.postRoot()
	for _, text := range []string{
		strings.Repeat("a", 4001), strings.Repeat("wörd ", 8001), strings.Repeat("- item\n", 600), strings.Repeat("**b** c ", 1500),
		strings.Repeat("line\n\n", 200), "```\n" + strings.Repeat("code <&>\n", 1000) + "```",
	} {
		p := st.newPost(bridge.PostSaid, root, fmt.Sprintf("t%d", len(text)))
		p.Said = eveSaid(text)
		got, n := "", 0
		for more := true; more; n++ {
			p.Part = n
			sent := st.mustSend(p)
			more = sent.More
			got += blockkit.ReadText(blockkit.Typed{Blocks: st.fake.Message(st.channel, sent.Message).Blocks}).Plain + "\n"
		}
		if want := markdown.Plain(markdown.Parts(text)); withoutBlanks(got) != withoutBlanks(want) {
			t.Errorf("%.20q… became %d bytes in %d parts, want the same words in %d bytes", text, len(got), n, len(want))
		}
		if n < 2 && len(text) > 4000 {
			t.Errorf("%.20q… became %d parts, want several", text, n)
		}
	}
}

func withoutBlanks(s string) string { return strings.Join(strings.Fields(s), "") }

// Case 6: Slack puts a reply to a deleted root at top level. There it is taken back.
func TestReplyToADeletedRoot(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	must(t, st.fake.Admin.ForgetMessage(st.channel, root.Message))
	for _, kind := range []bridge.PostKind{bridge.PostSaid, bridge.PostLine} {
		_, err := st.surface.Send(st.ctx(), st.newPost(kind, root, string(kind)))
		wantSendErrorIs(t, err, channels.BadContent, bridge.ErrThreadLost)
	}
	wantEqual(t, "messages at top level", len(st.fake.Messages(st.channel)), 0)
}

// Case 12: a post whose answer was lost is found, one that was never made isn't.
func TestReconcile(t *testing.T) {
	t.Parallel()
	for _, kind := range []bridge.PostKind{bridge.PostRoot, bridge.PostSaid, bridge.PostLine} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			root := st.postRoot()
			p := st.newPost(kind, root, "t1")
			if kind == bridge.PostRoot {
				p.Place.Thread = ""
			}
			st.wantReconciled(p, channels.Absent)
			st.fake.Inject(slackfake.Fault{Method: "chat.postMessage", Kind: slackfake.FaultHTTP, After: true, Times: 1})
			_, err := st.surface.Send(st.ctx(), p)
			_ = wantSendError(t, err, channels.Ambiguous)
			sent := st.wantReconciled(p, channels.Landed)
			if st.fake.Message(st.channel, sent.Message) == nil {
				t.Errorf("found is %+v, which isn't there", sent)
			}
			p.Part = 1
			if out, _, _ := st.surface.Reconcile(st.ctx(), p); out == channels.Landed { //nolint:errcheck // there is no such part
				t.Error("another part is taken for this one")
			}
		})
	}
}

// wantReconciled checks what is found of a post.
func (st *stage) wantReconciled(p bridge.Post, want channels.Outcome) bridge.Sent {
	st.t.Helper()
	out, sent, err := st.surface.Reconcile(st.ctx(), p)
	must(st.t, err)
	wantEqual(st.t, "what is found of the post", out, want)
	return sent
}

// If a reply that landed at top level couldn't be taken back, Reconcile takes it back.
func TestReconcileTakesBack(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	must(t, st.fake.Admin.ForgetMessage(st.channel, root.Message))
	st.fake.Inject(slackfake.Fault{Method: "chat.delete", Kind: slackfake.FaultHTTP, Times: 1})
	p := st.newPost(bridge.PostSaid, root, "t1")
	_, err := st.surface.Send(st.ctx(), p)
	_ = wantSendError(t, err, channels.Ambiguous)
	wantEqual(t, "messages at top level", len(st.fake.Messages(st.channel)), 1)
	st.wantReconciled(p, channels.Absent)
	wantEqual(t, "messages at top level after Reconcile", len(st.fake.Messages(st.channel)), 0)
}

// Cases 13 to 17: each failure has its class, says how long to wait, and what is gone.
func TestFailures(t *testing.T) {
	t.Parallel()
	fault := func(f slackfake.Fault) func(*stage) {
		return func(st *stage) { f.Method = "chat.postMessage"; st.fake.Inject(f) }
	}
	for _, tt := range []struct {
		name string
		set  func(*stage)
		want channels.Class
		gone error         // wanted
		wait time.Duration // wanted
	}{
		{name: "13 blank error", want: channels.Ambiguous, set: fault(slackfake.Fault{Kind: slackfake.FaultBlank})},
		{name: "14 429", want: channels.Throttled, wait: 7 * time.Second,
			set: fault(slackfake.Fault{Kind: slackfake.FaultRateLimit, Retry: 7})},
		{name: "14 429 without Retry-After", want: channels.Throttled, wait: defaultRateWait,
			set: fault(slackfake.Fault{Kind: slackfake.FaultBareLimit})},
		{name: "14 ratelimited body", want: channels.Throttled, wait: defaultRateWait,
			set: fault(slackfake.Fault{Kind: slackfake.FaultLimitBody})},
		{name: "14 rate_limited body", want: channels.Throttled, wait: defaultRateWait,
			set: fault(slackfake.Fault{Kind: slackfake.FaultLimitBody, Error: "rate_limited"})},
		{name: "15 HTML 502", want: channels.Ambiguous, set: fault(slackfake.Fault{Kind: slackfake.FaultHTTP, Status: 502})},
		{name: "cut", want: channels.Ambiguous, set: fault(slackfake.Fault{Kind: slackfake.FaultDrop})},
		{name: "internal_error", want: channels.Ambiguous, set: fault(slackfake.Fault{Kind: slackfake.FaultError})},
		{name: "invalid_auth", want: channels.AuthBroken, set: fault(slackfake.Fault{Kind: slackfake.FaultError, Error: "invalid_auth"})},
		{name: "missing_scope", want: channels.AuthBroken, set: func(st *stage) { st.fake.Admin.SetScopes("users:read") }},
		{name: "msg_too_long", want: channels.BadContent, set: fault(slackfake.Fault{Kind: slackfake.FaultError, Error: "msg_too_long"})},
		{name: "16 archived", want: channels.BadRecipient, gone: bridge.ErrChannelClosed,
			set: func(st *stage) { must(st.t, st.fake.Admin.ArchiveChannel(st.channel, true)) }},
		{name: "17 removed", want: channels.BadRecipient, gone: bridge.ErrChannelClosed,
			set: func(st *stage) { must(st.t, st.fake.Admin.Kick(st.channel, st.fake.BotUserID())) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			root := st.postRoot()
			tt.set(st)
			_, err := st.surface.Send(st.ctx(), st.newPost(bridge.PostSaid, root, "t1"))
			wantEqual(t, "time to wait", wantSendError(t, err, tt.want).Wait, tt.wait)
			if tt.gone != nil {
				wantSendErrorIs(t, err, tt.want, tt.gone)
			}
		})
	}
}

// If no connection can be made, nothing was sent for certain.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	must(t, st.fake.Close())
	st.surface.http.CloseIdleConnections()
	_, err := st.surface.Send(st.ctx(), st.newPost(bridge.PostSaid, root, "t1"))
	_ = wantSendError(t, err, channels.Retry)
}

// A process that was stopped must not write when it wakes up.
func TestNoByteAfterTheDeadline(t *testing.T) {
	t.Parallel()
	past := time.Now().Add(-time.Second)
	st := newStage(t)
	root := st.postRoot()
	before := len(st.fake.Calls(""))
	ctx, cancel := context.WithDeadline(context.Background(), past)
	defer cancel()
	if _, err := st.surface.Send(ctx, st.newPost(bridge.PostSaid, root, "t1")); err == nil {
		t.Error("sent after its deadline, want an error")
	}
	wantEqual(t, "calls after the deadline", len(st.fake.Calls(""))-before, 0)
}

// A card is updated in its place, and keeps what it is found by.
func TestCard(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	before := string(st.fake.Message(st.channel, root.Message).Blocks)
	st.mustSend(st.resolvedCard(root.Message))
	m := st.fake.Message(st.channel, root.Message)
	if string(m.Blocks) == before {
		t.Errorf("the card is still %s", before)
	}
	if m.Metadata == nil {
		t.Error("the card has no metadata any more")
	}
	wantEqual(t, "parse", st.fake.Calls("chat.update")[0].Args["parse"], "none")
}

// resolvedCard is the card of a resolved conversation in the place of a message.
func (st *stage) resolvedCard(message string) bridge.Post {
	p := st.newPost(bridge.PostCard, bridge.Place{}, "t1")
	p.Place = bridge.Place{Channel: st.channel, Message: message}
	p.Facts.Status = bridge.StatusResolved
	return p
}

// A mark is there once, however often it is sent.
func TestMark(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	ts := st.postAsAnn(root.Message, "done")
	mark := bridge.Post{Kind: bridge.PostMark, Token: "t2", Mark: bridge.MarkSent, Place: bridge.Place{Channel: st.channel, Thread: root.Message, Message: ts}}
	st.mustSend(mark)
	st.mustSend(mark) // Slack says already_reacted
	wantEqual(t, "reactions", len(st.fake.Message(st.channel, ts).Reactions), 1)
}

// Of a message that is gone, Send says so, for a mark and for a card.
func TestCardAndMarkOfAMessageThatIsGone(t *testing.T) {
	t.Parallel()
	const gone = "1600000000.000100"
	st := newStage(t)
	st.postRoot()
	_, err := st.surface.Send(st.ctx(), bridge.Post{Kind: bridge.PostMark, Token: "t2", Mark: bridge.MarkSent, Place: bridge.Place{Channel: st.channel, Message: gone}})
	wantSendErrorIs(t, err, channels.BadContent, bridge.ErrMessageGone)
	p := st.resolvedCard(gone)
	_, err = st.surface.Send(st.ctx(), p)
	wantSendErrorIs(t, err, channels.BadContent, bridge.ErrMessageGone)
	st.wantReconciled(p, channels.Absent)
}

// Case 36: if the app isn't in a channel, it writes to a person directly instead of showing them something there.
func TestWhisper(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	p := st.newPost(bridge.PostEphemeral, root, "t1")
	p.To = st.ann
	st.mustSend(p)
	if e := st.fake.Ephemerals(st.ann); len(e) != 1 || e[0].ThreadTS != root.Message {
		t.Errorf("Ann alone sees %+v, want one message in the thread", e)
	}

	other := st.fake.Admin.AddChannel(slackfake.Channel{Name: "random", Members: []string{st.ann}})
	p.Place = bridge.Place{Channel: other.ID}
	if sent := st.mustSend(p); st.fake.Message(st.fake.DM(st.ann), sent.Message) == nil {
		t.Errorf("sent is %+v, want a direct message", sent)
	}
}

// What a private answer says holds no longer once one of its buttons did something: then it goes. A button that only shows something
// leaves it.
func TestPrivateAnswerGoesWhenItWasUsed(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	p := st.newPost(bridge.PostEphemeral, st.postRoot(), "t1")
	p.To = st.ann
	p.Line = &bridge.Line{Content: &bridge.SnoozedLine{}, Verbs: []bridge.Verb{bridge.VerbFind, bridge.VerbWake}, Args: bridge.Args{Conversation: 12}}
	st.mustSend(p)
	press := func(label string) {
		t.Helper()
		e := st.fake.Ephemerals(st.ann)[0]
		_, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{Channel: p.Place.Channel, TS: e.TS}, buttonID(t, e.Blocks, label))
		must(t, err)
	}
	press("More")
	st.waitForWindow(st.ann, func(*slackfake.View) bool { return true })
	wantEqual(t, "gone after a button that shows the details", st.fake.Ephemerals(st.ann)[0].Deleted, false)
	press("Wake")
	must(t, st.fake.WaitFor(st.ctx(), func() bool {
		all := st.fake.Ephemerals(st.ann)
		return len(all) == 0 || all[0].Deleted
	}))
	wantEqual(t, "stored action", st.waitAction("i:").Verb, bridge.VerbWake)
}

// A button that shows something by an answer of its own leaves a private answer, too.
func TestPrivateAnswerStaysWhenMoreIsAsked(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	p := st.newPost(bridge.PostEphemeral, st.postRoot(), "t1")
	p.To = st.ann
	p.Line = &bridge.Line{Content: &bridge.HelpLine{}}
	st.mustSend(p)
	e := st.fake.Ephemerals(st.ann)[0]
	_, err := st.fake.As(st.ann).Click(st.ctx(), slackfake.Target{Channel: p.Place.Channel, TS: e.TS}, buttonID(t, e.Blocks, "All commands"))
	must(t, err)
	wantEqual(t, "stored action", st.waitAction("i:").Verb, bridge.VerbHelp)
	st.stop() // which waits for what the click has begun
	wantEqual(t, "private answers that Ann sees", len(st.fake.Ephemerals(st.ann)), 1)
}
