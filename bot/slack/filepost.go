package slack

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"parley/bot/shape"
	"parley/bot/slack/blockkit"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// A post of files shows the files of a customer's message in the thread of the conversation. Slack needs two steps: the
// files are uploaded, invisibly, and then Slack is asked to show them in one message. It creates that message later:
// usually within a second, and sometimes never. So a post has parts, one for each call of Send:
//   - Part 0 (uploadPart) uploads the files. If Slack refuses all of them, it posts their names, and no part follows.
//   - Part 1 asks Slack to show them, and looks for the message. If the message doesn't appear, or appears in the wrong
//     place, part 1 uploads the files again.
//   - Part 2 (lastShowPart) shows what part 1 uploaded. If that fails, too, it posts the names.
//
// For example, a workspace that allows only pictures gets "From Anna Weber: plan.png, setup.exe (only pictures are
// allowed in Slack)" with plan.png below it.
const (
	uploadPart   = 0
	lastShowPart = 2
)

// uploadTimeout is the time limit of a part if the caller has set no deadline.
const uploadTimeout = 10 * time.Minute

// maxUploadFailures is how many failed uploads of a post are retried, which takes about twenty minutes. After that, files
// that can't be uploaded are only named, since later posts of the thread wait for this one.
const maxUploadFailures = 25

// filePost is a post of files during one call of Send or Reconcile.
type filePost struct {
	*poster

	self     *Self
	post     bridge.Post
	progress uploadProgress // the state after earlier parts and attempts, updated by this one
}

func (s *poster) newFilePost(self *Self, p bridge.Post) *filePost {
	return &filePost{poster: s, self: self, post: p, progress: storedProgress(p)}
}

// sendFiles makes one part of a post of files.
func (s *poster) sendFiles(ctx context.Context, self *Self, p bridge.Post) (bridge.Sent, error) {
	if _, hasDeadline := ctx.Deadline(); !hasDeadline {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, uploadTimeout)
		defer cancel()
	}

	f := s.newFilePost(self, p)
	if p.Part == uploadPart {
		return f.upload(ctx)
	}
	return f.show(ctx)
}

// reconcileFiles finds out whether a part took effect whose result is unknown, for example after a timeout.
func (s *poster) reconcileFiles(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	self, err := s.identify(ctx)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}

	f := s.newFilePost(self, p)
	if p.Part == uploadPart {
		return f.reconcileUpload(ctx)
	}
	return f.reconcileShown(ctx)
}

// upload uploads the files, except those that Slack has refused before. The next part shows them. If one upload fails,
// the failure is counted, and the next attempt uploads all of them again.
func (f *filePost) upload(ctx context.Context) (bridge.Sent, error) {
	uploaded, err := f.uploadEach(ctx)
	if _, isOfFile := errors.AsType[*FileError](err); isOfFile {
		failed := storedProgress(f.post)
		failed.Failed++
		return bridge.Sent{Progress: failed.encode()}, ClassifyBeforeSend(err)
	}
	if err != nil {
		return bridge.Sent{}, ClassifyBeforeSend(err)
	}
	if len(uploaded.IDs) == 0 {
		f.progress = uploaded
		return f.postNames(ctx)
	}

	return bridge.Sent{More: true, Thread: f.post.Place.Thread, Progress: uploaded.encode()}, nil
}

// uploadEach uploads the files one by one. It returns the ids of the uploaded files and the files that Slack refused.
func (f *filePost) uploadEach(ctx context.Context) (uploadProgress, error) {
	uploaded := uploadProgress{Refused: slices.Clone(f.progress.Refused)}
	failedTooOften := storedProgress(f.post).Failed >= maxUploadFailures

	for _, file := range f.post.Files {
		if !isAcceptable(file) || f.progress.whyRefused(file) != "" {
			continue
		}

		id, err := f.addUpload(ctx, file)
		givesUp := failedTooOften && ctx.Err() == nil
		if why := WhyNoFile(err, givesUp); why != "" {
			f.log.Warn("slack gets no such file", "delivery_id", f.post.DeliveryID, "error", err)
			uploaded.refuse(file, why)
			continue
		}
		if err != nil {
			return uploadProgress{}, err
		}

		uploaded.IDs = append(uploaded.IDs, id)
		uploaded.Titles = append(uploaded.Titles, blockkit.FileName(file.Name))
	}

	return uploaded, nil
}

// reupload uploads the files again, because Slack shows an upload only once.
func (f *filePost) reupload(ctx context.Context) (bridge.Sent, error) {
	f.dropUploads(ctx)
	return f.upload(ctx)
}

func (f *filePost) dropUploads(ctx context.Context) {
	uploaded := make([]File, 0, len(f.progress.IDs))
	for _, id := range f.progress.IDs {
		uploaded = append(uploaded, File{ID: id})
	}
	if err := f.deleteUploads(ctx, uploaded); err != nil {
		f.log.Info("slack files not deleted", "error", err)
	}
}

// postNames posts the names of the files, without the files.
func (f *filePost) postNames(ctx context.Context) (bridge.Sent, error) {
	card := f.card()
	messages := f.self.Home.Messages(card, blockSeed(f.post.Token))
	if len(messages) > 1 { // a message without blocks can have a longer text
		messages = []blockkit.Message{{Text: f.self.Home.Words(card)}}
	}

	ts, thread, err := f.postMessage(ctx, f.post, literalOptions(messages[0]))
	if err != nil {
		return bridge.Sent{}, err
	}
	return bridge.Sent{Message: ts, Thread: thread}, nil
}

// card returns the text above the files. It names all files, and says why some aren't shown.
func (f *filePost) card() view.Card {
	customer := f.post.Facts.Contact
	if f.post.Said != nil {
		customer = f.post.Said.From
	}

	card := view.Files(customer, fileNames(f.post.Files, f.progress), f.post.Missing)
	if f.post.Unsure {
		card.Blocks = append(card.Blocks, view.Small(mayBeTwice))
	}
	return card
}

// reconcileUpload finds out whether the first part posted the names of the files. Uploads don't matter, because they are
// invisible and can be repeated.
func (f *filePost) reconcileUpload(ctx context.Context) (channels.Outcome, bridge.Sent, error) {
	m, outcome, err := f.findPosted(ctx, f.self, f.post, f.post.Place.Thread)
	if IsGone(err) && f.post.Place.Thread != "" {
		const moreFollow = false // the names are the only part
		return f.reconcileTopLevel(ctx, f.self, f.post, moreFollow)
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}

	return outcome, bridge.Sent{Message: m.TS, Thread: m.Root()}, nil
}

// uploadProgress is the state of sending a customer's files to Slack. That takes several attempts: the files are
// uploaded, and then Slack is asked to show them in a thread, which it does later and only once. Between attempts the
// engine stores the state as JSON: {"ids":["F1"],"refused":[{"name":"setup.exe","bytes":9,"why":"…"}]}.
type uploadProgress struct {
	IDs     []string      `json:"ids"`              // the uploaded files
	Titles  []string      `json:"titles,omitempty"` // their names, in the same order
	Refused []refusedFile `json:"refused,omitempty"`
	AskedAt time.Time     `json:"asked,omitzero"`   // when Slack was asked to show them
	IsTaken bool          `json:"taken,omitempty"`  // Slack has accepted the request to show them
	Thread  string        `json:"thread,omitempty"` // the requested thread
	Failed  int           `json:"failed,omitempty"` // how many uploads have failed
	IsLost  bool          `json:"lost,omitempty"`   // Slack showed them outside of the thread, so they must be uploaded again
}

// refusedFile is a file that Slack refuses, with a reason that agents can read. It is identified by name and size, not
// by its index, because a file may be inserted before it between two attempts.
type refusedFile struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Why   string `json:"why"`
}

// storedProgress returns the state after the earlier attempts, or the zero state before the first one.
func storedProgress(p bridge.Post) uploadProgress {
	var progress uploadProgress
	if err := json.Unmarshal([]byte(p.Progress), &progress); err != nil {
		return uploadProgress{}
	}
	return progress
}

func (u uploadProgress) encode() string {
	raw, err := json.Marshal(u)
	if err != nil {
		return "" // can't happen: these types can always be encoded
	}
	return string(raw)
}

// whyRefused returns why Slack refused a file, or "" if it didn't refuse it.
func (u uploadProgress) whyRefused(f channels.File) string {
	for _, r := range u.Refused {
		if r.Name == blockkit.FileName(f.Name) && r.Bytes == f.SizeBytes {
			return r.Why
		}
	}
	return ""
}

// refuse records that Slack refuses a file. If a reason is recorded already, it is kept.
func (u *uploadProgress) refuse(f channels.File, why string) {
	if u.whyRefused(f) == "" {
		u.Refused = append(u.Refused, refusedFile{Name: blockkit.FileName(f.Name), Bytes: f.SizeBytes, Why: why})
	}
}

// isAcceptable reports whether the size of a file is within Slack's limits. Other files are only named.
func isAcceptable(f channels.File) bool { return f.SizeBytes > 0 && f.SizeBytes <= maxFileBytes }

// fileNames returns the names of files for agents. A name has a suffix if Slack doesn't show the file: "a.exe (…)".
func fileNames(files []channels.File, progress uploadProgress) []string {
	names := make([]string, 0, len(files))
	for _, f := range files {
		name := shape.OneLine(blockkit.FileName(f.Name), shape.MaxNameRunes)
		if why := cmp.Or(progress.whyRefused(f), whyNotAcceptable(f)); why != "" {
			name += " (" + why + ")"
		}
		names = append(names, name)
	}
	return names
}

// whyNotAcceptable returns why a file isn't acceptable, or "".
func whyNotAcceptable(f channels.File) string {
	const maxFileText = "1 GB" // maxFileBytes as text
	switch {
	case f.SizeBytes <= 0:
		return "0 bytes"
	case !isAcceptable(f):
		return "larger than the " + maxFileText + " that Slack takes"
	}
	return ""
}
