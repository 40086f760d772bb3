package slack

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
	"parley/channels/markdown"
	"parley/channels/wire"
)

// These tests send posts (cards, customers' messages, lines) and check what people then see in Slack. world
// (harness_test.go) puts a Surface between slackfake, which plays Slack and its people, and fakeDesk, which plays the
// engine.

// A customer's message is posted in its thread under the customer's name, marked as a customer's, so that it can't
// look like a colleague's.
func TestSaidStandsUnderTheCustomersName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	p := w.newPost(bridge.PostSaid, root, "t1")
	p.Said.From.Name = "Eve\u202e\nAnn Lee" // a right-to-left override and a line break
	sent := w.mustSend(p)
	wantEqual(t, "thread that is returned", sent.Thread, root.Message)

	m := w.wantMessage(sent.Message, root.Message, 0)
	wantEqual(t, "name", m.Username, "Eve Ann Lee (customer)")
	if m.Icons == nil {
		t.Fatal("the message has no icon")
	}
	wantEqual(t, "icon", m.Icons.Emoji, ":email:")
}

// A customer's message can neither mention anybody nor hide where a link leads.
func TestSaidMentionsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.newPost(bridge.PostSaid, w.postRoot(), "t1")
	p.Said = eveSaid("**Help** <!channel> <@U0ANN> `x` :fire: *a* https://evil.test [bank.test](https://evil.test)")
	m := w.fake.Message(w.channel, w.mustSend(p).Message)
	wantEqual(t, "notifications for Ann", len(w.fake.Inboxes.Notifications(w.ann)), 0)
	wantWords(t, string(m.Blocks), `"rich_text"`)
	wantNoWords(t, string(m.Blocks), "mrkdwn") // Slack's markup, in which a mention or a link can be written
}

// Requirement R-251: Notices by mentions in the thread.
func TestCardNotifiesNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.postRoot()
	wantEqual(t, "notifications for Ann", len(w.fake.Inboxes.Notifications(w.ann)), 0)
}

// Requirement R-251: Notices by mentions in the thread.
func TestLineNotifiesWhomItMentions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.mustSend(w.newPost(bridge.PostLine, w.postRoot(), "t1")) // which mentions Ann
	wantEqual(t, "notifications for Ann", len(w.fake.Inboxes.Notifications(w.ann)), 1)
}

// sendLongText posts a customer's text. It returns the text as Slack shows it, and the number of messages.
func (w *world) sendLongText(text string) (shown string, parts int) {
	w.t.Helper()
	p := w.newPost(bridge.PostSaid, w.postRoot(), "t1")
	p.Said = eveSaid(text)
	for more := true; more; parts++ {
		p.Part = parts
		sent := w.mustSend(p)
		more = sent.More
		shown += blockkit.ReadText(blockkit.Typed{Blocks: w.fake.Message(w.channel, sent.Message).Blocks}).Plain + "\n"
	}
	return shown, parts
}

func withoutBlanks(s string) string { return strings.Join(strings.Fields(s), "") }

// A long text is continued in further messages, in order and without losses (case 20).
func TestLongTextContinues(t *testing.T) {
	t.Parallel()
	const maxOneMessageBytes = 4000
	for _, tt := range []struct {
		name string
		text string
	}{
		{name: "one word", text: strings.Repeat("a", 4001)},
		{name: "words with letters of two bytes", text: strings.Repeat("wörd ", 8001)},
		{name: "list", text: strings.Repeat("- item\n", 600)},
		{name: "formatting", text: strings.Repeat("**b** c ", 1500)},
		{name: "paragraphs", text: strings.Repeat("line\n\n", 200)}, // which fit into one message
		{name: "links", text: strings.Repeat("[offer](https://shop.example/?"+strings.Repeat("a=1&", 60)+")\n\n", 40)},
		{name: "code", text: "```\n" + strings.Repeat("code <&>\n", 1000) + "```"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(_ *Options, f *slackfake.Options) { f.PostPerSecond, f.PostBurst = noLimit, noLimit })

			shown, parts := w.sendLongText(tt.text)
			if want := markdown.Plain(markdown.Parts(tt.text)); withoutBlanks(shown) != withoutBlanks(want) {
				t.Errorf("got %d bytes in %d messages, want the same words in %d bytes", len(shown), parts, len(want))
			}
			if len(tt.text) > maxOneMessageBytes && parts < 2 {
				t.Errorf("got %d messages, want several", parts)
			}
		})
	}
}

// Slack puts a reply to a deleted root into the channel, outside of all threads. Parley deletes it there (case 6).
func TestReplyToADeletedRootIsTakenBack(t *testing.T) {
	t.Parallel()
	for _, kind := range []bridge.PostKind{bridge.PostSaid, bridge.PostLine} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root := w.postRoot()
			noError(t, w.fake.Admin.ForgetMessage(w.channel, root.Message))
			_, err := w.surface.Send(w.ctx(), w.newPost(kind, root, "t1"))
			wantSendErrorIs(t, err, channels.BadContent, bridge.ErrThreadLost)
			wantEqual(t, "messages at top level", len(w.fake.Messages(w.channel)), 0)
		})
	}
}

// forEachKindOfPost runs a check for a root, a customer's message and a line, none of which is sent yet.
func forEachKindOfPost(t *testing.T, check func(*testing.T, *world, bridge.Post)) {
	t.Helper()
	t.Run("root", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		p := w.newPost(bridge.PostRoot, w.postRoot(), "t1") // another thread's
		p.Place.Thread = ""
		check(t, w, p)
	})
	for _, kind := range []bridge.PostKind{bridge.PostSaid, bridge.PostLine} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			check(t, w, w.newPost(kind, w.postRoot(), "t1"))
		})
	}
}

// Reconcile doesn't find a post that was never made (case 12).
func TestReconcilePostThatWasNeverMade(t *testing.T) {
	t.Parallel()
	forEachKindOfPost(t, func(_ *testing.T, w *world, p bridge.Post) {
		w.wantReconciled(p, channels.Absent)
	})
}

// sendWithLostAnswer sends a post that Slack makes although its answer is lost.
func (w *world) sendWithLostAnswer(p bridge.Post) {
	w.t.Helper()
	w.fake.Inject(slackfake.Fault{Method: "chat.postMessage", Kind: slackfake.FaultHTTP, After: true, Times: 1})
	_, err := w.surface.Send(w.ctx(), p)
	_ = wantSendError(w.t, err, channels.Ambiguous)
}

// Reconcile finds a post whose answer was lost (case 12).
func TestReconcilePostWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	forEachKindOfPost(t, func(t *testing.T, w *world, p bridge.Post) {
		w.sendWithLostAnswer(p)
		sent := w.wantReconciled(p, channels.Landed)
		if w.fake.Message(w.channel, sent.Message) == nil {
			t.Errorf("found is %+v, which isn't there", sent)
		}
	})
}

// Each failure has its class, and says how long to wait (cases 13 to 15).
func TestFailuresAreClassified(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault slackfake.Fault
		class channels.Class
		wait  time.Duration
	}{
		// Slack may have made the post, or not.
		{name: "13 blank error", fault: slackfake.Fault{Kind: slackfake.FaultBlank}, class: channels.Ambiguous},
		{name: "15 HTML 502", fault: slackfake.Fault{Kind: slackfake.FaultHTTP, Status: http.StatusBadGateway}, class: channels.Ambiguous},
		{name: "cut", fault: slackfake.Fault{Kind: slackfake.FaultDrop}, class: channels.Ambiguous},
		{name: "internal_error", fault: slackfake.Fault{Kind: slackfake.FaultError}, class: channels.Ambiguous},

		// Slack asks for fewer posts.
		{
			name: "14 429", fault: slackfake.Fault{Kind: slackfake.FaultRateLimit, Retry: 7},
			class: channels.Throttled, wait: 7 * time.Second,
		},
		{
			name: "14 429 without Retry-After", fault: slackfake.Fault{Kind: slackfake.FaultBareLimit},
			class: channels.Throttled, wait: DefaultWait,
		},
		{
			name: "14 ratelimited body", fault: slackfake.Fault{Kind: slackfake.FaultLimitBody},
			class: channels.Throttled, wait: DefaultWait,
		},
		{
			name: "14 rate_limited body", fault: slackfake.Fault{Kind: slackfake.FaultLimitBody, Error: "rate_limited"},
			class: channels.Throttled, wait: DefaultWait,
		},

		// Slack refuses us, or the post.
		{name: "invalid_auth", fault: slackfake.Fault{Kind: slackfake.FaultError, Error: "invalid_auth"}, class: channels.AuthBroken},
		{name: "msg_too_long", fault: slackfake.Fault{Kind: slackfake.FaultError, Error: "msg_too_long"}, class: channels.BadContent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root := w.postRoot()
			tt.fault.Method = "chat.postMessage"
			w.fake.Inject(tt.fault)
			_, err := w.surface.Send(w.ctx(), w.newPost(bridge.PostSaid, root, "t1"))
			wantEqual(t, "time to wait", wantSendError(t, err, tt.class).Wait, tt.wait)
		})
	}
}

// A channel is closed if it was archived, or if the app was removed from it (cases 16 and 17).
func TestPostInAClosedChannel(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		close func(*world) error
	}{
		{name: "16 archived", close: func(w *world) error { return w.fake.Admin.ArchiveChannel(w.channel, true) }},
		{name: "17 removed", close: func(w *world) error { return w.fake.Admin.Kick(w.channel, w.fake.BotUserID()) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			root := w.postRoot()
			noError(t, tt.close(w))
			_, err := w.surface.Send(w.ctx(), w.newPost(bridge.PostSaid, root, "t1"))
			wantSendErrorIs(t, err, channels.BadRecipient, bridge.ErrChannelClosed)
			wantEqual(t, "time to wait", wantSendError(t, err, channels.BadRecipient).Wait, 0)
		})
	}
}

// A process that was stopped must not write when it wakes up. So posts leave by the fence's client, which writes
// nothing after the deadline and notes whether a byte of a request left.
func TestNoByteAfterTheDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	inTime, attempt := wire.Watch(w.ctx())
	_, err := w.surface.Send(inTime, w.newPost(bridge.PostSaid, root, "t1"))
	noError(t, err)
	wantEqual(t, "the post left by the fence's client", attempt.MayHaveLeft(), true)

	before := len(w.fake.Calls("chat.postMessage"))
	tooLate, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
	defer cancel()
	if _, err := w.surface.Send(tooLate, w.newPost(bridge.PostSaid, root, "t2")); err == nil {
		t.Error("sent after its deadline, want an error")
	}
	wantEqual(t, "posts after the deadline", len(w.fake.Calls("chat.postMessage"))-before, 0)
}
