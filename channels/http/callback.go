package http

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/channels"
)

// Callback is the JSON that Parley posts to the company's own system, the receiver, when an agent answers a
// customer. Each is one message to one customer.
type Callback struct {
	Type         string         `json:"type"`         // message
	ID           string         `json:"id"`           // the same for each attempt; also the Idempotency-Key header
	Account      string         `json:"account"`      // name of the account
	Conversation string         `json:"conversation"` // its number
	To           Person         `json:"to"`
	Author       string         `json:"author,omitempty"`    // the agent's name as customers see it
	Subject      string         `json:"subject,omitempty"`   // of the conversation
	Text         string         `json:"text,omitempty"`      // Markdown
	Signature    string         `json:"signature,omitempty"` // Markdown
	Attachments  []File         `json:"attachments,omitempty"`
	Rich         *channels.Rich `json:"rich,omitempty"`
	ReplyTo      string         `json:"reply_to,omitempty"` // id of the customer's message that it answers
	Automatic    bool           `json:"automatic,omitempty"`
}

// callbackBody returns the Callback for a message as JSON.
// Errors: *channels.SendError.
func (c *Channel) callbackBody(ctx context.Context, o channels.Outbound) ([]byte, error) {
	if err := checkContent(o); err != nil {
		return nil, err
	}

	attachments, err := c.readFiles(ctx, o.Files)
	if err != nil {
		return nil, err
	}

	body, err := json.Marshal(Callback{
		Type:         "message",
		ID:           c.tokenOf(o),
		Account:      c.account,
		Conversation: strconv.FormatInt(o.ConversationID, 10),
		To:           Person{ID: o.To[0].Key, Name: o.To[0].Name},
		Author:       o.Author,
		Subject:      o.Subject,
		Text:         o.Text,
		Signature:    o.Signature.Text,
		Attachments:  attachments,
		Rich:         o.Rich,
		ReplyTo:      o.ReplyTo,
		Automatic:    o.Automatic,
	})
	if err != nil {
		return nil, &channels.SendError{Class: channels.BadContent, Text: "The message can't be written as JSON.", Cause: err}
	}

	return body, nil
}

// checkContent refuses a message that exceeds the limits in docs/http-channel.md.
func checkContent(o channels.Outbound) error {
	if len(o.To) != 1 || len(o.Cc) > 0 {
		return &channels.SendError{
			Class: channels.BadRecipient,
			Text:  "It must go to one customer.",
			Hint:  "Take the others out.",
		}
	}
	if o.Template != nil {
		return channels.RefuseContent("There are no templates here.", "Send the text itself.")
	}

	hasText := strings.TrimSpace(o.Text) != ""
	hasMore := len(o.Files) > 0 || o.Rich != nil
	if !hasText && !hasMore {
		return channels.RefuseContent("There is nothing to send.", "Write something.")
	}
	if utf8.RuneCountInString(o.Text) > maxText {
		return channels.RefuseContent(fmt.Sprintf("The text is longer than %d characters.", maxText), "Shorten it, or send it as a file.")
	}
	if len(o.Files) > maxFiles {
		return channels.RefuseContent(fmt.Sprintf("There are more than %d files.", maxFiles), "Send the others with the next message.")
	}

	return checkRich(o.Rich)
}

// checkRich refuses a rich message that exceeds the limits in docs/http-channel.md.
func checkRich(r *channels.Rich) error {
	if r == nil {
		return nil
	}
	if len(r.Buttons) > maxChoices || len(r.Cards) > maxChoices {
		return channels.RefuseContent(fmt.Sprintf("There are more than %d buttons or cards.", maxChoices), "Offer fewer.")
	}

	if r.List != nil {
		rows := 0
		for _, s := range r.List.Sections {
			rows += len(s.Rows)
		}

		if rows > maxChoices {
			return channels.RefuseContent(fmt.Sprintf("The list has more than %d rows.", maxChoices), "Offer fewer.")
		}
	}

	for _, card := range r.Cards {
		if len(card.Buttons) > maxChoices {
			return channels.RefuseContent(fmt.Sprintf("A card has more than %d buttons.", maxChoices), "Offer fewer.")
		}
	}

	return nil
}

// readFiles returns the attachments. If Parley has a public address, each has a URL from which the receiver
// fetches it. Otherwise each has its content.
func (c *Channel) readFiles(ctx context.Context, files []channels.File) ([]File, error) {
	var list []File
	remaining := int64(maxInline) // bytes that files with their content may still have
	var total int64
	for _, f := range files {
		attachment := File{Name: f.Name, Type: f.ContentType, Size: Size(f.SizeBytes)}
		total += f.SizeBytes
		if total > maxLinked {
			return nil, channels.RefuseContent(fmt.Sprintf("The files are larger than %d MB together.", maxLinked/megabyte), "Send a link.")
		}

		if c.env.HookURL != "" && f.Link != nil {
			link, err := f.Link()
			if err != nil {
				return nil, asNotSent(err)
			}

			attachment.URL = link
			list = append(list, attachment)
			continue
		}

		content, err := readFile(ctx, f, remaining)
		if err != nil {
			return nil, err
		}

		remaining -= int64(len(content))
		attachment.Content = content
		attachment.Size = Size(len(content))
		list = append(list, attachment)
	}

	return list, nil
}

// asNotSent returns err, or a *channels.SendError of class Retry with that cause if err is of another type.
// Nothing has been sent yet.
func asNotSent(err error) error {
	if _, ok := errors.AsType[*channels.SendError](err); ok {
		return err
	}
	return &channels.SendError{Class: channels.Retry, Text: "A file could not be read.", Cause: err}
}

// readFile reads a file of at most maxBytes.
// Errors: *channels.SendError.
func readFile(ctx context.Context, f channels.File, maxBytes int64) ([]byte, error) {
	r, err := f.Open(ctx)
	if err != nil {
		return nil, asNotSent(err)
	}
	defer r.Close()
	content, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, asNotSent(err)
	}
	if int64(len(content)) > maxBytes {
		return nil, channels.RefuseContent(fmt.Sprintf("The files are larger than %d MB, "+
			"and this Parley has no public address to fetch them from.", maxInline/megabyte),
			"Send a link, or let an admin set PARLEY_PUBLIC_URL.")
	}

	return content, nil
}
