package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/shape"
	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// uploadPart is the first of the two parts in which a post of files is made. It uploads the files; nobody sees that, so
// it may be repeated. The second part shows them as one message, which Reconcile finds by the files' ids.
// Where Slack takes none of the files, the first part is the only one: it posts their names.
const uploadPart = 0

// maxFileText is maxFileBytes in words.
const maxFileText = "1 GB"

// uploadTimeout bounds an upload whose caller set no deadline.
const uploadTimeout = 10 * time.Minute

// uploadProgress is what a post of files keeps between its two parts: the ids of files that are uploaded,
// but not shown to anybody yet, and the files that Slack refused.
type uploadProgress struct {
	IDs     []string      `json:"ids"`
	Refused []refusedFile `json:"refused,omitempty"`
}

// refusedFile is a file that this workspace doesn't take, with the reason for people. It is known by its name and size,
// since a file before it may have come meanwhile.
type refusedFile struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Why   string `json:"why"`
}

// whyRefused returns the reason why a workspace doesn't take a file, or "" if Slack's error says something else. Such a
// refusal lasts until a person changes the workspace, or is for good: trying again would only hold back what follows.
func whyRefused(err error) string {
	switch codeOf(err) {
	case "file_uploads_disabled":
		return "file uploads are switched off in Slack"
	case "storage_limit_reached":
		return "the Slack workspace's file storage is full"
	}
	return ""
}

// errProgressMissing says that the second part of a post doesn't know what the first has uploaded.
var errProgressMissing = errors.New("slack: files: progress is missing")

// readProgress reads what the first part of a post of files has left for the second.
// Errors: errProgressMissing.
func readProgress(p bridge.Post) (uploadProgress, error) {
	var progress uploadProgress
	if err := json.Unmarshal([]byte(p.Progress), &progress); err != nil {
		return uploadProgress{}, errors.Join(errProgressMissing, err)
	}
	if len(progress.IDs) == 0 {
		return uploadProgress{}, errProgressMissing
	}
	return progress, nil
}

// sendFiles makes one part of a post of files.
func (s *poster) sendFiles(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	if _, hasDeadline := ctx.Deadline(); !hasDeadline {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, uploadTimeout)
		defer cancel()
	}

	if p.Part != uploadPart {
		return s.showFiles(ctx, me, p)
	}
	return s.uploadFiles(ctx, me, p)
}

// filesCard is the text above the files of a post: it names them, and says why some are not there.
func filesCard(p bridge.Post, refused []refusedFile) view.Card {
	card := view.Files(customerOf(p), fileNames(p, refused), p.Missing)
	if p.Unsure {
		card.Blocks = append(card.Blocks, view.Small(mayBeTwice))
	}
	return card
}

// uploadFiles makes the first part of a post of files.
func (s *poster) uploadFiles(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	progress, err := s.files.upload(ctx, p.Files)
	if err != nil {
		return bridge.Sent{}, classifyBeforeSend(err)
	}
	if len(progress.IDs) == 0 {
		return s.postNames(ctx, me, p, progress.Refused)
	}

	raw, err := json.Marshal(progress)
	if err != nil {
		return bridge.Sent{}, fmt.Errorf("slack: files: progress: %w", err)
	}

	return bridge.Sent{More: true, Thread: p.Place.Thread, Progress: string(raw)}, nil
}

// showFiles makes the second part: it shows the uploaded files as one message.
func (s *poster) showFiles(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	progress, err := readProgress(p)
	if err != nil {
		return bridge.Sent{}, badContentError("the uploaded files are not known any more", err)
	}

	files := make([]slackapi.FileSummary, 0, len(progress.IDs))
	for _, id := range progress.IDs {
		files = append(files, slackapi.FileSummary{ID: id})
	}

	_, err = s.api.CompleteUploadExternalContext(ctx, slackapi.CompleteUploadExternalParameters{
		Files:           files,
		Channel:         p.Place.Channel,
		ThreadTimestamp: p.Place.Thread,
		InitialComment:  me.Home.Words(filesCard(p, progress.Refused)),
	})
	if err != nil {
		return bridge.Sent{}, classifyError(err)
	}

	shown, err := s.files.awaitShare(ctx, progress.IDs[0], p.Place.Channel) // all files are in the same message
	if err != nil {
		s.log.Info("slack message of files not found", "error", err)
	}
	if err != nil || shown.TS == "" { // the message is shown, so the post is made; only the message's id isn't known
		return bridge.Sent{Thread: p.Place.Thread, Progress: p.Progress}, nil
	}
	if isMisplaced(p, shown.Thread) {
		return bridge.Sent{}, s.refuseMisplaced(ctx, p, shown.TS)
	}

	return bridge.Sent{Message: shown.TS, Thread: p.Place.Thread, Progress: p.Progress}, nil
}

// customerOf returns the customer who sent the files of a post.
func customerOf(p bridge.Post) bridge.PartyRef {
	if p.Said != nil {
		return p.Said.From
	}
	return p.Facts.Contact
}

// isAcceptable reports whether Slack accepts a file. A post only names the files that Slack doesn't accept.
func isAcceptable(f channels.File) bool { return f.SizeBytes > 0 && f.SizeBytes <= maxFileBytes }

// fileNames lists the files, with a remark on those that Slack doesn't take.
func fileNames(p bridge.Post, refused []refusedFile) []string {
	names := make([]string, 0, len(p.Files))
	for _, f := range p.Files {
		name := shape.OneLine(fileName(f), shape.MaxNameRunes)
		isThis := func(r refusedFile) bool { return r.Name == fileName(f) && r.Bytes == f.SizeBytes }
		if i := slices.IndexFunc(refused, isThis); i >= 0 {
			name += " (" + refused[i].Why + ")"
		} else if f.SizeBytes <= 0 {
			name += " (0 bytes)"
		} else if !isAcceptable(f) {
			name += " (larger than the " + maxFileText + " that Slack takes)"
		}
		names = append(names, name)
	}
	return names
}

func fileName(f channels.File) string {
	return cmp.Or(blockkit.DisplayName(strings.NewReplacer("/", "_", "\\", "_").Replace(f.Name)), "file")
}

// postNames posts only the names of files, where Slack takes none of them.
func (s *poster) postNames(ctx context.Context, me *fact.Self, p bridge.Post, refused []refusedFile) (bridge.Sent, error) {
	card := filesCard(p, refused)
	names := me.Home.Messages(card, blockSeed(p.Token))
	if len(names) > 1 { // so many fit one message only without blocks
		names = []blockkit.Message{{Text: me.Home.Words(card)}}
	}

	ts, thread, err := s.postMessage(ctx, p, literalOptions(names[0]))
	if err != nil {
		return bridge.Sent{}, err
	}
	return bridge.Sent{Message: ts, Thread: thread}, nil
}

// reconcileUpload looks whether the first part of a post of files was made. Uploading again shows nothing twice, but where
// Slack took none of the files their names are posted.
func (s *poster) reconcileUpload(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	me, err := s.identify(ctx)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}

	m, outcome, err := s.findPosted(ctx, me, p, p.Place.Thread)
	if isGone(err) && p.Place.Thread != "" {
		const moreFollow = false // the names are the only part
		return s.reconcileTopLevel(ctx, me, p, moreFollow)
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}

	return outcome, bridge.Sent{Message: m.TS, Thread: m.Root()}, nil
}

// reconcileShown asks Slack whether the uploaded files are shown, that is whether the second part was made.
func (s *poster) reconcileShown(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	progress, err := readProgress(p)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}

	shown, err := s.files.findShare(ctx, progress.IDs[0], p.Place.Channel)
	switch codeOf(err) {
	case "file_not_found": // an upload that was never completed is nowhere
		return channels.Absent, bridge.Sent{}, nil
	case "file_deleted":
		return channels.CannotTell, bridge.Sent{}, nil
	}

	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}
	if shown.TS == "" {
		return channels.Absent, bridge.Sent{}, nil
	}

	if isMisplaced(p, shown.Thread) {
		if err := s.deleteMisplaced(ctx, p.Place.Channel, shown.TS); err != nil {
			return channels.CannotTell, bridge.Sent{}, err
		}
		return channels.Absent, bridge.Sent{}, nil
	}

	return channels.Landed, bridge.Sent{Message: shown.TS, Thread: p.Place.Thread, Progress: p.Progress}, nil
}
