package slack

import (
	"context"
	"fmt"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/blockkit"
	"parley/channels"
	"parley/channels/wire"
)

// This file makes the calls that upload files to Slack, find the messages that show them, and delete them. Slack posts the message
// of a completed upload asynchronously. Such a message is called a share; its id is needed to recognize our own message
// later. filepost.go decides which files of a post are uploaded, and handles failures.

// addUpload uploads a file and returns its id. The file is invisible until it is shared in a channel.
// Errors: *refusal.FileError if the file is the cause, and Slack's errors.
func (s *poster) addUpload(ctx context.Context, f channels.File) (string, error) {
	name := blockkit.FileName(f.Name)
	target, err := s.api.GetUploadURLExternalContext(ctx, slackapi.GetUploadURLExternalParameters{
		FileName: name,
		FileSize: int(f.SizeBytes),
	})
	if err != nil {
		return "", fmt.Errorf("slack: files.getUploadURLExternal: %w", err)
	}
	if target.UploadURL == "" || target.FileID == "" {
		return "", ErrEmptyAnswer
	}

	content, err := f.Open(ctx)
	if err != nil {
		return "", Unreadable(err)
	}
	defer content.Close()

	err = s.api.UploadToURL(ctx, slackapi.UploadToURLParameters{
		UploadURL: target.UploadURL, Reader: content, Filename: name,
	})
	if err != nil {
		return "", NotUploaded(err)
	}

	return target.FileID, nil
}

// findShare returns the message that shows a file in a channel, or a zero Share if there is none yet.
func (s *poster) findShare(ctx context.Context, id, channel string) (Share, error) {
	if share, ok := s.shares.Get(id + channel); ok {
		return share, nil
	}

	file, err := s.readFile(ctx, id)
	if err != nil {
		return Share{}, err
	}

	for _, sharesByChannel := range []map[string][]slackapi.ShareFileInfo{file.Shares.Public, file.Shares.Private} {
		for _, share := range sharesByChannel[channel] {
			return Share{File: id, Channel: channel, Thread: share.ThreadTs, TS: share.Ts}, nil
		}
	}

	return Share{}, nil
}

// awaitShare waits about shareWait for the share of a completed upload. It waits for the message's event and also polls Slack.
// The result is zero if there is no share yet.
func (s *poster) awaitShare(ctx context.Context, id, channel string) (Share, error) {
	const tries, looks = 3, 20 // at Slack, and at the events between two of these
	for range tries {
		for range looks {
			_, isKnown := s.shares.Get(id + channel)
			if isKnown || !wire.For(ctx, s.shareWait/tries/looks) {
				break
			}
		}
		share, err := s.findShare(ctx, id, channel)
		if err != nil || share.TS != "" {
			return share, err
		}
	}
	return Share{}, nil
}

// deleteUploads deletes files that we uploaded. It ignores files that are already deleted.
func (s *poster) deleteUploads(ctx context.Context, files []File) error {
	for _, f := range files {
		err := s.api.DeleteFileContext(ctx, f.ID)
		if hasCode(err, "file_not_found", "file_deleted") {
			continue
		}
		if err != nil {
			return Classify(err)
		}
	}
	return nil
}
