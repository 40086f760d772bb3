package messenger

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"parley/channels"
	"parley/channels/fence"
	"parley/channels/graph"
)

// outRequest is the body of the Send API.
type outRequest struct {
	Recipient person      `json:"recipient"`
	Type      string      `json:"messaging_type,omitempty"` // RESPONSE, MESSAGE_TAG
	Tag       string      `json:"tag,omitempty"`
	Message   *outMessage `json:"message,omitempty"`
	Action    string      `json:"sender_action,omitempty"`
	ReplyTo   *replyTo    `json:"reply_to,omitempty"`
}

type replyTo struct {
	MID string `json:"mid"`
}

// Send implements channels.Channel. Each call sends one part of the message.
func (c *Channel) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return channels.Receipt{}, &channels.SendError{Class: channels.Retry, Text: "It was too late to begin.", Cause: err}
	}

	to, err := onlyRecipient(o)
	if err != nil {
		return channels.Receipt{}, err
	}

	tag, err := tagNeeded(c.env.Now(), o)
	if err != nil {
		return channels.Receipt{}, err
	}

	parts, err := composeParts(o)
	if err != nil {
		return channels.Receipt{}, err
	}
	if o.Attempt.Part >= len(parts) {
		return channels.Receipt{}, channels.RefuseContent("The message was changed after a part of it had left.",
			"Send what is missing as a new message.")
	}
	if err := c.uploadFiles(ctx, o, parts); err != nil {
		return channels.Receipt{}, err
	}

	p := parts[o.Attempt.Part]
	hasMore := o.Attempt.Part+1 < len(parts)
	p.message.Metadata = c.signedMetadata(o, hasMore)
	req := outRequest{Recipient: person{ID: to}, Type: "RESPONSE", Message: &p.message}
	isAnswer := o.ReplyTo != "" && o.Attempt.Part == 0 // of several parts, only the first names what it answers
	if isAnswer && !p.template {
		req.ReplyTo = &replyTo{MID: o.ReplyTo}
	}

	id, err := c.deliver(ctx, req, tag)
	isPersonsAnswer := !o.Automatic && !o.Promotional
	mayTag := tag == "" && isPersonsAnswer
	if mayTag && channels.ClassOf(err) == channels.WindowClosed {
		// It was not sent: 24 hours are over by Facebook's clock, but not yet by ours.
		id, err = c.deliver(ctx, req, tagHuman)
	}
	if err != nil {
		return channels.Receipt{}, err
	}

	return channels.Receipt{ExternalID: id, State: channels.StateAccepted, More: hasMore}, nil
}

// onlyRecipient returns the only recipient of a message.
func onlyRecipient(o channels.Outbound) (string, error) {
	if len(o.To) != 1 || len(o.Cc) > 0 {
		return "", &channels.SendError{Class: channels.BadRecipient, Text: "A Messenger message has one recipient.", Hint: "Name one customer."}
	}
	if !graph.IsID(o.To[0].Key) {
		return "", &channels.SendError{Class: channels.BadRecipient, Text: "This is nobody on Messenger.",
			Hint: "Only customers who wrote to the Page can be answered."}
	}
	return o.To[0].Key, nil
}

// deliver makes the call that sends a message. Errors: *channels.SendError.
func (c *Channel) deliver(ctx context.Context, req outRequest, tag string) (string, error) {
	if tag != "" {
		req.Type, req.Tag = "MESSAGE_TAG", tag
	}

	var answer struct {
		MessageID string `json:"message_id"`
	}
	if err := c.graph.Call(ctx, http.MethodPost, c.page+"/messages", nil, req, &answer); err != nil {
		e := classifyError(err)
		if tag == tagHuman && isTagRefused(err, e.Class) {
			e.Class, e.Text = channels.WindowClosed, windowText
			e.Hint = "After 24 hours Facebook lets people answer only if the app has the feature Human Agent: see docs/messenger.md."
		}
		return "", e
	}

	if answer.MessageID == "" {
		return "", &channels.SendError{Class: channels.Ambiguous, Text: "Facebook's answer names no message."}
	}

	return answer.MessageID, nil
}

// isTagRefused reports whether a refusal is only about the tag HUMAN_AGENT: an app without the feature Human Agent
// lacks the permission to answer after 24 hours. The account itself works.
func isTagRefused(err error, class channels.Class) bool {
	if class == channels.WindowClosed {
		return true
	}

	var refused *graph.Error
	if !errors.As(err, &refused) {
		return false
	}

	switch class {
	case channels.AuthBroken:
		return refused.Code == codePermission || refused.Code == codePermissions
	case channels.BadContent:
		words := strings.ToLower(strings.ReplaceAll(refused.Message, "_", " "))
		return strings.Contains(words, "human agent")
	default:
		return false
	}
}

// uploadFiles uploads the files of a message before its first part is sent. Nobody sees an uploaded file yet. So
// if a file can't be read, or is refused, nothing of the message is sent.
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

// uploadOne uploads a file of a delivery and returns its id. If that was done before, it only returns the id.
// It waits for one of c.places, because the file is in memory while it is uploaded.
func (c *Channel) uploadOne(ctx context.Context, delivery int64, f channels.File, kind string) (string, error) {
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return "", &channels.SendError{Class: channels.Retry, Text: "Other files took too long.", Cause: ctx.Err()}
	}

	content, err := readFile(ctx, f)
	if err != nil {
		return "", err
	}

	// The hash is needed because an edit may have replaced the file by one of the same name and size.
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

// callUpload makes the call that uploads a file, and returns its id.
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

// classifyUploadError is classifyError for an upload, which may be repeated, because the customer doesn't see it. A request
// without an answer that can be used says nothing of the account, though what caused it may be a refusal: the client repeats no
// upload by itself when it learns that the app requires its secret with every call.
func classifyUploadError(err error) *channels.SendError {
	e := classifyError(err)
	_, isLost := errors.AsType[*fence.LostError](err)
	if isLost || e.Class == channels.Ambiguous {
		return &channels.SendError{Class: channels.Retry, Text: "Facebook did not take the file.", Cause: err}
	}
	return e
}

// readFile reads an outgoing file. Errors: *channels.SendError, never Ambiguous.
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

// errUnreadableFile returns the error for a file that can't be read. It may be readable later.
func errUnreadableFile(f channels.File, err error) error {
	if classified, ok := errors.AsType[*channels.SendError](err); ok && classified.Class != channels.Ambiguous {
		return classified
	}
	return &channels.SendError{Class: channels.Retry, Text: f.Name + " could not be read.", Cause: err}
}

// maxUploads is how many uploads are remembered.
const maxUploads = 256

// uploads remembers the ids of uploaded files, so that a message of several parts uploads its file once. It
// may forget ids: then the file is uploaded again.
type uploads struct {
	mu    sync.Mutex        // guards the fields below
	ids   map[string]string // ids of files at Facebook, by key (see uploadOne)
	order []string          // the keys of ids, oldest first
}

// find returns the id of an uploaded file, or "" if it isn't known.
func (u *uploads) find(key string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ids[key]
}

// remember keeps the id of an uploaded file, and forgets the oldest one if there are too many.
func (u *uploads) remember(key, id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.ids[key] == "" {
		u.order = append(u.order, key)
	}
	u.ids[key] = id
	if len(u.order) > maxUploads {
		delete(u.ids, u.order[0])
		u.order = u.order[1:]
	}
}

// attendTimeout limits the time of both calls of Attend together.
const attendTimeout = 10 * time.Second

// Attend implements channels.Attendant, with one call for "seen" and one for "typing". Messenger marks all
// messages as seen, so the id of the last one isn't needed.
func (c *Channel) Attend(ctx context.Context, to channels.Party, _ string) error {
	ctx, cancel := context.WithTimeout(ctx, attendTimeout)
	defer cancel()
	for _, action := range []string{"mark_seen", "typing_on"} {
		req := outRequest{Recipient: person{ID: to.Key}, Action: action}
		if err := c.graph.Call(ctx, http.MethodPost, c.page+"/messages", nil, req, nil); err != nil {
			return fmt.Errorf("messenger: attend: %w", err)
		}
	}
	return nil
}
