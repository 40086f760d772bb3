package slack

import (
	"context"
	"fmt"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
	"parley/bot/slack/ownshare"
	"parley/bot/slack/refusal"
	"parley/channels"
)

// uploads puts files into Slack, finds the messages that show them, and deletes them again. It makes the calls;
// which files of a post are uploaded, and what follows from a failure, is in filepost.go.
type uploads struct {
	*workspace

	shares    ownshare.Book // messages that show our uploads, as events told of them
	shareWait time.Duration // how long a finished upload waits for its message's id
}

// add uploads a file, which nobody sees until Slack is asked to show it. It returns the file's id.
// Errors: *refusal.FileError if the cause is this file, and Slack's.
func (u *uploads) add(ctx context.Context, f channels.File) (string, error) {
	name := fileName(f)
	target, err := u.api.GetUploadURLExternalContext(ctx, slackapi.GetUploadURLExternalParameters{
		FileName: name,
		FileSize: int(f.SizeBytes),
	})
	if err != nil {
		return "", fmt.Errorf("slack: files.getUploadURLExternal: %w", err)
	}
	if target.UploadURL == "" || target.FileID == "" {
		return "", refusal.ErrEmptyAnswer
	}

	content, err := f.Open(ctx)
	if err != nil {
		return "", refusal.Unreadable(err)
	}
	defer content.Close()

	err = u.api.UploadToURL(ctx, slackapi.UploadToURLParameters{
		UploadURL: target.UploadURL,
		Reader:    content,
		Filename:  name,
	})
	if err != nil {
		return "", refusal.NotUploaded(err)
	}

	return target.FileID, nil
}

// findShare returns the message that shows a file in a channel, or a zero Share if there is none.
func (u *uploads) findShare(ctx context.Context, id, channel string) (fact.Share, error) {
	if share, ok := u.shares.Get(id, channel); ok {
		return share, nil
	}

	var f *slackapi.File
	err := u.retryRead(ctx, func(ctx context.Context) error {
		var err error
		f, _, _, err = u.api.GetFileInfoContext(ctx, id, 0, 0)
		return err
	})
	if err != nil {
		return fact.Share{}, fmt.Errorf("slack: files.info: %w", err)
	}

	for _, sharesByChannel := range []map[string][]slackapi.ShareFileInfo{f.Shares.Public, f.Shares.Private} {
		for _, at := range sharesByChannel[channel] {
			return fact.Share{File: id, Channel: channel, Thread: at.ThreadTs, TS: at.Ts}, nil
		}
	}

	return fact.Share{}, nil
}

// awaitShare waits a little for the message of a finished upload, which Slack posts later. It waits for the event
// that tells of the message, and asks Slack in between. The result is zero if the message isn't there yet.
func (u *uploads) awaitShare(ctx context.Context, id, channel string) (fact.Share, error) {
	const tries = 3
	for range tries {
		if share, ok := u.shares.Wait(ctx, id, channel, u.shareWait/tries); ok {
			return share, nil
		}
		share, err := u.findShare(ctx, id, channel)
		if err != nil || share.TS != "" {
			return share, err
		}
	}
	return fact.Share{}, nil
}

// deleteAll deletes files of ours. Those that are gone already are no error.
func (u *uploads) deleteAll(ctx context.Context, list []fact.File) error {
	for _, f := range list {
		err := u.api.DeleteFileContext(ctx, f.ID)
		switch refusal.CodeOf(err) {
		case "file_not_found", "file_deleted":
			continue
		}
		if err != nil {
			return refusal.Classify(err)
		}
	}
	return nil
}
