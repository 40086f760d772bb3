package slack

import (
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/bridge"
	"parley/channels"
)

// Files are uploaded by the first part of a post, and shown by the second one. If they have to be uploaded again, a
// third and last part shows them. After that they are only named.

// showFiles is the method by which Slack is asked to show uploaded files.
const showFiles = "files.completeUploadExternal"

// uploadPlan sends the first part of a post with one file in a root's thread. It returns the post as it is sent next.
func (w *world) uploadPlan(root bridge.Place) bridge.Post {
	w.t.Helper()
	p := w.newFilesPost(root, textFile("plan.pdf", "one"))
	p.Progress = w.mustSend(p).Progress
	p.Part = 1
	return p
}

// If Slack's answer about showing files is lost or says nothing, and their thread can't be read for long, they don't
// count as shown. They are looked for. Once the engine has given up the search, they are uploaded again, because it
// is better to show them twice than never.
func TestFilesOfWhichNobodyKnowsWhetherTheyAreShown(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault slackfake.Fault
		class channels.Class // of the error of Send
	}{
		{name: "the answer is lost", fault: slackfake.Fault{Kind: slackfake.FaultHTTP}, class: channels.Ambiguous},
		{
			name:  "the answer says nothing",
			fault: slackfake.Fault{Kind: slackfake.FaultError, Error: "file_update_failed"},
			class: channels.Retry,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := time.Now()
			w := newWorld(t, func(o *Options, _ *slackfake.Options) {
				o.ShareWait, o.Now = time.Millisecond, func() time.Time { return now }
			})

			root := w.postRoot()
			p := w.uploadPlan(root)

			tt.fault.Method, tt.fault.Times = showFiles, 1
			w.fake.Inject(tt.fault)
			w.fake.Inject(slackfake.Fault{Method: "conversations.replies", Kind: slackfake.FaultError, Error: "access_denied", Times: 3})

			// Parley can't know whether Slack shows the file.
			sent, err := w.surface.Send(w.ctx(), p)
			_ = wantSendError(t, err, tt.class)

			// Ten minutes later Slack still refuses to show the thread: the file is looked for later.
			p.Progress, now = sent.Progress, now.Add(10*time.Minute)
			sent, err = w.surface.Send(w.ctx(), p)
			wantEqual(t, "time until it is looked for again", wantSendError(t, err, channels.Retry).Wait, maxShareLookWait)

			// The engine has given up the search, as Unsure says. The file is uploaded again.
			p.Progress, p.Unsure = sent.Progress, true
			sent = w.sendPatiently(p, func() { w.waitInThread(root, 2) })
			w.wantMessage(sent.Message, root.Message, 1)
		})
	}
}

// If Slack showed files but its answer was lost, Reconcile finds their message. It finds none if Slack didn't show
// them.
func TestReconcileFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	p := w.newFilesPost(root, textFile("a.txt", "one"))
	first := w.mustSend(p)
	wantEqual(t, "another part follows the upload", first.More, true)
	wantEqual(t, "messages in the thread after the upload", len(w.fake.Thread(w.channel, root.Message)), 1)

	p.Part, p.Progress = 1, first.Progress
	w.wantReconciled(p, channels.Absent)

	// Slack refuses to show the file.
	w.fake.Inject(refusedTogether("posting_to_channel_denied"))
	_, err := w.surface.Send(w.ctx(), p)
	wantSendErrorIs(t, err, channels.BadRecipient, bridge.ErrChannelClosed)

	// Slack shows the file, but its answer is lost. It is found, also by a process that knows of no attempt.
	w.fake.Inject(slackfake.Fault{Method: showFiles, Kind: slackfake.FaultHTTP, After: true, Times: 1})
	_, err = w.surface.Send(w.ctx(), p)
	_ = wantSendError(t, err, channels.Ambiguous)
	w.waitInThread(root, 2)
	found := w.wantReconciled(p, channels.Landed)
	w.wantMessage(found.Message, root.Message, 1)
	wantEqual(t, "message of the next attempt", w.mustSend(p).Message, found.Message)
}
