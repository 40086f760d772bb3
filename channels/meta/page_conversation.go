package meta

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// The conversations API lists the Page's conversations with their latest messages. Run reads it to recover
// messages whose webhook was lost. Reconcile reads it to find out whether our own message was sent when the
// response was lost.

const (
	// maxListed is how many of a conversation's latest messages are requested.
	maxListed = 20
	// messageFields requests these messages, with the fields of listedMessage.
	messageFields = "messages.limit(20){id,created_time,from,message,attachments}"
	// graphTime is the time format of the conversations API, which has a precision of one second.
	graphTime = "2006-01-02T15:04:05-0700"
)

// conversation is one conversation of the list.
type conversation struct {
	UpdatedTime  string `json:"updated_time"`
	Participants struct {
		Data []struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"data"`
	} `json:"participants"`
	Messages struct {
		Data []listedMessage `json:"data"`
	} `json:"messages"`
}

// conversationPage is one page of the list. The conversation with the newest message comes first.
type conversationPage struct {
	list []conversation
	next string // the cursor of the next page; "" if there is none
}

// mayHaveMoreSince reports whether later pages may have messages written at or after a time. They may, unless
// the oldest conversation of this page was last updated before it.
func (p conversationPage) mayHaveMoreSince(at time.Time) bool {
	if len(p.list) == 0 {
		return false
	}
	updated, err := time.Parse(graphTime, p.list[len(p.list)-1].UpdatedTime)
	return err == nil && !updated.Before(at)
}

// listConversations returns one page of the Page's conversations.
// Errors: those of graphClient.Call, or a malformed time.
func (c *Page) listConversations(ctx context.Context, query url.Values) (conversationPage, error) {
	var answer struct {
		Data   []conversation `json:"data"`
		Paging struct {
			Next    string `json:"next"`
			Cursors struct {
				After string `json:"after"`
			} `json:"cursors"`
		} `json:"paging"`
	}

	query = maps.Clone(query)
	query.Set("platform", "messenger")
	if err := c.graph.Call(ctx, http.MethodGet, c.id+"/conversations", query, nil, &answer); err != nil {
		return conversationPage{}, err
	}

	for _, conv := range answer.Data {
		for i := range conv.Messages.Data {
			m := &conv.Messages.Data[i]
			at, err := time.Parse(graphTime, m.CreatedTime)
			if err != nil {
				return conversationPage{}, fmt.Errorf("messenger: conversation: time of a message: %w", err)
			}

			m.at = at
		}
	}

	page := conversationPage{list: answer.Data}
	if answer.Paging.Next != "" {
		page.next = answer.Paging.Cursors.After
	}
	return page, nil
}

// listMessages returns the latest messages of the conversation with a customer, newest first.
func (c *Page) listMessages(ctx context.Context, customer string) ([]listedMessage, error) {
	page, err := c.listConversations(ctx, url.Values{"user_id": {customer}, "fields": {messageFields}})
	if err != nil {
		return nil, c.classifyError(err)
	}
	var all []listedMessage
	for _, conv := range page.list {
		all = append(all, conv.Messages.Data...)
	}
	slices.SortStableFunc(all, func(a, b listedMessage) int { return b.at.Compare(a.at) })
	return all, nil
}

// listedMessage is a message as the conversations API returns it. Unlike an echo, it lacks the metadata with
// our token.
type listedMessage struct {
	ID          string `json:"id"`
	CreatedTime string `json:"created_time"`
	From        person `json:"from"`
	Message     string `json:"message"`
	Attachments *struct {
		Data []json.RawMessage `json:"data"`
	} `json:"attachments"`

	at time.Time // CreatedTime, parsed
}

// asWebhookEvent returns a listed message in the form in which a webhook would have delivered it.
func (m *listedMessage) asWebhookEvent(page string) map[string]any {
	body := map[string]any{"mid": m.ID, "text": m.Message}
	var list []any
	for _, a := range m.listFiles() {
		list = append(list, map[string]any{"type": a.findKind(), "payload": map[string]any{"url": a.findURL()}})
	}

	if list != nil {
		body["attachments"] = list
	}

	return map[string]any{
		"sender":    map[string]any{"id": m.From.ID},
		"recipient": map[string]any{"id": page},
		"timestamp": m.at.UnixMilli(),
		"message":   body,
	}
}

// listedFile is an attachment as the conversations API returns it.
type listedFile struct {
	MIME  string `json:"mime_type"`
	Image *struct {
		URL     string `json:"url"`
		Sticker bool   `json:"render_as_sticker"`
	} `json:"image_data"`
	Video *struct {
		URL string `json:"url"`
	} `json:"video_data"`
	URL string `json:"file_url"`
}

// listFiles returns the attachments of a listed message.
func (m *listedMessage) listFiles() (list []listedFile) {
	if m.Attachments == nil {
		return nil
	}
	for _, raw := range m.Attachments.Data {
		var f listedFile
		_ = json.Unmarshal(raw, &f) // an attachment of unknown shape stays empty
		list = append(list, f)
	}
	return list
}

// findKind returns the attachment type that a webhook would have had.
func (f listedFile) findKind() string {
	switch {
	case f.Image != nil && f.Image.Sticker:
		return "sticker"
	case f.Image != nil:
		return "image"
	case f.Video != nil:
		return "video"
	case strings.HasPrefix(f.MIME, "audio/"):
		return "audio"
	}
	return "file"
}

// findURL returns the file's address. The field depends on the kind of file.
func (f listedFile) findURL() string {
	switch {
	case f.Image != nil:
		return f.Image.URL
	case f.Video != nil:
		return f.Video.URL
	}
	return f.URL
}
