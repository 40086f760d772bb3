package meta

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"parley/channels"
)

// outRequest is the body of a request to the Send API.
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

// Send implements channels.Channel. A message may need several requests, for example for a text and a file;
// each is a part (compose.go). A call of Send sends the part with the number o.Attempt.Part, and the receipt
// says whether more follow.
func (c *Page) Send(ctx context.Context, o channels.Outbound) (channels.Receipt, error) {
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
	isAnswer := o.ReplyTo != "" && o.Attempt.Part == 0 // only the first part quotes the message it replies to
	if isAnswer && !p.template {
		req.ReplyTo = &replyTo{MID: o.ReplyTo}
	}

	id, err := c.deliver(ctx, req, tag)
	isWrittenByAgent := !o.Automatic && !o.Promotional
	canUseHumanTag := tag == "" && isWrittenByAgent
	if canUseHumanTag && channels.ClassOf(err) == channels.WindowClosed {
		// Facebook refused it: 24 hours are over by its clock, but not yet by ours.
		id, err = c.deliver(ctx, req, tagHuman)
	}
	if err != nil {
		return channels.Receipt{}, err
	}

	return channels.Receipt{ExternalID: id, State: channels.StateAccepted, More: hasMore}, nil
}

// onlyRecipient returns the recipient of a message.
// Errors: *channels.SendError of class BadRecipient.
func onlyRecipient(o channels.Outbound) (string, error) {
	if len(o.To) != 1 || len(o.Cc) > 0 {
		return "", &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "A Messenger message has one recipient.",
			Hint:  "Name one customer.",
		}
	}
	if !isID(o.To[0].Key) {
		return "", &channels.SendError{Class: channels.BadRecipient, Text: "This is nobody on Messenger.",
			Hint: "Only customers who wrote to the Page can be answered."}
	}
	return o.To[0].Key, nil
}

// deliver makes the request that sends a message, and returns the id of the message.
// Errors: *channels.SendError.
func (c *Page) deliver(ctx context.Context, req outRequest, tag string) (string, error) {
	if tag != "" {
		req.Type, req.Tag = "MESSAGE_TAG", tag
	}

	var answer struct {
		MessageID string `json:"message_id"`
	}
	if err := c.graph.Call(ctx, http.MethodPost, c.id+"/messages", nil, req, &answer); err != nil {
		e := c.classifyError(err)
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

// isTagRefused reports whether a refusal only concerns the tag HUMAN_AGENT. An app without the feature Human
// Agent lacks the permission to answer after 24 hours, although the account works.
func isTagRefused(err error, class channels.Class) bool {
	if class == channels.WindowClosed {
		return true
	}

	var refused *graphError
	if !errors.As(err, &refused) {
		return false
	}

	switch class {
	case channels.AuthBroken:
		return refused.Code == codePermission || refused.Code == codeFirstPermission
	case channels.BadContent:
		words := strings.ToLower(strings.ReplaceAll(refused.Message, "_", " "))
		return strings.Contains(words, "human agent")
	default:
		return false
	}
}

// Attend implements channels.Attendant. It makes one call for "seen" and one for "typing". Messenger marks
// all messages as seen, so the id of the last one isn't needed.
func (c *Page) Attend(ctx context.Context, to channels.Party, _ string) error {
	ctx, cancel := context.WithTimeout(ctx, attendTimeout)
	defer cancel()
	for _, action := range []string{"mark_seen", "typing_on"} {
		req := outRequest{Recipient: person{ID: to.Key}, Action: action}
		if err := c.graph.Call(ctx, http.MethodPost, c.id+"/messages", nil, req, nil); err != nil {
			return fmt.Errorf("messenger: attend: %w", err)
		}
	}
	return nil
}
