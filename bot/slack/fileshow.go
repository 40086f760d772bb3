package slack

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bridge"
	"parley/channels"
)

// This file has the later parts of a post of files (see filepost.go): Slack is asked to show what was uploaded, and
// the message that shows it is looked for, in what events told, in Slack's answer about the file, and in the thread.

const (
	// sharePatience is how long Parley looks for the message. Then it uploads the files once more.
	sharePatience = 2 * time.Minute

	// Limits of the wait until Parley looks for the message again. Each look is a whole attempt.
	minShareLookWait = 5 * time.Second
	maxShareLookWait = 30 * time.Second
)

// errProgressMissing means that a later part of a post doesn't know which files were uploaded.
var errProgressMissing = errors.New("slack: files: progress is missing")

// show makes a later part: it has Slack show the uploaded files, and looks for the message that shows them. If there
// is none yet, it returns an error of the class Retry.
func (f *filePost) show(ctx context.Context) (bridge.Sent, error) {
	if len(f.progress.IDs) == 0 {
		return bridge.Sent{}, refusal.BadContent("the uploaded files are not known any more", errProgressMissing)
	}
	if f.progress.IsLost {
		return f.uploadAnew(ctx)
	}
	if f.progress.AskedAt.IsZero() {
		return f.askToShow(ctx)
	}

	shown, err := f.uploads.findShare(ctx, f.progress.IDs[0], f.post.Place.Channel)
	return f.conclude(ctx, shown, err)
}

// askToShow asks Slack to show the files, and waits a little for the message. Only the first attempt of a part asks.
func (f *filePost) askToShow(ctx context.Context) (bridge.Sent, error) {
	isTaken, err := f.completeUpload(ctx)
	f.progress.AskedAt = f.now()
	f.progress.IsTaken = isTaken
	f.progress.Thread = f.post.Place.Thread

	if err != nil && channels.ClassOf(err) == channels.Ambiguous {
		return f.sent(), err
	}
	if refusal.WhyNoFile(err, false) != "" {
		return f.showOthers(ctx, err)
	}
	if err != nil {
		return bridge.Sent{}, err
	}

	shown, err := f.uploads.awaitShare(ctx, f.progress.IDs[0], f.post.Place.Channel)
	return f.conclude(ctx, shown, err)
}

// sent is what a call of Send returns while the message that shows the files isn't known.
func (f *filePost) sent() bridge.Sent { return bridge.Sent{Progress: f.progress.encode()} }

// completeUpload asks Slack to show uploaded files. isTaken is true if Slack answered that it does. Slack takes that
// request only once per upload. If Slack doesn't know the uploads any more, isTaken is false and err is nil: an
// earlier attempt may have completed them, or they are too old. The caller looks for them in either case.
func (f *filePost) completeUpload(ctx context.Context) (isTaken bool, err error) {
	files := make([]slackapi.FileSummary, 0, len(f.progress.IDs))
	for i, id := range f.progress.IDs {
		file := slackapi.FileSummary{ID: id}
		if i < len(f.progress.Titles) { // an older version of Parley stored no titles
			file.Title = f.progress.Titles[i]
		}
		files = append(files, file)
	}

	_, err = f.api.CompleteUploadExternalContext(ctx, slackapi.CompleteUploadExternalParameters{
		Files:           files,
		Channel:         f.post.Place.Channel,
		ThreadTimestamp: f.post.Place.Thread,
		InitialComment:  f.self.Home.Words(f.card()),
	})

	switch refusal.CodeOf(err) {
	case "file_not_found", "file_update_failed":
		return false, nil
	}
	return err == nil, refusal.Classify(err)
}

// conclude ends an attempt. shown is the message that events or Slack named for the first file, since one message
// shows all files. If they named none, it looks into the thread.
func (f *filePost) conclude(ctx context.Context, shown fact.Share, err error) (bridge.Sent, error) {
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

// findInThread looks in the post's thread for the message that shows the first file, or that names the files instead.
// If the thread is gone, it looks at top level, where Slack then puts replies.
func (f *filePost) findInThread(ctx context.Context) (fact.Share, channels.Outcome, error) {
	id, at := f.progress.IDs[0], f.post.Place
	isSought := func(m *fact.Message) bool {
		return isPartOf(m, f.post) || slices.ContainsFunc(m.Files, func(file fact.File) bool { return file.ID == id })
	}

	m, outcome, err := f.findMessage(ctx, f.self, f.post, at.Thread, isSought)
	if refusal.IsGone(err) && at.Thread != "" {
		m, outcome, err = f.findMessage(ctx, f.self, f.post, "", isSought)
	}
	return fact.Share{File: id, Channel: at.Channel, Thread: m.ThreadTS, TS: m.TS}, outcome, err
}

// concludeShown ends a post whose files are shown. If Slack shows them at top level, the thread in which it was asked
// to show them is lost. If that is the post's own thread, it returns bridge.ErrThreadLost. If it is an earlier one,
// the files are uploaded again for the post's thread.
func (f *filePost) concludeShown(ctx context.Context, shown fact.Share) (bridge.Sent, error) {
	at := f.post.Place
	if !isMisplaced(f.post, shown.Thread) {
		return bridge.Sent{Message: shown.TS, Thread: at.Thread, Progress: f.progress.encode()}, nil
	}

	wasAskedHere := f.progress.Thread == "" || f.progress.Thread == at.Thread
	if wasAskedHere {
		f.progress.IsLost = true
		return f.sent(), f.refuseMisplaced(ctx, f.post, shown.TS)
	}

	if err := f.deleteMisplaced(ctx, at.Channel, shown.TS); err != nil {
		return f.sent(), err
	}
	return f.uploadAnew(ctx)
}

// concludeUnshown ends an attempt that found no message of the files. Slack may still show them:
//
//	the thread is read:  they are looked for again until sharePatience is over, then uploaded again
//	it can't be read:    Slack's answer that it shows them is trusted, after sharePatience; without such an answer they
//	                     are looked for until the engine gives up the search (Unsure), then uploaded again
func (f *filePost) concludeUnshown(ctx context.Context, outcome channels.Outcome) (bridge.Sent, error) {
	awaited := f.now().Sub(f.progress.AskedAt)
	isUnreadable := outcome == channels.CannotTell
	mayStillBeFound := isUnreadable && !f.progress.IsTaken && !f.post.Unsure // perhaps Slack never got the request

	switch {
	case awaited < sharePatience || mayStillBeFound:
		return f.sent(), &channels.SendError{
			Class: channels.Retry,
			Wait:  min(max(awaited, minShareLookWait), maxShareLookWait),
			Text:  "Slack doesn't show the files yet.",
		}
	case isUnreadable && f.progress.IsTaken: // only the message's id isn't known
		return bridge.Sent{Thread: f.post.Place.Thread, Progress: f.progress.encode()}, nil
	}
	return f.showAgain(ctx)
}

// showAgain handles files that Slack took and doesn't show. It uploads them again or, at last, names them.
func (f *filePost) showAgain(ctx context.Context) (bridge.Sent, error) {
	f.log.Warn("slack doesn't show files that it took", "delivery_id", f.post.DeliveryID)
	if f.post.Part < lastShowPart {
		return f.uploadAnew(ctx)
	}

	f.deleteUploads(ctx)
	for _, file := range f.post.Files {
		if isAcceptable(file) {
			f.progress.refuse(file, "Slack took it, but doesn't show it")
		}
	}
	return f.postNames(ctx)
}

// showOthers goes on after Slack refused to show a post's files because of one of them, which it doesn't name. If the
// workspace allows only pictures, the pictures are uploaded again. All others are only named.
func (f *filePost) showOthers(ctx context.Context, err error) (bridge.Sent, error) {
	f.log.Warn("slack refuses files", "delivery_id", f.post.DeliveryID, "error", err)

	why := refusal.WhyNoFile(err, false)
	keepsPictures := refusal.CodeOf(err) == refusal.OnlyImages && f.post.Part < lastShowPart
	if !keepsPictures && len(f.progress.IDs) > 1 {
		why = cmp.Or(refusal.WhyNoFiles(err), why)
	}

	for _, file := range f.post.Files {
		isKept := keepsPictures && strings.HasPrefix(file.ContentType, "image/")
		if isAcceptable(file) && !isKept {
			f.progress.refuse(file, why)
		}
	}
	return f.upload(ctx)
}

// reconcileShown finds out whether a later part was made, that is whether the files are shown where they belong.
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

// findShown looks for the message that shows the files: first where Slack says that the first file is, then in the
// thread.
func (f *filePost) findShown(ctx context.Context) (fact.Share, channels.Outcome, error) {
	shown, err := f.uploads.findShare(ctx, f.progress.IDs[0], f.post.Place.Channel)
	code := refusal.CodeOf(err)
	isDeleted := code == "file_deleted"
	wasNeverShown := code == "file_not_found" // Slack doesn't show an upload that wasn't completed
	if err != nil && !isDeleted && !wasNeverShown {
		return fact.Share{}, channels.CannotTell, err
	}
	if shown.TS != "" {
		return shown, channels.Landed, nil
	}

	shown, outcome, err := f.findInThread(ctx)
	if outcome == channels.Absent && isDeleted {
		outcome = channels.CannotTell // perhaps somebody has deleted the message together with the file
	}
	return shown, outcome, err
}
