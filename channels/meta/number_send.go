package meta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"

	"parley/channels"
	"parley/channels/wire"
)

// Send implements channels.Channel. If one WhatsApp message can't carry all of o, composeSteps makes several
// of it, called steps. Each call of Send sends only the step with the number o.Attempt.Part, and asks for a
// further call (Receipt.More). So if a later step fails, the earlier ones are not sent again.
// Errors: *channels.SendError.
func (c *Number) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, requestTimeout)
		defer cancel()
	}
	r, err := c.send(ctx, o)
	if err != nil {
		return channels.Receipt{}, c.attemptError(err, o)
	}
	return r, nil
}

func (c *Number) send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
	steps, err := composeSteps(o)
	if err != nil {
		return channels.Receipt{}, err
	}
	if o.Attempt.Part < 0 || o.Attempt.Part >= len(steps) {
		return channels.Receipt{}, channels.RefuseContent("The message changed while it was being sent.",
			"Look at what the customer got, and send the rest.")
	}

	if o.Attempt.Part == 0 && len(steps) > 1 { // don't send the text if the file that follows can't be read
		if err := checkReadable(ctx, o.Files); err != nil {
			return channels.Receipt{}, err
		}
	}

	s := steps[o.Attempt.Part]
	m, err := c.newMessage(o, len(steps))
	if err != nil {
		return channels.Receipt{}, err
	}

	isAnswer := o.ReplyTo != "" && o.Attempt.Part == 0 // only the first step quotes the message it replies to
	if isAnswer && s.replies {
		m["context"] = object{"message_id": o.ReplyTo}
	}

	receipt, err := c.post(ctx, m, s)
	isMedia := s.file != nil && s.kind != "document"
	if isMedia && isMediaRefused(err) { // the content doesn't match the type
		s.kind = "document"
		receipt, err = c.post(ctx, m, s)
	}

	if err != nil {
		return channels.Receipt{}, err
	}

	receipt.More = o.Attempt.Part < len(steps)-1
	return receipt, nil
}

// isMediaRefused reports whether WhatsApp refused a message because the content of its file doesn't match the
// type.
func isMediaRefused(err error) bool {
	var refused *graphError
	return errors.As(err, &refused) && refused.Code == codeMediaRefused
}

// newMessage returns the fields that all messages have. steps is the number of messages that o becomes.
func (c *Number) newMessage(o channels.Outbound, steps int) (object, error) {
	m := object{"messaging_product": "whatsapp", "recipient_type": "individual"}
	to := o.To[0]
	phone := phoneKey(loose(to.Key))
	user := userKey(loose(to.Key))
	needsPhone := o.Template != nil && o.Template.Category == "authentication"
	if needsPhone && phone == "" {
		phone = findPhone(to.Also)
	}

	switch {
	case phone != "":
		m["to"] = phone
	case user != "":
		m["recipient"] = user // WhatsApp would silently ignore a user id in "to"
	default:
		return nil, &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "This isn't a phone number that WhatsApp knows.",
			Hint:  "Write it with + and the country code.",
		}
	}

	t := token{message: o.MessageID, part: o.Attempt.Part, last: o.Attempt.Part == steps-1}
	m["biz_opaque_callback_data"] = t.sign(c.env.Keys[0])
	return m, nil
}

// findPhone returns the first phone number among a customer's keys, or "".
func findPhone(keys []string) string {
	for _, key := range keys {
		if phone := phoneKey(loose(key)); phone != "" {
			return phone
		}
	}
	return ""
}

// post uploads the file of a step, if it has one, and sends the message. m has the fields that newMessage
// returned.
func (c *Number) post(ctx context.Context, m object, s step) (channels.Receipt, error) {
	if s.file != nil {
		id, err := c.upload(ctx, s)
		if err != nil {
			return channels.Receipt{}, err
		}

		content := object{"id": id}
		if s.caption != "" {
			content["caption"] = s.caption
		}
		if s.kind == "document" {
			content["filename"] = s.file.Name
		}

		s.content = content
	}

	m = maps.Clone(m) // send may retry with another kind and the same fields
	m["type"] = s.kind
	m[s.kind] = s.content
	var answer struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	if err := c.graph.Call(ctx, http.MethodPost, c.id+"/messages", nil, m, &answer); err != nil {
		return channels.Receipt{}, err
	}
	if len(answer.Messages) == 0 || answer.Messages[0].ID == "" {
		return channels.Receipt{}, &channels.SendError{
			Class: channels.Ambiguous,
			Text:  "WhatsApp's answer names no message.",
			Cause: errors.New("no message id"),
		}
	}

	return channels.Receipt{ExternalID: answer.Messages[0].ID, State: channels.StateAccepted}, nil
}

// upload uploads a file and returns its id. It may block until other uploads of the number have finished.
// Errors: never Ambiguous, because customers don't see an uploaded file until a message refers to it.
func (c *Number) upload(ctx context.Context, s step) (string, error) {
	done, err := c.waitForUpload(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	body, err := s.file.Open(ctx)
	if err != nil {
		return "", errUnreadableFile(s.file.Name, err)
	}
	defer body.Close()
	var answer struct {
		ID string `json:"id"`
	}

	f := uploadFile{Name: s.file.Name, ContentType: s.fileType, Body: body, SizeBytes: s.file.SizeBytes}
	if f.SizeBytes <= 0 { // the size isn't known
		tooLarge := channels.RefuseContent(s.file.Name+" is larger than 100 MB; WhatsApp takes no more.", "Send a link to it.")
		if f.Content, err = io.ReadAll(wire.Bounded(body, maxFile, tooLarge)); err != nil {
			return "", errUnreadableFile(s.file.Name, err)
		}
		f.Body = nil
	}

	err = c.graph.Upload(ctx, c.id+"/media", map[string]string{
		"messaging_product": "whatsapp",
		"type":              s.fileType,
	}, f, &answer)
	if isLost(err) {
		return "", c.errUploadLost(err)
	}
	if err != nil {
		return "", err
	}
	if answer.ID == "" {
		return "", &channels.SendError{Class: channels.Retry, Text: fmt.Sprintf("WhatsApp gave no ID for %s.", s.file.Name)}
	}

	return answer.ID, nil
}

// checkReadable checks that all files can be opened.
func checkReadable(ctx context.Context, files []channels.File) error {
	for _, f := range files {
		body, err := f.Open(ctx)
		if err != nil {
			return errUnreadableFile(f.Name, err)
		}
		body.Close() // nothing was written, so the error of Close is irrelevant
	}
	return nil
}

// Reconcile implements channels.Channel. It always returns CannotTell: the Cloud API finds messages only by
// WhatsApp's ids, and the id was lost with the response. The message's first status, which carries our token,
// settles its fate.
// Source: Cloud API, "Message history" (GET /{phone}/message_history?message_id=).
func (c *Number) Reconcile(context.Context, channels.Outbound) (channels.Outcome, channels.Receipt, error) {
	return channels.CannotTell, channels.Receipt{}, nil
}
