package messenger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"parley/channels"
	"parley/channels/graph"
	"parley/channels/wire"
)

// uploadFiles uploads the files of a message and puts their ids into parts. A part is what one request sends.
// All files are uploaded before the first part is sent, so that nothing is sent if a file can't be read or is
// refused.
func (c *Channel) uploadFiles(ctx context.Context, o channels.Outbound, parts []part) error {
	for i := o.Attempt.Part; i < len(parts); i++ {
		f := parts[i].file
		if f == nil {
			continue
		}
		kind := attachmentType(f.ContentType)
		id, err := c.uploadOne(ctx, o.DeliveryID, *f, kind)
		if err != nil {
			return err
		}
		parts[i].message.Attachment = &outAttached{Type: kind, Payload: savedFile{ID: id}}
	}
	return nil
}

// uploadOne uploads a file of a delivery and returns its id. If the file was uploaded recently, it only
// returns the id: otherwise a message of several parts would upload its file again with each part. uploadOne
// waits for one of c.fileSlots, because the whole file is in memory during an upload.
func (c *Channel) uploadOne(ctx context.Context, delivery int64, f channels.File, kind string) (string, error) {
	select {
	case c.fileSlots <- struct{}{}:
		defer func() { <-c.fileSlots }()
	case <-ctx.Done():
		return "", &channels.SendError{Class: channels.Retry, Text: "Other files took too long.", Cause: ctx.Err()}
	}

	content, err := readFile(ctx, f)
	if err != nil {
		return "", err
	}

	// The hash is needed because an edit may have replaced the file with one of the same name.
	key := fmt.Sprintf("%d %s %q %x", delivery, kind, f.Name, sha256.Sum256(content))
	if id := c.uploads.find(key); id != "" {
		return id, nil
	}

	id, err := c.callUpload(ctx, f, kind, content)
	if err == nil {
		c.uploads.remember(key, id)
	}

	return id, err
}

// callUpload makes the request that uploads a file, and returns its id.
func (c *Channel) callUpload(ctx context.Context, f channels.File, kind string, content []byte) (string, error) {
	message := `{"attachment":{"type":"` + kind + `","payload":{"is_reusable":true}}}`
	var answer struct {
		ID string `json:"attachment_id"`
	}

	err := c.graph.Upload(ctx, c.page+"/message_attachments", map[string]string{"message": message},
		graph.File{Field: "filedata", Name: f.Name, ContentType: f.ContentType, Content: content}, &answer)
	if err != nil {
		return "", classifyUploadError(err)
	}

	if answer.ID == "" {
		return "", &channels.SendError{Class: channels.Retry, Text: "Facebook did not name the uploaded file."}
	}

	return answer.ID, nil
}

// classifyUploadError is classifyError for uploads, which may always be repeated, because the customer
// doesn't see them. If the response was lost, the account is not at fault even if the cause looks like a
// refusal: see graph.Client.Upload.
func classifyUploadError(err error) *channels.SendError {
	e := classifyError(err)
	_, isLost := errors.AsType[*wire.LostError](err)
	if isLost || e.Class == channels.Ambiguous {
		return &channels.SendError{Class: channels.Retry, Text: "Facebook did not take the file.", Cause: err}
	}
	return e
}

// readFile reads an outgoing file.
// Errors: *channels.SendError, never of class Ambiguous.
func readFile(ctx context.Context, f channels.File) ([]byte, error) {
	r, err := f.Open(ctx)
	if err != nil {
		return nil, errUnreadableFile(f, err)
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxBytesOf(f)+1))
	switch {
	case err != nil:
		return nil, errUnreadableFile(f, err)
	case int64(len(content)) > maxBytesOf(f):
		return nil, errTooLarge(f)
	case len(content) == 0:
		return nil, channels.RefuseContent(f.Name+" is empty: Messenger takes no empty file.", "Attach another one.")
	}

	return content, nil
}

// errUnreadableFile returns the error for a file that can't be read now. It is retried, unless err has
// another class.
func errUnreadableFile(f channels.File, err error) error {
	if classified, ok := errors.AsType[*channels.SendError](err); ok && classified.Class != channels.Ambiguous {
		return classified
	}
	return &channels.SendError{Class: channels.Retry, Text: f.Name + " could not be read.", Cause: err}
}
