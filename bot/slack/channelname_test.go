package slack

import (
	"sync/atomic"
	"testing"
	"time"

	"parley/bot/slack/fact"
	"parley/bot/slack/slackfake"
	"parley/bridge"
)

// Slack mentions channels without their names: Parley asks for them. A customer never reads an id.
func TestChannelsHaveNames(t *testing.T) {
	t.Parallel()
	st := newConnectedStage(t)
	st.withFacts()
	st.fake.Admin.AddChannel(slackfake.Channel{ID: "C0SECRET", Name: "secret", Private: true, Members: []string{st.ann}})
	root := st.postRoot()
	for range 2 {
		at := bridge.Place{Channel: st.channel, Message: st.postAsAnn(root.Message, "see <#C0SUPPORT|>, <#C0SUPPORT> or <#C0SECRET>")}
		a := st.mustDecode(st.desk.First(t, fact.MessageID(st.channel, at.Message)))
		if want := "see #support, #support or a channel"; a.Text != want || a.Raw != want {
			t.Errorf("got %+v", a)
		}
	}
	if calls := st.fake.Calls("conversations.info"); len(calls) != 2 {
		t.Errorf("asked %d times", len(calls))
	}
	st.typeCommand("#12 reply: see <#C0SUPPORT|>")
	if a := st.lastAction(); a.Text != "see #support" {
		t.Errorf("got %+v", a)
	}
}

// A reply that was read while Slack didn't tell a channel's name leaves as it was read.
func TestChannelWithoutAnswer(t *testing.T) {
	t.Parallel()
	var ahead atomic.Int64 // how far Parley's clock is ahead
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	st := newConnectedStage(t, func(o *Options, _ *slackfake.Options) { o.Now = clock })
	st.withFacts()
	root := st.postRoot()
	at := bridge.Place{Channel: st.channel, Message: st.postAsAnn(root.Message, "hello")}
	st.desk.First(t, fact.MessageID(st.channel, at.Message))
	st.fake.Inject(slackfake.Fault{Method: "conversations.info", Kind: slackfake.FaultRateLimit, Retry: 3600, Times: 1})
	must(t, st.fake.As(st.ann).Edit(st.channel, at.Message, "see <#C0SUPPORT>"))
	if a := st.mustDecode(st.desk.First(t, "e:")); a.Text != "see a channel" {
		t.Errorf("got %+v", a)
	}
	ahead.Store(int64(time.Hour)) // Slack may be asked again
	for text, want := range map[string]bridge.Confirmation{"see a channel": bridge.Unchanged, "see #support": bridge.Unchanged, "see": bridge.Changed} {
		if got, err := st.surface.Confirm(st.ctx(), at, text); err != nil || got != want {
			t.Errorf("%q: %v %v", text, got, err)
		}
	}
}

// Slack isn't asked for a name again with each message, if it refused to tell it: such refusals stay until somebody mends the app.
func TestRefusedChannelNameIsAskedForOnce(t *testing.T) {
	t.Parallel()
	refusals := map[string]slackfake.Fault{
		"for good":    {Method: "conversations.info", Kind: slackfake.FaultError, Error: "missing_scope"},
		"for an hour": {Method: "conversations.info", Kind: slackfake.FaultRateLimit, Retry: 3600},
	}
	for name, refusal := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := newConnectedStage(t)
			st.withFacts()
			root := st.postRoot()
			st.fake.Inject(refusal)
			for range 3 {
				message := st.postAsAnn(root.Message, "see <#C0SUPPORT>")
				a := st.mustDecode(st.desk.First(t, fact.MessageID(st.channel, message)))
				if a.Text != "see a channel" {
					t.Errorf("got %q, want the channel without its name", a.Text)
				}
			}
			if calls := st.fake.Calls("conversations.info"); len(calls) != 1 {
				t.Errorf("Slack was asked %d times, want once", len(calls))
			}
		})
	}
}
