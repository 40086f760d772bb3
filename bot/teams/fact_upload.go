package teams

import (
	"encoding/json"
	"fmt"

	"parley/bot/upload"
	"parley/bridge"
)

// Upload is the Body of a Payload of KindUpload: a reply with files that an agent sent on Parley's upload page. The
// ticket says who opened the page, and for which conversation.
type Upload struct {
	Ticket upload.Ticket `json:"ticket"`
	Reply  upload.Reply  `json:"reply"`
}

// UploadID returns the id of the fact of a ticket's reply. A ticket counts only once.
func UploadID(t upload.Ticket) string { return "a:" + t.Nonce + ":" + string(t.User) }

func (p Payload) decodeUpload() ([]bridge.Action, error) {
	var sent Upload
	if err := json.Unmarshal(p.Body, &sent); err != nil {
		return nil, fmt.Errorf("%w: upload: %w", errDecode, err)
	}

	ticket := sent.Ticket
	text, err := upload.Text(ticket, sent.Reply)
	if err != nil {
		return nil, fmt.Errorf("%w: upload: %w", errDecode, err)
	}

	return []bridge.Action{{
		Verb:       bridge.VerbReply,
		Origin:     bridge.OriginForm,
		Actor:      bridge.Actor{ID: ticket.User, Kind: bridge.ActorPerson},
		Place:      ticket.Place,
		Args:       ticket.Args(),
		OpenedForm: bridge.OpenedForm{Form: ticket.Nonce, OpenedAt: ticket.OpenedAt()},
		Text:       text,
		Files:      sent.Reply.Files,
		Explicit:   true, // the page says that the text goes to the customer
	}}, nil
}
