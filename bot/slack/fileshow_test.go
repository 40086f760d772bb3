package slack

import (
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// Slack's answer about showing files is lost, or says nothing, and for long their thread can't be read: they don't count as shown.
// They are looked for and, once the search was given up, uploaded anew: rather twice than never.
func TestFilesOfWhichNobodyCanTell(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault slackfake.Fault
		class channels.Class
	}{
		"lost":    {slackfake.Fault{Kind: slackfake.FaultHTTP}, channels.Ambiguous},
		"refused": {slackfake.Fault{Kind: slackfake.FaultError, Error: "file_update_failed"}, channels.Retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			st := newStage(t, false, func(o *Options, _ *slackfake.Options) {
				o.ShareWait, o.Now = time.Millisecond, func() time.Time { return now }
			})
			root := st.root()
			p := st.post(bridge.PostFiles, root, "t1")
			p.Files = []channels.File{upload("plan.pdf", "one")}
			p.Part, p.Progress = 1, st.send(p).Progress
			c.fault.Method, c.fault.Times = "files.completeUploadExternal", 1
			st.fake.Inject(c.fault)
			st.fake.Inject(slackfake.Fault{Method: "conversations.replies", Kind: slackfake.FaultError, Error: "access_denied", Times: 3})
			sent, err := st.s.Send(st.ctx(), p)
			class(t, err, c.class, nil)

			p.Progress, now = sent.Progress, now.Add(10*time.Minute)
			sent, err = st.s.Send(st.ctx(), p)
			if se := class(t, err, channels.Retry, nil); se.Wait != maxShareLookWait {
				t.Errorf("looked for again after %s", se.Wait)
			}
			p.Progress, p.Unsure = sent.Progress, true
			sent = st.sendPatiently(p, func() {
				must(t, st.fake.WaitFor(st.ctx(), func() bool { return len(st.fake.Thread(st.ch, root.Message)) > 1 }))
			})
			if m := st.fake.Message(st.ch, sent.Message); m == nil || len(m.Files) != 1 {
				t.Errorf("the agent sees %+v after %+v", m, sent)
			}
		})
	}
}

// Files that were asked for in a thread whose first message was deleted stand at top level. When that is seen only after the thread
// has begun anew, they are taken back and shown in the new thread, which isn't lost.
func TestFilesAskedForInAnEarlierThread(t *testing.T) {
	t.Parallel()
	st := newStage(t, false)
	root := st.root()
	p := st.post(bridge.PostFiles, root, "t1")
	p.Files = []channels.File{upload("plan.pdf", "one")}
	p.Part, p.Progress = lastShowPart, st.send(p).Progress
	must(t, st.fake.Admin.ForgetMessage(st.ch, root.Message))
	st.fake.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultHTTP, After: true, Times: 1})
	sent, err := st.s.Send(st.ctx(), p)
	class(t, err, channels.Ambiguous, nil)
	must(t, st.fake.WaitFor(st.ctx(), func() bool { return len(st.fake.Messages(st.ch)) == 1 }))

	p.Place.Thread, p.Progress = st.root().Thread, sent.Progress
	sent = st.sendPatiently(p, func() {})
	m := st.fake.Message(st.ch, sent.Message)
	if m == nil || m.ThreadTS != p.Place.Thread || len(m.Files) != 1 || len(st.fake.Messages(st.ch)) != 1 {
		t.Errorf("the agent sees %+v, %d at top level", m, len(st.fake.Messages(st.ch)))
	}
}
