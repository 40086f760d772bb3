package slack

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"parley/bot/shape"
	"parley/bot/slack/blockkit"
	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/bot/view"
	"parley/bridge"
	"parley/channels"
)

// A post of files shows those of a customer's message in the conversation's thread. Each call of Send makes one part:
//   - The first, uploadPart, uploads the files. Nobody sees that, so it may be repeated. If Slack takes none
//     of them, this part posts their names, and is the only one.
//   - The second has Slack show them as one message. If Slack doesn't, or shows it elsewhere, this part
//     uploads them again.
//   - The third shows what the second uploaded.
const uploadPart = 0

// maxFileText is maxFileBytes in words.
const maxFileText = "1 GB"

// uploadTimeout bounds an upload whose caller set no deadline.
const uploadTimeout = 10 * time.Minute

// maxUploadFailures is how often the upload of a post's files may fail. After that, a file that can't be uploaded is
// only named, so that the thread goes on. With the engine's pauses this takes about twenty minutes. Attempts that
// only waited for Slack to show files don't count.
const maxUploadFailures = 25

// isRefusalOf returns a predicate that reports whether a refused file is f.
func isRefusalOf(f channels.File) func(refusedFile) bool {
	return func(r refusedFile) bool { return r.Name == fileName(f) && r.Bytes == f.SizeBytes }
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
	return s.uploadFiles(ctx, me, p, nil)
}

// filesCard is the text above the files of a post. It names them, and says why some are missing.
func filesCard(p bridge.Post, refused []refusedFile) view.Card {
	card := view.Files(customerOf(p), fileNames(p, refused), p.Missing)
	if p.Unsure {
		card.Blocks = append(card.Blocks, view.Small(mayBeTwice))
	}
	return card
}

// uploadFiles uploads the files of a post, except those in refused. The next part shows them.
func (s *poster) uploadFiles(ctx context.Context, me *fact.Self, p bridge.Post, refused []refusedFile) (bridge.Sent, error) {
	progress, err := s.files.upload(ctx, p, refused)
	if _, ofFile := errors.AsType[*refusal.FileError](err); ofFile {
		return bridge.Sent{Progress: afterFailure(p)}, refusal.ClassifyBeforeSend(err)
	}
	if err != nil {
		return bridge.Sent{}, refusal.ClassifyBeforeSend(err)
	}
	if len(progress.IDs) == 0 {
		return s.postNames(ctx, me, p, progress.Refused)
	}

	return bridge.Sent{More: true, Thread: p.Place.Thread, Progress: progress.encode()}, nil
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
		if i := slices.IndexFunc(refused, isRefusalOf(f)); i >= 0 {
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
	return cmp.Or(blockkit.FileName(strings.NewReplacer("/", "_", "\\", "_").Replace(f.Name)), "file")
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

// reconcileUpload looks whether the first part of a post of files was made. Uploading again shows nothing twice, but
// where Slack took none of the files their names are posted.
func (s *poster) reconcileUpload(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	me, err := s.identify(ctx)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}

	m, outcome, err := s.findPosted(ctx, me, p, p.Place.Thread)
	if refusal.IsGone(err) && p.Place.Thread != "" {
		const moreFollow = false // the names are the only part
		return s.reconcileTopLevel(ctx, me, p, moreFollow)
	}
	if err != nil || outcome != channels.Landed {
		return outcome, bridge.Sent{}, err
	}

	return outcome, bridge.Sent{Message: m.TS, Thread: m.Root()}, nil
}
