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

// Slack shows files outside of their thread if its first message was deleted. Parley deletes them there and shows
// them in the new thread. Slack doesn't show the same upload again.
func TestFilesInADeletedThreadAreShownInTheNewOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	p := w.uploadPlan(root)
	noError(t, w.fake.Admin.ForgetMessage(w.channel, root.Message))
	p.Part = lastShowPart
	sent, err := w.surface.Send(w.ctx(), p)
	wantSendErrorIs(t, err, channels.BadContent, bridge.ErrThreadLost)

	p.Place, p.Progress = w.postRoot(), sent.Progress
	sent = w.sendPatiently(p, func() {})
	w.wantMessage(sent.Message, p.Place.Message, 1)
	wantEqual(t, "messages at top level", len(w.fake.Messages(w.channel)), 1)
}

// Files of a thread whose first message was deleted are shown outside of all threads. Parley may see that only after
// the thread has begun anew. It deletes the files there and shows them in the new thread, which doesn't count as
// lost.
func TestFilesOfADeletedThreadAreFoundAfterItsSuccessor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := w.postRoot()
	p := w.uploadPlan(root)
	p.Part = lastShowPart

	noError(t, w.fake.Admin.ForgetMessage(w.channel, root.Message))
	w.fake.Inject(slackfake.Fault{Method: showFiles, Kind: slackfake.FaultHTTP, After: true, Times: 1}) // only the answer is lost
	sent, err := w.surface.Send(w.ctx(), p)
	_ = wantSendError(t, err, channels.Ambiguous)
	noError(t, w.fake.WaitFor(w.ctx(), func() bool { return len(w.fake.Messages(w.channel)) == 1 }))

	p.Place.Thread, p.Progress = w.postRoot().Thread, sent.Progress
	sent = w.sendPatiently(p, func() {})
	w.wantMessage(sent.Message, p.Place.Thread, 1)
	wantEqual(t, "messages at top level", len(w.fake.Messages(w.channel)), 1)
}

// sendPlanBesideDrops sends a file through a Slack that shows uploads late, and never shows the first dropped ones.
// In the end there has to be a single message with so many files, which is returned.
func sendPlanBesideDrops(t *testing.T, dropped, wantFiles int) (*world, *slackfake.Message) {
	t.Helper()
	now := time.Now()
	w := newWorld(t, func(o *Options, f *slackfake.Options) {
		o.ShareWait, o.Now = time.Millisecond, func() time.Time { return now }
		f.FileShareDelay = 100 * time.Millisecond
	})

	root := w.postRoot()
	if dropped > 0 { // Times: 0 would mean always
		w.fake.Inject(slackfake.Fault{Method: showFiles, Kind: slackfake.FaultNeverShare, Times: dropped})
	}

	sent := w.sendPatiently(w.newFilesPost(root, textFile("plan.pdf", "one")), func() {
		if len(w.fake.Calls(showFiles)) <= dropped {
			now = now.Add(sharePatience) // after that, this upload isn't waited for any longer
			return
		}
		w.waitInThread(root, 2)
	})

	wantEqual(t, "messages in the thread", len(w.fake.Thread(w.channel, root.Message)), 2)
	return w, w.wantMessage(sent.Message, root.Message, wantFiles)
}

// wantUploads checks how often a file was uploaded, and that Slack wasn't asked for it more often than needed.
func (w *world) wantUploads(want int) {
	w.t.Helper()
	const looksPerUpload = 4 // three while it is awaited, one by each later attempt
	wantEqual(w.t, "uploads", len(w.fake.Calls(showFiles)), want)
	if looks, most := len(w.fake.Calls("files.info")), looksPerUpload*want; looks > most {
		w.t.Errorf("looked %d times for the file, want at most %d", looks, most)
	}
}

const notShownReason = "Slack took it, but doesn't show it"

// Slack shows files some time after it has said that it does. Parley waits for them.
func TestFilesThatSlackShowsLateAreAwaited(t *testing.T) {
	t.Parallel()
	w, m := sendPlanBesideDrops(t, 0, 1)
	w.wantUploads(1)
	wantWords(t, m.Text, "plan.pdf")
	wantNoWords(t, m.Text, notShownReason)
}

// Files that Slack never shows, although it has said that it does, are uploaded once more.
func TestFilesThatSlackDropsAreUploadedAgain(t *testing.T) {
	t.Parallel()
	w, m := sendPlanBesideDrops(t, 1, 1)
	w.wantUploads(2)
	wantWords(t, m.Text, "plan.pdf")
	wantNoWords(t, m.Text, notShownReason)
}

// If Slack doesn't show files after the second upload, either, they are named with the reason.
func TestFilesThatSlackDropsTwiceAreNamed(t *testing.T) {
	t.Parallel()
	w, m := sendPlanBesideDrops(t, 2, 0)
	w.wantUploads(2)
	wantWords(t, m.Text, "plan.pdf", notShownReason)
}

// Slack shows an upload only for the bot that made it. If the app was replaced by another one in between, its bot uploads
// the files again.
func TestFilesThatAnotherBotUploadedAreUploadedAgain(t *testing.T) {
	t.Parallel()
	now := time.Now()
	w := newWorld(t, func(o *Options, _ *slackfake.Options) {
		o.ShareWait, o.Now = time.Millisecond, func() time.Time { return now }
	})
	root := w.postRoot()
	w.fake.Inject(refusedTogether("access_denied")) // "User is not the owner of the file."

	sent := w.sendPatiently(w.newFilesPost(root, textFile("plan.pdf", "one")), func() {
		if len(w.fake.Calls(showFiles)) == 1 {
			now = now.Add(sharePatience)
			return
		}
		w.waitInThread(root, 2)
	})
	w.wantUploads(2)
	w.wantMessage(sent.Message, root.Message, 1)
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
