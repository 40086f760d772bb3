package slack

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// sendFiles makes a post of files in two parts. Part 0 uploads the files; nobody sees that, so it may be
// repeated. Part 1 shows them as one message, which Reconcile finds by the files' ids.
func (s *poster) sendFiles(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, uploadTimeout)
		defer cancel()
	}
	c := view.Files(fromOf(p), fileNames(p), p.Missing)
	if p.Unsure {
		c.Blocks = append(c.Blocks, view.Small(mayBeTwice))
	}
	r := me.Home.Messages(c, fact.Digest(p.Token)[:8])[0]
	if p.Part == 0 {
		if !slices.ContainsFunc(p.Files, takes) {
			return s.postNames(ctx, p, r)
		}
		done, err := s.files.upload(ctx, p.Files)
		if err != nil {
			return bridge.Sent{}, certain(err)
		}
		return bridge.Sent{More: true, Thread: p.Place.Thread, Progress: done}, nil
	}
	var done progress
	if err := json.Unmarshal([]byte(p.Progress), &done); err != nil || len(done.IDs) == 0 {
		return bridge.Sent{}, badPost("the uploaded files are not known any more")
	}
	files := make([]slackapi.FileSummary, 0, len(done.IDs))
	for _, id := range done.IDs {
		files = append(files, slackapi.FileSummary{ID: id})
	}
	_, err := s.api.CompleteUploadExternalContext(ctx, slackapi.CompleteUploadExternalParameters{
		Files: files, Channel: p.Place.Channel, ThreadTimestamp: p.Place.Thread, InitialComment: r.Text,
	})
	if err != nil {
		return bridge.Sent{}, classify(err)
	}
	at, err := s.files.sharedAt(ctx, done.IDs[0], p.Place.Channel)
	if err != nil || at.TS == "" { // the message is shown; only its id isn't known
		return bridge.Sent{Thread: p.Place.Thread, Progress: p.Progress}, nil
	}
	if p.Place.Thread != "" && at.Thread == "" {
		return bridge.Sent{}, s.stray(ctx, p.Place.Channel, at.TS)
	}
	return bridge.Sent{Message: at.TS, Thread: p.Place.Thread, Progress: p.Progress}, nil
}

func fromOf(p bridge.Post) bridge.PartyRef {
	if p.Said != nil {
		return p.Said.From
	}
	return p.Facts.Contact
}

// takes says whether Slack takes a file. A post only names the files that Slack doesn't take.
func takes(f channels.File) bool { return f.SizeBytes > 0 && f.SizeBytes <= maxFileBytes }

// fileNames lists the files, with a word about those that Slack doesn't take.
func fileNames(p bridge.Post) []string {
	names := make([]string, 0, len(p.Files))
	for _, f := range p.Files {
		name := fileName(f)
		switch {
		case f.SizeBytes <= 0:
			name += " (0 bytes)"
		case !takes(f):
			name += " (larger than the 1 GB that Slack takes)"
		}
		names = append(names, name)
	}
	return names
}

func fileName(f channels.File) string {
	name := blockkit.DisplayName(strings.NewReplacer("/", "_", "\\", "_").Replace(f.Name))
	if name == "" {
		name = "file"
	}
	return name
}

// postNames posts only the names of files, where Slack takes none of them.
func (s *poster) postNames(ctx context.Context, p bridge.Post, r blockkit.Message) (bridge.Sent, error) {
	opts := append(inert(r), slackapi.MsgOptionMetadata(slackapi.SlackMetadata{
		EventType: metadataType, EventPayload: map[string]any{"token": p.Token, "part": p.Part},
	}))
	if p.Place.Thread != "" {
		opts = append(opts, slackapi.MsgOptionTS(p.Place.Thread))
	}
	_, ts, m, err := s.api.PostMessageWithResponseContext(ctx, p.Place.Channel, opts...)
	switch {
	case err != nil:
		return bridge.Sent{}, classify(err)
	case ts == "":
		return bridge.Sent{}, ambiguous(errBlank)
	case p.Place.Thread != "" && m.ThreadTimestamp == "":
		return bridge.Sent{}, s.stray(ctx, p.Place.Channel, ts)
	}
	return bridge.Sent{Message: ts, Thread: m.ThreadTimestamp}, nil
}

// reconcileFiles asks where an uploaded file is shown.
func (s *poster) reconcileFiles(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	var done progress
	if p.Part == 0 {
		if slices.ContainsFunc(p.Files, takes) {
			return channels.Absent, bridge.Sent{}, nil // uploading again shows nothing twice
		}
		return s.reconcileNames(ctx, p)
	}
	if err := json.Unmarshal([]byte(p.Progress), &done); err != nil || len(done.IDs) == 0 {
		return channels.CannotTell, bridge.Sent{}, errors.New("slack: files: progress is missing")
	}
	at, err := s.files.shareNow(ctx, done.IDs[0], p.Place.Channel)
	switch {
	case codeOf(err) == "file_not_found": // an upload that was never completed is nowhere
		return channels.Absent, bridge.Sent{}, nil
	case codeOf(err) == "file_deleted":
		return channels.CannotTell, bridge.Sent{}, nil
	case err != nil:
		return channels.CannotTell, bridge.Sent{}, err
	case at.TS == "":
		return channels.Absent, bridge.Sent{}, nil
	case p.Place.Thread != "" && at.Thread == "":
		if err := s.stray(ctx, p.Place.Channel, at.TS); !errors.Is(err, bridge.ErrThreadLost) {
			return channels.CannotTell, bridge.Sent{}, err
		}
		return channels.Absent, bridge.Sent{}, nil
	}
	return channels.Landed, bridge.Sent{Message: at.TS, Thread: p.Place.Thread, Progress: p.Progress}, nil
}

func (s *poster) reconcileNames(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	me, err := s.identify(ctx)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}
	m, outcome, err := s.find(ctx, me, p, p.Place.Thread)
	if code := codeOf(err); p.Place.Thread != "" && (code == "thread_not_found" || code == "message_not_found") {
		return s.reconcileTop(ctx, me, p, false)
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}
	return outcome, bridge.Sent{Message: m.TS, Thread: m.Root()}, nil
}
