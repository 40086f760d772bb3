package slack

import (
	"cmp"
	"context"
	"encoding/json"
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

// A customer's files reach Slack in two steps: they are uploaded, which nobody sees, and then Slack is asked to show
// them as one message in the thread. Slack answers at once and shows them later. This file does the second step and
// finds the message; filepost.go does the first, and explains a post's parts.

// Slack shows files mostly within a second after its answer, now and then after some seconds, and sometimes never.
const (
	sharePatience = 2 * time.Minute // how long Parley looks for the message; then it uploads the files once more
	lastShowPart  = 2               // the last part that tries to show files; after it their names are posted instead

	// Limits of the wait until Parley looks for the files again. Each look is a whole attempt.
	minShareLookWait = 5 * time.Second
	maxShareLookWait = 30 * time.Second
)

// uploadProgress is the state of a post of files. It is kept as JSON in the post's Progress between attempts and
// parts. It has the ids of files that are uploaded but not shown yet, and the files that Slack refused.
type uploadProgress struct {
	IDs     []string      `json:"ids"`
	Titles  []string      `json:"titles,omitempty"` // of the files with these ids
	Refused []refusedFile `json:"refused,omitempty"`
	AskedAt time.Time     `json:"asked,omitzero"`   // when Slack was asked to show them, which it does later and only once
	IsTaken bool          `json:"taken,omitempty"`  // Slack has answered that it shows them
	Thread  string        `json:"thread,omitempty"` // in which Slack was asked to show them; "" if an older version did
	Failed  int           `json:"failed,omitempty"` // how often a file could not be uploaded
	IsLost  bool          `json:"lost,omitempty"`   // Slack showed them at top level: they have to be uploaded anew
}

// refusedFile is a file that this workspace doesn't take, with the reason for people. It is identified by name and
// size rather than by its position among the files, because another file may have been added before it.
type refusedFile struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
	Why   string `json:"why"`
}

func (u uploadProgress) encode() string {
	raw, err := json.Marshal(u)
	if err != nil {
		return "" // texts and a time can always be encoded
	}
	return string(raw)
}

// errProgressMissing means that a later part of a post doesn't know which files were uploaded.
var errProgressMissing = errors.New("slack: files: progress is missing")

// readProgress reads the state that the earlier parts of a post of files have left.
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

// afterFailure returns a post's Progress with one more failed upload counted.
func afterFailure(p bridge.Post) string {
	progress := priorProgress(p)
	progress.Failed++
	return progress.encode()
}

// priorProgress returns the state that earlier attempts and parts have left, or a zero one.
func priorProgress(p bridge.Post) uploadProgress {
	var progress uploadProgress
	if err := json.Unmarshal([]byte(p.Progress), &progress); err != nil {
		return uploadProgress{}
	}
	return progress
}

// showFiles makes a later part of a post of files: it has Slack show the uploaded files, and looks for the message
// that shows them. If there is none yet, it returns an error of the class Retry.
func (s *poster) showFiles(ctx context.Context, me *fact.Self, p bridge.Post) (bridge.Sent, error) {
	progress, err := readProgress(p)
	if err != nil {
		return bridge.Sent{}, refusal.BadContent("the uploaded files are not known any more", err)
	}
	if progress.IsLost {
		return s.uploadAnew(ctx, me, p, progress)
	}

	look := s.files.findShare
	if progress.AskedAt.IsZero() { // only the first attempt asks, and then waits a little
		look = s.files.awaitShare
		isTaken, err := s.completeUpload(ctx, me, p, progress)
		progress.AskedAt = s.now()
		progress.IsTaken = isTaken
		progress.Thread = p.Place.Thread
		if err != nil && channels.ClassOf(err) == channels.Ambiguous {
			return bridge.Sent{Progress: progress.encode()}, err
		}
		if refusal.WhyNoFile(err, false) != "" {
			return s.showOthers(ctx, me, p, progress, err)
		}
		if err != nil {
			return bridge.Sent{}, err
		}
	}

	shown, outcome := s.findShown(ctx, me, p, progress.IDs[0], look)
	if outcome == channels.Landed {
		return s.concludeShown(ctx, me, p, progress, shown)
	}
	return s.concludeUnshown(ctx, me, p, progress, outcome)
}

// completeUpload asks Slack to show uploaded files. isTaken is true if Slack answered that it does. Slack takes that
// request only once per upload. If Slack doesn't know the uploads any more, isTaken is false and err is nil: an
// earlier attempt may have completed them, or they are too old. The caller looks for them in either case.
func (s *poster) completeUpload(ctx context.Context, me *fact.Self, p bridge.Post, progress uploadProgress) (isTaken bool, err error) {
	files := make([]slackapi.FileSummary, 0, len(progress.IDs))
	for i, id := range progress.IDs {
		file := slackapi.FileSummary{ID: id}
		if i < len(progress.Titles) { // an older version of Parley stored no titles
			file.Title = progress.Titles[i]
		}
		files = append(files, file)
	}

	_, err = s.api.CompleteUploadExternalContext(ctx, slackapi.CompleteUploadExternalParameters{
		Files:           files,
		Channel:         p.Place.Channel,
		ThreadTimestamp: p.Place.Thread,
		InitialComment:  me.Home.Words(filesCard(p, progress.Refused)),
	})

	switch refusal.CodeOf(err) {
	case "file_not_found", "file_update_failed":
		return false, nil
	}
	return err == nil, refusal.Classify(err)
}

// findShown looks for the message that shows uploaded files. id is the first file's: one message shows all. It first
// calls look, which asks events and Slack about that file, and then reads the thread.
func (s *poster) findShown(
	ctx context.Context, me *fact.Self, p bridge.Post, id string, look func(ctx context.Context, id, channel string) (fact.Share, error),
) (fact.Share, channels.Outcome) {
	shown, err := look(ctx, id, p.Place.Channel)
	if err != nil {
		s.log.Info("slack message of files not found", "error", err)
	}
	if shown.TS != "" {
		return shown, channels.Landed
	}

	shown, outcome, err := s.findInThread(ctx, me, p, id)
	if err != nil {
		s.log.Info("slack thread of files not read", "error", err)
	}
	return shown, outcome
}

// findInThread looks in a post's thread for the message that shows a file, or that names the files instead. If the
// thread is gone, it looks at top level, where Slack then puts replies.
func (s *poster) findInThread(ctx context.Context, me *fact.Self, p bridge.Post, id string) (fact.Share, channels.Outcome, error) {
	isSought := func(m *fact.Message) bool {
		return isPartOf(m, p) || slices.ContainsFunc(m.Files, func(f fact.File) bool { return f.ID == id })
	}

	m, outcome, err := s.findMessage(ctx, me, p, p.Place.Thread, isSought)
	if refusal.IsGone(err) && p.Place.Thread != "" {
		m, outcome, err = s.findMessage(ctx, me, p, "", isSought)
	}
	return fact.Share{File: id, Channel: p.Place.Channel, Thread: m.ThreadTS, TS: m.TS}, outcome, err
}

// concludeShown ends a post whose files are shown. If Slack shows them at top level, the thread in which it was asked
// to show them is lost. If that is the post's own thread, it returns bridge.ErrThreadLost. If it is an earlier one,
// the files are uploaded again for the post's thread.
func (s *poster) concludeShown(
	ctx context.Context, me *fact.Self, p bridge.Post, progress uploadProgress, shown fact.Share,
) (bridge.Sent, error) {
	if !isMisplaced(p, shown.Thread) {
		return bridge.Sent{Message: shown.TS, Thread: p.Place.Thread, Progress: progress.encode()}, nil
	}

	wasAskedHere := progress.Thread == "" || progress.Thread == p.Place.Thread
	if wasAskedHere {
		progress.IsLost = true
		return bridge.Sent{Progress: progress.encode()}, s.refuseMisplaced(ctx, p, shown.TS)
	}

	if err := s.deleteMisplaced(ctx, p.Place.Channel, shown.TS); err != nil {
		return bridge.Sent{Progress: progress.encode()}, err
	}
	return s.uploadAnew(ctx, me, p, progress)
}

// concludeUnshown ends an attempt after which the message of the files isn't found. Up to sharePatience it returns an
// error of the class Retry, with a wait that grows with the time waited so far. After that the files are uploaded
// again, unless nobody can tell whether they are shown. Then it trusts Slack's answer that it shows them or, without
// such an answer, keeps waiting until the engine gives up the search (p.Unsure).
func (s *poster) concludeUnshown(
	ctx context.Context, me *fact.Self, p bridge.Post, progress uploadProgress, outcome channels.Outcome,
) (bridge.Sent, error) {
	awaited := s.now().Sub(progress.AskedAt)
	isUnclear := outcome == channels.CannotTell
	mayStillBeFound := isUnclear && !progress.IsTaken && !p.Unsure // perhaps Slack never got the request
	if mayStillBeFound || awaited < sharePatience {
		wait := min(max(awaited, minShareLookWait), maxShareLookWait)
		late := &channels.SendError{Class: channels.Retry, Wait: wait, Text: "Slack doesn't show the files yet."}
		return bridge.Sent{Progress: progress.encode()}, late
	}

	if isUnclear && progress.IsTaken { // Slack has said that it shows them; only the message's id isn't known
		return bridge.Sent{Thread: p.Place.Thread, Progress: progress.encode()}, nil
	}

	return s.showAgain(ctx, me, p, progress)
}

// showAgain handles files that Slack took and doesn't show. It uploads them again or, at last, names them.
func (s *poster) showAgain(ctx context.Context, me *fact.Self, p bridge.Post, progress uploadProgress) (bridge.Sent, error) {
	s.log.Warn("slack doesn't show files that it took", "delivery_id", p.DeliveryID)
	if p.Part < lastShowPart {
		return s.uploadAnew(ctx, me, p, progress)
	}

	s.deleteUploads(ctx, progress)
	refused := refuse(p, progress.Refused, "Slack took it, but doesn't show it", isAcceptable)
	return s.postNames(ctx, me, p, refused)
}

// uploadAnew uploads files again, because Slack shows an upload only once.
func (s *poster) uploadAnew(ctx context.Context, me *fact.Self, p bridge.Post, progress uploadProgress) (bridge.Sent, error) {
	s.deleteUploads(ctx, progress)
	return s.uploadFiles(ctx, me, p, progress.Refused)
}

func (s *poster) deleteUploads(ctx context.Context, progress uploadProgress) {
	uploaded := make([]fact.File, 0, len(progress.IDs))
	for _, id := range progress.IDs {
		uploaded = append(uploaded, fact.File{ID: id})
	}
	if err := s.files.deleteAll(ctx, uploaded); err != nil {
		s.log.Info("slack files not deleted", "error", err)
	}
}

// refuse returns refused, followed by those other files of the post for which isRefused is true, with the reason why.
func refuse(p bridge.Post, refused []refusedFile, why string, isRefused func(channels.File) bool) []refusedFile {
	for _, f := range p.Files {
		isKnown := slices.ContainsFunc(refused, isRefusalOf(f))
		if !isKnown && isRefused(f) {
			refused = append(refused, refusedFile{Name: fileName(f), Bytes: f.SizeBytes, Why: why})
		}
	}
	return refused
}

// showOthers goes on after Slack refused to show a post's files because of one of them, which it doesn't name. If the
// workspace allows only pictures, the pictures are uploaded again. All others are only named.
func (s *poster) showOthers(ctx context.Context, me *fact.Self, p bridge.Post, progress uploadProgress, err error) (bridge.Sent, error) {
	s.log.Warn("slack refuses files", "delivery_id", p.DeliveryID, "error", err)

	why := refusal.WhyNoFile(err, false)
	showsPictures := refusal.CodeOf(err) == refusal.OnlyImages && p.Part < lastShowPart
	if !showsPictures && len(progress.IDs) > 1 {
		why = cmp.Or(refusal.WhyNoFiles(err), why)
	}

	return s.uploadFiles(ctx, me, p, refuse(p, progress.Refused, why, func(f channels.File) bool {
		mayBeShown := showsPictures && strings.HasPrefix(f.ContentType, "image/")
		return isAcceptable(f) && !mayBeShown
	}))
}

// reconcileShown finds out whether a later part of a post of files was made, that is whether the files are shown.
func (s *poster) reconcileShown(ctx context.Context, p bridge.Post) (channels.Outcome, bridge.Sent, error) {
	progress, err := readProgress(p)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}
	me, err := s.identify(ctx)
	if err != nil {
		return channels.CannotTell, bridge.Sent{}, err
	}

	shown, err := s.files.findShare(ctx, progress.IDs[0], p.Place.Channel)
	wasNeverShown := refusal.CodeOf(err) == "file_not_found" // Slack doesn't show an upload that wasn't completed
	isDeleted := refusal.CodeOf(err) == "file_deleted"
	if err != nil && !wasNeverShown && !isDeleted {
		return channels.CannotTell, bridge.Sent{}, err
	}

	outcome := channels.Landed
	if shown.TS == "" {
		var inThreadErr error
		shown, outcome, inThreadErr = s.findInThread(ctx, me, p, progress.IDs[0])
		if inThreadErr != nil {
			return channels.CannotTell, bridge.Sent{}, inThreadErr
		}
		if outcome == channels.Absent && isDeleted {
			outcome = channels.CannotTell // perhaps somebody has deleted the message together with the file
		}
	}

	if outcome != channels.Landed {
		return outcome, bridge.Sent{}, nil
	}
	if isMisplaced(p, shown.Thread) {
		if err := s.deleteMisplaced(ctx, p.Place.Channel, shown.TS); err != nil {
			return channels.CannotTell, bridge.Sent{}, err
		}
		return channels.Absent, bridge.Sent{}, nil
	}

	return channels.Landed, bridge.Sent{Message: shown.TS, Thread: p.Place.Thread, Progress: p.Progress}, nil
}
