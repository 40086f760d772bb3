package slack

import (
	"bytes"
	"context"
	"fmt"

	slackapi "github.com/slack-go/slack"

	"parley/bot/slack/fact"
	"parley/bot/slack/refusal"
	"parley/channels"
)

// describeFiles adds details of files to a fact about a message. In channels that other organisations share (Slack
// Connect), events tell only a file's id. The kind and size matter because customers' channels take only some files.
// What Slack doesn't tell before ctx ends is asked again when the file is read.
// Source: docs.slack.dev/reference/objects/file-object, "Slack Connect files", read 2026-11.
func (w *workspace) describeFiles(ctx context.Context, f channels.Fact) channels.Fact {
	if !bytes.Contains(f.Payload, []byte(fact.AskForFile)) { // mostly: spare the decoding
		return f
	}
	p, err := fact.Unwrap(f.Payload)
	if err != nil {
		return f // it is quarantined
	}

	p.Self.Files = map[string]fact.File{}
	for _, id := range p.UndescribedFiles() {
		info, err := w.askFile(ctx, id)
		if err != nil {
			w.log.Warn("slack doesn't say what a file is", "error", err)
			continue
		}
		isLookedAt := info.Mimetype != "" || info.Mode != "hosted" // right after an upload Slack itself doesn't know the kind
		if isLookedAt {
			p.Self.Files[id] = info
		}
	}

	described, err := p.Self.Fact(p.Kind, f.ExternalID, f.OrderKey, p.Body)
	if err != nil {
		return f
	}
	return described
}

// askFile asks Slack what a file is. Of one that is gone, or that the app may not see, the result says that.
// Errors: Slack's others.
func (w *workspace) askFile(ctx context.Context, id string) (fact.File, error) {
	var info *slackapi.File
	err := w.retryRead(ctx, func(ctx context.Context) error {
		var err error
		info, _, _, err = w.api.GetFileInfoContext(ctx, id, 0, 0)
		return err
	})
	if f, known := fact.UnreadableFile(id, refusal.CodeOf(err)); known {
		return f, nil
	}
	if err != nil {
		return fact.File{}, fmt.Errorf("slack: files.info: %w", err)
	}

	return fact.File{
		ID:         info.ID,
		Name:       info.Name,
		Title:      info.Title,
		Mimetype:   info.Mimetype,
		Size:       int64(info.Size),
		Mode:       info.Mode,
		IsExternal: info.IsExternal,
		Private:    info.URLPrivate,
		Download:   info.URLPrivateDownload,
		Access:     info.FileAccess,
	}, nil
}
