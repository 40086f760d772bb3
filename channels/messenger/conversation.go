package messenger

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

// Facebook lists the Page's conversations with their last messages. Run reads that list for messages whose webhook was lost, and
// Reconcile for our own messages whose answer was lost.

const (
	// maxListed is how many of a conversation's last messages the conversations API is asked for.
	maxListed = 20
	// messageFields asks for these messages, with what tells them apart.
	messageFields = "messages.limit(20){id,created_time,from,message,attachments}"
	// graphTime is how the conversations API writes times, to the second.
	graphTime = "2006-01-02T15:04:05-0700"
)

// conversation is a conversation in that list.
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

// conversationPage is a page of the list, which has the conversation with the newest message first.
type conversationPage struct {
	list []conversation
	next string // the cursor of the next page; "" if there is none
}

// mayGoOnSince reports whether the pages that follow may have messages written since a time.
func (p conversationPage) mayGoOnSince(at time.Time) bool {
	if len(p.list) == 0 {
		return false
	}
	updated, err := time.Parse(graphTime, p.list[len(p.list)-1].UpdatedTime)
	return err == nil && !updated.Before(at)
}

// listConversations returns one page of the list of conversations.
// Errors: those of graph.Client.Call, or a time that can't be read.
func (c *Channel) listConversations(ctx context.Context, query url.Values) (conversationPage, error) {
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
	if err := c.graph.Call(ctx, http.MethodGet, c.page+"/conversations", query, nil, &answer); err != nil {
		return conversationPage{}, err
	}

	for _, one := range answer.Data {
		for i := range one.Messages.Data {
			m := &one.Messages.Data[i]
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

// listMessages returns the last messages of the conversation with a customer, the newest first.
func (c *Channel) listMessages(ctx context.Context, customer string) ([]listedMessage, error) {
	page, err := c.listConversations(ctx, url.Values{"user_id": {customer}, "fields": {messageFields}})
	if err != nil {
		return nil, classifyError(err)
	}
	var all []listedMessage
	for _, one := range page.list {
		all = append(all, one.Messages.Data...)
	}
	slices.SortStableFunc(all, func(a, b listedMessage) int { return b.at.Compare(a.at) })
	return all, nil
}

// listedMessage is a message as the conversations API lists it: without metadata.
type listedMessage struct {
	ID          string `json:"id"`
	CreatedTime string `json:"created_time"`
	From        person `json:"from"`
	Message     string `json:"message"`
	Attachments *struct {
		Data []json.RawMessage `json:"data"`
	} `json:"attachments"`

	at time.Time
}

// asWebhookEvent returns a listed message in the form in which a webhook would have brought it.
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

// listedFile is an attachment as the conversations API lists it.
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
		_ = json.Unmarshal(raw, &f) // an attachment of another shape stays empty
		list = append(list, f)
	}
	return list
}

// findKind returns the kind that a webhook would give.
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

// findURL returns the file's address. Each kind has it in another field.
func (f listedFile) findURL() string {
	switch {
	case f.Image != nil:
		return f.Image.URL
	case f.Video != nil:
		return f.Video.URL
	}
	return f.URL
}
