package slack

import (
	"context"
	"errors"
	"slices"
	"time"

	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// A post of files shows those of a customer's message in the conversation's thread. Slack takes files in two steps:
// they are uploaded, which nobody sees, and then Slack is asked to show them as one message. Mostly the message
// comes within a second, now and then after some seconds, and sometimes never. Each call of Send makes one part:
//   - Part 0 (uploadPart) uploads the files. If Slack takes none of them, it posts their names and is the only part.
//   - Part 1 has Slack show them, and finds the message. If Slack doesn't show them, or shows them elsewhere, this
//     part uploads them again.
//   - Part 2 (lastShowPart) shows what part 1 uploaded. If that fails as well, it posts their names.
//
// For example, a workspace that allows only pictures gets "From Anna Weber: plan.png, setup.exe (only pictures are
// allowed in Slack)" with plan.png below it.
const (
	uploadPart   = 0
	lastShowPart = 2
)

// uploadTimeout bounds a part whose caller set no deadline.
const uploadTimeout = 10 * time.Minute

// maxUploadFailures is how often the upload of a post's files may fail. After that, a file that can't be uploaded is
// only named, so that the thread goes on. With the engine's pauses this takes about twenty minutes. Attempts that
// only waited for Slack to show files don't count.
const maxUploadFailures = 25

// filePost is a post of files, as one call of Send or Reconcile works on it.
type filePost struct {
	*poster

	self     *fact.Self
	post     bridge.Post
	progress uploadProgress // what earlier parts and attempts have left; changed by this one
}

func (s *poster) newFilePost(self *fact.Self, p bridge.Post) *filePost {
	return &filePost{poster: s, self: self, post: p, progress: storedProgress(p)}
}

// sendFiles makes one part of a post of files.
func (s *poster) sendFiles(ctx context.Context, self *fact.Self, p bridge.Post) (bridge.Sent, error) {
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

// reconcileFiles finds out whether a part of a post of files was made.
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

// upload uploads the files of the post, except those that Slack has refused already. The next part shows them. If one
// file fails, none counts as uploaded, and the failure is counted.
func (f *filePost) upload(ctx context.Context) (bridge.Sent, error) {
	uploaded, err := f.uploadEach(ctx)
	if _, isOfFile := errors.AsType[*refusal.FileError](err); isOfFile {
		failed := storedProgress(f.post)
		failed.Failed++
		return bridge.Sent{Progress: failed.encode()}, refusal.ClassifyBeforeSend(err)
	}
	if err != nil {
		return bridge.Sent{}, refusal.ClassifyBeforeSend(err)
	}
	if len(uploaded.IDs) == 0 {
		f.progress = uploaded
		return f.postNames(ctx)
	}

	return bridge.Sent{More: true, Thread: f.post.Place.Thread, Progress: uploaded.encode()}, nil
}

// uploadEach uploads the files one by one. Files that Slack refuses go into Refused.
func (f *filePost) uploadEach(ctx context.Context) (uploadProgress, error) {
	uploaded := uploadProgress{Refused: slices.Clone(f.progress.Refused)}
	failedTooOften := storedProgress(f.post).Failed >= maxUploadFailures

	for _, file := range f.post.Files {
		if !isAcceptable(file) || f.progress.whyRefused(file) != "" {
			continue
		}

		id, err := f.uploads.add(ctx, file)
		givesUp := failedTooOften && ctx.Err() == nil
		if why := refusal.WhyNoFile(err, givesUp); why != "" {
			f.log.Warn("slack gets no such file", "delivery_id", f.post.DeliveryID, "error", err)
			uploaded.refuse(file, why)
			continue
		}
		if err != nil {
			return uploadProgress{}, err
		}

		uploaded.IDs = append(uploaded.IDs, id)
		uploaded.Titles = append(uploaded.Titles, fileName(file))
	}

	return uploaded, nil
}

// uploadAnew uploads files again, because Slack shows an upload only once.
func (f *filePost) uploadAnew(ctx context.Context) (bridge.Sent, error) {
	f.deleteUploads(ctx)
	return f.upload(ctx)
}

func (f *filePost) deleteUploads(ctx context.Context) {
	uploaded := make([]fact.File, 0, len(f.progress.IDs))
	for _, id := range f.progress.IDs {
		uploaded = append(uploaded, fact.File{ID: id})
	}
	if err := f.uploads.deleteAll(ctx, uploaded); err != nil {
		f.log.Info("slack files not deleted", "error", err)
	}
}

// postNames posts only the names of the files, where Slack takes none of them.
func (f *filePost) postNames(ctx context.Context) (bridge.Sent, error) {
	card := f.card()
	messages := f.self.Home.Messages(card, blockSeed(f.post.Token))
	if len(messages) > 1 { // so many fit one message only without blocks
		messages = []blockkit.Message{{Text: f.self.Home.Words(card)}}
	}

	ts, thread, err := f.postMessage(ctx, f.post, literalOptions(messages[0]))
	if err != nil {
		return bridge.Sent{}, err
	}
	return bridge.Sent{Message: ts, Thread: thread}, nil
}

// card is the text above the files. It names them, and says why some are missing.
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

// reconcileUpload looks whether the first part was made. Uploading again shows nothing twice, but where Slack took
// none of the files their names are posted.
func (f *filePost) reconcileUpload(ctx context.Context) (channels.Outcome, bridge.Sent, error) {
	m, outcome, err := f.findPosted(ctx, f.self, f.post, f.post.Place.Thread)
	if refusal.IsGone(err) && f.post.Place.Thread != "" {
		const moreFollow = false // the names are the only part
		return f.reconcileTopLevel(ctx, f.self, f.post, moreFollow)
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}

	return outcome, bridge.Sent{Message: m.TS, Thread: m.Root()}, nil
}
