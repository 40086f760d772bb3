package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	slackapi "github.com/slack-go/slack"

	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// uploadTimeout bounds an upload whose caller set no deadline.
const uploadTimeout = 10 * time.Minute

// progress is kept between the parts of a post of files: what is uploaded, but not shown to
// anybody yet.
type progress struct {
	IDs []string `json:"ids"`
}

// sendFiles uploads in part 0, which nobody sees and which may be repeated, and shows
// everything as one message in part 1, which Reconcile finds by the files' ids.
func (s *Surface) sendFiles(ctx context.Context, me *self, p bridge.Post) (bridge.Sent, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, uploadTimeout)
		defer cancel()
	}
	c := view.Files(sender(p), fileNames(p), p.Missing)
	if p.Unsure {
		c.Blocks = append(c.Blocks, view.Small(mayBeTwice))
	}
	r := me.render(c, digest(p.Token)[:8])[0]
	if p.Part == 0 {
		if !slices.ContainsFunc(p.Files, takes) {
			return s.postNames(ctx, p, r)
		}
		done, err := s.upload(ctx, p.Files)
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
		Files: files, Channel: p.Place.Channel, ThreadTimestamp: p.Place.Thread, InitialComment: r.text,
	})
	if err != nil {
		return bridge.Sent{}, classify(err)
	}
	at, err := s.sharedAt(ctx, done.IDs[0], p.Place.Channel)
	if err != nil || at.TS == "" { // it is shown; only its id isn't known
		return bridge.Sent{Thread: p.Place.Thread, Progress: p.Progress}, nil
	}
	if p.Place.Thread != "" && at.Thread == "" {
		return bridge.Sent{}, s.stray(ctx, p.Place.Channel, at.TS)
	}
	return bridge.Sent{Message: at.TS, Thread: p.Place.Thread, Progress: p.Progress}, nil
}

func sender(p bridge.Post) bridge.PartyRef {
	if p.Said != nil {
		return p.Said.From
	}
	return p.Facts.Contact
}

// takes says whether Slack takes a file; others are only named.
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
	name := displayName(strings.NewReplacer("/", "_", "\\", "_").Replace(f.Name))
	if name == "" {
		name = "file"
	}
	return name
}

// postNames is for files that Slack doesn't take.
func (s *Surface) postNames(ctx context.Context, p bridge.Post, r rendered) (bridge.Sent, error) {
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

func (s *Surface) upload(ctx context.Context, files []channels.File) (string, error) {
	var done progress
	for _, f := range files {
		if !takes(f) {
			continue
		}
		id, err := s.uploadOne(ctx, f)
		if err != nil {
			return "", err
		}
		done.IDs = append(done.IDs, id)
	}
	raw, err := json.Marshal(done)
	return string(raw), err
}

func (s *Surface) uploadOne(ctx context.Context, f channels.File) (string, error) {
	name := fileName(f)
	target, err := s.api.GetUploadURLExternalContext(ctx, slackapi.GetUploadURLExternalParameters{FileName: name, FileSize: int(f.SizeBytes)})
	if err != nil {
		return "", fmt.Errorf("slack: files.getUploadURLExternal: %w", err)
	}
	if target.UploadURL == "" || target.FileID == "" {
		return "", errBlank
	}
	content, err := f.Open(ctx)
	if err != nil {
		return "", fmt.Errorf("slack: open file: %w", err)
	}
	defer content.Close()
	err = s.api.UploadToURL(ctx, slackapi.UploadToURLParameters{UploadURL: target.UploadURL, Reader: content, Filename: name})
	if err != nil {
		return "", fmt.Errorf("slack: upload: %w", err)
	}
	return target.FileID, nil
}

// reconcileFiles asks where an uploaded file is shown.
func (s *Surface) reconcileFiles(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
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
	at, err := s.shareNow(ctx, done.IDs[0], p.Place.Channel)
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

func (s *Surface) reconcileNames(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
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
	return outcome, bridge.Sent{Message: m.TS, Thread: m.root()}, nil
}

// shareNow reads where a file is shown in a channel; zero if nowhere.
func (s *Surface) shareNow(ctx context.Context, id, channel string) (seen, error) {
	if at, ok := s.shares.get(id, channel); ok {
		return at, nil
	}
	var f *slackapi.File
	err := s.patient(ctx, func(ctx context.Context) error {
		var err error
		f, _, _, err = s.api.GetFileInfoContext(ctx, id, 0, 0)
		return err
	})
	if err != nil {
		return seen{}, fmt.Errorf("slack: files.info: %w", err)
	}
	for _, places := range []map[string][]slackapi.ShareFileInfo{f.Shares.Public, f.Shares.Private} {
		for _, at := range places[channel] {
			return seen{File: id, Channel: channel, Thread: at.ThreadTs, TS: at.Ts}, nil
		}
	}
	return seen{}, nil
}

// sharedAt waits a little for the message of a finished upload: Slack posts it later.
func (s *Surface) sharedAt(ctx context.Context, id, channel string) (seen, error) {
	for tries := range 3 {
		if at, ok := s.shares.wait(ctx, id, channel, s.opt.ShareWait/3); ok {
			return at, nil
		}
		if at, err := s.shareNow(ctx, id, channel); err != nil || at.TS != "" || tries == 2 {
			return at, err
		}
	}
	return seen{}, nil
}

// limitedReader fails where a file is longer than it may be.
type limitedReader struct {
	io.Reader
	left  int64
	close func() error
}

// errTooLong is what reading a file gives that is longer than announced.
var errTooLong = errors.New("slack: file is longer than announced")

// Read implements io.Reader.
func (l *limitedReader) Read(b []byte) (int, error) {
	n, err := l.Reader.Read(b)
	l.left -= int64(n)
	if l.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

// Close implements io.Closer.
func (l *limitedReader) Close() error { return l.close() }

// sizeText is for errors.
func sizeText(n int64) string { return strconv.FormatInt(n, 10) + " bytes" }
