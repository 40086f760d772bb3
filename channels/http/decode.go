package http

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"

	"parley/channels"
)

// A system that the company runs itself, such as its shop, tells Parley by a webhook what its customers do.
// The body is a batch of events. Each event is stored as a fact, that is, its raw bytes under an id, so that
// it counts once however often it is sent. Decode converts the fact later.

// split returns a fact for each event in a webhook body. Events of one customer have the same order key, so
// that they are applied in order.
// Errors: what is wrong with one of the events, in words for the developers of the sender.
func (c *Channel) split(body []byte) ([]channels.Fact, error) {
	var b Batch
	err := json.Unmarshal(body, &b)
	if err != nil || len(b.Events) == 0 {
		return nil, errors.New(`the body is not {"events": […]} with at least one event`)
	}
	if len(b.Events) > maxEvents {
		return nil, fmt.Errorf("there are more than %d events", maxEvents)
	}

	facts := make([]channels.Fact, 0, len(b.Events))
	for i, raw := range b.Events {
		e, err := c.parseNew(raw)
		if errors.Is(err, errIgnored) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("events[%d]: %w", i, err)
		}

		f := channels.Fact{ExternalID: e.Type + ":" + e.ID, Payload: raw, OrderKey: "message:" + e.Message}
		if e.From != nil && e.Type != "status" {
			f.OrderKey = "customer:" + e.From.ID
		}

		facts = append(facts, f)
	}

	return facts, nil
}

// parseNew parses an event and makes the checks that only apply to new ones.
// Errors: see parse.
func (c *Channel) parseNew(raw []byte) (Event, error) {
	e, err := parse(raw)
	if err != nil {
		return e, err
	}
	if !isPossibleTime(e.At.Time) {
		return e, fmt.Errorf("at is not between the years %d and %d", firstYear, lastYear)
	}
	return e, c.checkAddresses(e)
}

// Decode implements channels.Channel.
func (c *Channel) Decode(raw []byte) ([]channels.Inbound, error) {
	e, err := parse(raw)
	if err != nil {
		return nil, fmt.Errorf("http: event: %w", err)
	}

	in := channels.Inbound{Kind: kindsByName()[e.Type]}
	if isPossibleTime(e.At.Time) { // earlier versions accepted any time
		in.At = e.At.Time
	}
	if e.Type == "status" {
		in.Status = &channels.Status{
			State:     channels.DeliveryState(e.State),
			MessageID: c.messageOf(e.Message),
			External:  []string{e.Message},
			Reason:    e.Reason,
		}
		if e.State == "failed" {
			in.Status.Class = channels.BadContent
		}
		return []channels.Inbound{in}, nil
	}

	in.ExternalID = e.ID
	in.From = channels.Party{Key: e.From.ID, Name: e.From.Name}
	in.Subject = e.Subject
	in.Text = e.Text
	in.Chosen = e.Chosen
	in.Change.Target = e.Target
	in.Change.Emoji = e.Emoji
	in.Answers.External = e.ReplyTo
	in.Answers.Message = c.messageOf(cmp.Or(e.ReplyTo, e.Target)) // 0 unless that is the id of a callback
	for _, f := range e.Files {
		in.Attachments = append(in.Attachments, attachmentOf(f))
	}

	return []channels.Inbound{in}, nil
}

// attachmentOf converts an attachment of an event. A missing name is taken from the URL, and a missing type
// from the name.
func attachmentOf(f File) channels.Attachment {
	a := channels.Attachment{Name: f.Name, ContentType: f.Type, Content: f.Content, Ref: f.URL, SizeBytes: max(int64(f.Size), 0)}
	if a.Name == "" {
		a.Name = cmp.Or(fileNameIn(f.URL), "file")
	}
	if a.ContentType == "" {
		a.ContentType = cmp.Or(channels.TypeOf(a.Name), "application/octet-stream")
	}
	return a
}

// fileNameIn returns the last element of a URL's path, or "".
func fileNameIn(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	name := path.Base(u.Path)
	if name == "." || name == "/" { // path.Base of an empty path, or of slashes
		return ""
	}
	return name
}
