package slack

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bridge"
	"parley/channels"
)

// A customer's files are uploaded to Slack first (filepost.go). This file then asks Slack to show them in a thread. Slack
// creates the message that shows them later, and doesn't return its id. So this file looks for the message, in this
// order: in the events that Slack has sent, in Slack's details of the first file, and among the messages of the thread.

const (
	// sharePatience is how long Parley looks for the message before it uploads the files again.
	sharePatience = 2 * time.Minute

	// The minimum and maximum delay before the next attempt to find the message.
	minShareLookWait = 5 * time.Second
	maxShareLookWait = 30 * time.Second
)

// errProgressMissing means that the ids of the uploaded files were lost.
var errProgressMissing = errors.New("slack: files: progress is missing")

// show is one attempt of part 1 or 2 of a post of files. The first attempt asks Slack to show the files. All attempts
// look for the message; if it isn't found, they return an error of the class Retry.
func (f *filePost) show(ctx context.Context) (bridge.Sent, error) {
	if len(f.progress.IDs) == 0 {
		return bridge.Sent{}, BadContent("the uploaded files are not known any more", errProgressMissing)
	}
	if f.progress.IsLost {
		return f.reupload(ctx)
	}
	if f.progress.AskedAt.IsZero() {
		return f.askToShow(ctx)
	}

	shown, err := f.findShare(ctx, f.progress.IDs[0], f.post.Place.Channel)
	return f.conclude(ctx, shown, err)
}

// askToShow asks Slack to show the files, and waits a short time for the message.
func (f *filePost) askToShow(ctx context.Context) (bridge.Sent, error) {
	isTaken, err := f.completeUpload(ctx)
	f.progress.AskedAt = f.now()
	f.progress.IsTaken = isTaken
	f.progress.Thread = f.post.Place.Thread

	if err != nil && channels.ClassOf(err) == channels.Ambiguous { // Slack may have accepted the request
		return f.sent(), err
	}
	if WhyNoFile(err, false) != "" {
		return f.showOthers(ctx, err)
	}
	if err != nil {
		return bridge.Sent{}, err
	}

	shown, err := f.awaitShare(ctx, f.progress.IDs[0], f.post.Place.Channel)
	return f.conclude(ctx, shown, err)
}

// sent returns the result of an attempt that doesn't know the message.
func (f *filePost) sent() bridge.Sent { return bridge.Sent{Progress: f.progress.encode()} }

// completeUpload asks Slack to show the uploaded files, which it accepts only once per upload. isTaken reports whether it
// has accepted. If isTaken is false and err is nil, Slack no longer knows the uploads: an earlier request may have
// succeeded, they have expired, or another bot made them before the app was replaced (access_denied). So the caller must
// look for the message.
// Source: docs.slack.dev/reference/methods/files.completeUploadExternal, read 2026-11.
func (f *filePost) completeUpload(ctx context.Context) (isTaken bool, err error) {
	files := make([]slackapi.FileSummary, 0, len(f.progress.IDs))
	for i, id := range f.progress.IDs {
		files = append(files, slackapi.FileSummary{ID: id, Title: f.progress.Titles[i]})
	}

	_, err = f.api.CompleteUploadExternalContext(ctx, slackapi.CompleteUploadExternalParameters{
		Files: files, Channel: f.post.Place.Channel, ThreadTimestamp: f.post.Place.Thread,
		InitialComment: f.self.Home.Words(f.card()),
	})

	if hasCode(err, "file_not_found", "file_update_failed", "access_denied") {
		return false, nil
	}
	return err == nil, Classify(err)
}

// conclude ends an attempt. shown is the message according to Slack's events or its details of the first file (one
// message shows all files), or zero if they don't have it. Then conclude searches the thread.
func (f *filePost) conclude(ctx context.Context, shown Share, err error) (bridge.Sent, error) {
	if err != nil {
		f.log.Info("slack message of files not found", "error", err)
	}
	if shown.TS != "" {
		return f.concludeShown(ctx, shown)
	}

	shown, outcome, err := f.findInThread(ctx)
	if err != nil {
		f.log.Info("slack thread of files not read", "error", err)
	}
	if outcome == channels.Landed {
		return f.concludeShown(ctx, shown)
	}
	return f.concludeUnshown(ctx, outcome)
}

// findInThread searches the thread for the message that shows the first file, or that names the files instead. If the
// thread's first message was deleted, it searches the top level of the channel, where Slack puts replies then.
func (f *filePost) findInThread(ctx context.Context) (Share, channels.Outcome, error) {
	id, at := f.progress.IDs[0], f.post.Place
	matches := func(m *Message) bool {
		return isPartOf(m, f.post) || slices.ContainsFunc(m.Files, func(file File) bool { return file.ID == id })
	}

	m, outcome, err := f.findMessage(ctx, f.self, f.post, at.Thread, matches)
	if IsGone(err) && at.Thread != "" {
		const topLevel = ""
		m, outcome, err = f.findMessage(ctx, f.self, f.post, topLevel, matches)
	}
	return Share{File: id, Channel: at.Channel, Thread: m.ThreadTS, TS: m.TS}, outcome, err
}

// concludeShown ends an attempt that found the message. If the message is misplaced at top level, the first message of
// the requested thread was deleted. If that is still the thread of the post, the error wraps bridge.ErrThreadLost. If the
// post has been given a new thread since, the files are uploaded again.
func (f *filePost) concludeShown(ctx context.Context, shown Share) (bridge.Sent, error) {
	at := f.post.Place
	if !isMisplaced(f.post, shown.Thread) {
		return bridge.Sent{Message: shown.TS, Thread: at.Thread, Progress: f.progress.encode()}, nil
	}

	isSameThread := f.progress.Thread == at.Thread
	if isSameThread {
		f.progress.IsLost = true
		return f.sent(), f.refuseMisplaced(ctx, f.post, shown.TS)
	}

	if err := f.deleteMisplaced(ctx, at.Channel, shown.TS); err != nil {
		return f.sent(), err
	}
	return f.reupload(ctx)
}

// concludeUnshown ends an attempt that didn't find the message. All attempts are repeated until sharePatience is over.
// Then it depends on whether the thread could be searched:
//
//	yes:  the files are uploaded again
//	no:   if Slack has accepted the request, the post counts as sent. If that is unknown, attempts continue until the
//	      engine stops them (Unsure), and then the files are uploaded again
func (f *filePost) concludeUnshown(ctx context.Context, outcome channels.Outcome) (bridge.Sent, error) {
	awaited := f.now().Sub(f.progress.AskedAt)
	isUnreadable := outcome == channels.CannotTell
	keepsLooking := isUnreadable && !f.progress.IsTaken && !f.post.Unsure

	switch {
	case awaited < sharePatience || keepsLooking:
		return f.sent(), &channels.SendError{
			Class: channels.Retry, Wait: min(max(awaited, minShareLookWait), maxShareLookWait),
			Text: "Slack doesn't show the files yet.",
		}
	case isUnreadable && f.progress.IsTaken: // sent, although the id of the message is unknown
		return bridge.Sent{Thread: f.post.Place.Thread, Progress: f.progress.encode()}, nil
	}
	return f.showAgain(ctx)
}

// showAgain handles files that Slack has accepted but doesn't show. It uploads them again or, in the last part, posts
// their names.
func (f *filePost) showAgain(ctx context.Context) (bridge.Sent, error) {
	f.log.Warn("slack doesn't show files that it took", "delivery_id", f.post.DeliveryID)
	if f.post.Part < lastShowPart {
		return f.reupload(ctx)
	}

	f.dropUploads(ctx)
	for _, file := range f.post.Files {
		if isAcceptable(file) {
			f.progress.refuse(file, "Slack took it, but doesn't show it")
		}
	}
	return f.postNames(ctx)
}

// showOthers handles Slack's refusal of all files because of one of them, which Slack doesn't name. If the workspace
// allows only pictures, the pictures are uploaded again. All other files are only named.
func (f *filePost) showOthers(ctx context.Context, err error) (bridge.Sent, error) {
	f.log.Warn("slack refuses files", "delivery_id", f.post.DeliveryID, "error", err)

	why := WhyNoFile(err, false)
	keepsPictures := CodeOf(err) == OnlyImages && f.post.Part < lastShowPart
	if !keepsPictures && len(f.progress.IDs) > 1 {
		why = cmp.Or(WhyNoFiles(err), why)
	}

	for _, file := range f.post.Files {
		isKept := keepsPictures && strings.HasPrefix(file.ContentType, "image/")
		if isAcceptable(file) && !isKept {
			f.progress.refuse(file, why)
		}
	}
	return f.upload(ctx)
}

// reconcileShown finds out whether part 1 or 2 took effect: whether the files are shown in their thread.
func (f *filePost) reconcileShown(ctx context.Context) (channels.Outcome, bridge.Sent, error) {
	if len(f.progress.IDs) == 0 {
		return channels.CannotTell, bridge.Sent{}, errProgressMissing
	}

	shown, outcome, err := f.findShown(ctx)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}
	if outcome != channels.Landed {
		return outcome, bridge.Sent{}, nil
	}

	at := f.post.Place
	if isMisplaced(f.post, shown.Thread) {
		if err := f.deleteMisplaced(ctx, at.Channel, shown.TS); err != nil {
			return channels.CannotTell, bridge.Sent{}, err
		}
		return channels.Absent, bridge.Sent{}, nil
	}

	return channels.Landed, bridge.Sent{Message: shown.TS, Thread: at.Thread, Progress: f.post.Progress}, nil
}

// findShown looks for the message that shows the files, in Slack's details of the first file and then in the thread.
func (f *filePost) findShown(ctx context.Context) (Share, channels.Outcome, error) {
	shown, err := f.findShare(ctx, f.progress.IDs[0], f.post.Place.Channel)
	code := CodeOf(err)
	isDeleted := code == "file_deleted"
	wasNeverShown := code == "file_not_found" // the code for an upload that wasn't completed
	if err != nil && !isDeleted && !wasNeverShown {
		return Share{}, channels.CannotTell, err
	}
	if shown.TS != "" {
		return shown, channels.Landed, nil
	}

	shown, outcome, err := f.findInThread(ctx)
	if outcome == channels.Absent && isDeleted {
		outcome = channels.CannotTell // somebody may have deleted the message together with the file
	}
	return shown, outcome, err
}
