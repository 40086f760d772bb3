package fact

import (
	"encoding/json"
	"fmt"

	"parley/bot/upload"
	"parley/bridge"
)

// Upload is what the journal keeps of a reply that was sent on the upload page.
type Upload struct {
	Ticket upload.Ticket `json:"ticket"`
	Reply  upload.Reply  `json:"reply"`
}

// UploadID is the id of the fact that a ticket's reply becomes.
func UploadID(t upload.Ticket) string { return "a:" + t.Nonce + ":" + string(t.User) }

func (p Payload) decodeUpload() ([]bridge.Action, error) {
	var b Upload
	if err := json.Unmarshal(p.Body, &b); err != nil {
		return nil, fmt.Errorf("%w: upload: %w", errDecode, err)
	}

	text, err := upload.Text(b.Ticket, b.Reply)
	if err != nil {
		return nil, fmt.Errorf("%w: upload: %w", errDecode, err)
	}

	return []bridge.Action{{
		Verb:       bridge.VerbReply,
		Origin:     bridge.OriginForm,
		Actor:      bridge.Actor{ID: b.Ticket.User, Kind: bridge.ActorPerson},
		Place:      b.Ticket.Place,
		Args:       b.Ticket.Args(),
		OpenedForm: bridge.OpenedForm{Form: b.Ticket.Nonce, OpenedAt: b.Ticket.OpenedAt()},
		Text:       text,
		Files:      b.Reply.Files,
		Explicit:   true,
	}}, nil
}
