package slack

import (
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// If Slack's answer about showing files is lost, or says nothing, and their thread can't be read for long, they don't count as
// shown. They are looked for and, once the search was given up, uploaded anew: rather twice than never.
func TestFilesOfWhichNobodyCanTell(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault slackfake.Fault
		class channels.Class
	}{
		"lost":    {fault: slackfake.Fault{Kind: slackfake.FaultHTTP}, class: channels.Ambiguous},
		"refused": {fault: slackfake.Fault{Kind: slackfake.FaultError, Error: "file_update_failed"}, class: channels.Retry},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			st := newStage(t, func(o *Options, _ *slackfake.Options) {
				o.ShareWait, o.Now = time.Millisecond, func() time.Time { return now }
			})
			root := st.postRoot()
			p := st.newPost(bridge.PostFiles, root, "t1")
			p.Files = []channels.File{textFile("plan.pdf", "one")}
			p.Part, p.Progress = 1, st.mustSend(p).Progress
			c.fault.Method, c.fault.Times = "files.completeUploadExternal", 1
			st.fake.Inject(c.fault)
			st.fake.Inject(slackfake.Fault{Method: "conversations.replies", Kind: slackfake.FaultError, Error: "access_denied", Times: 3})
			sent, err := st.surface.Send(st.ctx(), p)
			_ = wantSendError(t, err, c.class)

			p.Progress, now = sent.Progress, now.Add(10*time.Minute)
			sent, err = st.surface.Send(st.ctx(), p)
			wantEqual(t, "time to wait until it is looked for again", wantSendError(t, err, channels.Retry).Wait, maxShareLookWait)
			p.Progress, p.Unsure = sent.Progress, true
			sent = st.sendPatiently(p, func() {
				st.waitInThread(root, 2)
			})
			st.wantMessage(sent.Message, root.Message, 1)
		})
	}
}

// Files that were asked for in a thread whose first message was deleted stand at top level. When that is seen only after the thread
// has begun anew, they are taken back and shown in the new thread, which isn't lost.
func TestFilesAskedForInAnEarlierThread(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	root := st.postRoot()
	p := st.newPost(bridge.PostFiles, root, "t1")
	p.Files = []channels.File{textFile("plan.pdf", "one")}
	p.Part, p.Progress = lastShowPart, st.mustSend(p).Progress
	must(t, st.fake.Admin.ForgetMessage(st.channel, root.Message))
	st.fake.Inject(slackfake.Fault{Method: "files.completeUploadExternal", Kind: slackfake.FaultHTTP, After: true, Times: 1})
	sent, err := st.surface.Send(st.ctx(), p)
	_ = wantSendError(t, err, channels.Ambiguous)
	must(t, st.fake.WaitFor(st.ctx(), func() bool { return len(st.fake.Messages(st.channel)) == 1 }))

	p.Place.Thread, p.Progress = st.postRoot().Thread, sent.Progress
	sent = st.sendPatiently(p, func() {})
	st.wantMessage(sent.Message, p.Place.Thread, 1)
	wantEqual(t, "messages at top level", len(st.fake.Messages(st.channel)), 1)
}
