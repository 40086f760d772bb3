package email

import (
	"bytes"
	"encoding/json"
	"time"
)

// envelopeHead is what a stored payload starts with; anything else is a bare mail.
const envelopeHead = `{"v":`

// envelope is the first line of a stored payload: what the mailbox knows of a
// mail besides its bytes.
// Shape: {"v":1,"folder":"INBOX","uid":7,"uidvalidity":1,…} + "\n" + raw mail
type envelope struct {
	V            int       `json:"v"`
	Folder       string    `json:"folder"`
	UID          uint32    `json:"uid"`
	UIDValidity  uint32    `json:"uidvalidity"`
	InternalDate time.Time `json:"internal_date"`
	SizeBytes    int64     `json:"size"`
	Truncated    bool      `json:"truncated"`      // only the headers were fetched: too big
	Historical   bool      `json:"historical"`     // imported
	Sent         bool      `json:"sent,omitempty"` // Folder is the mailbox's Sent folder
}

// splitPayload separates the envelope from the mail. An envelope that can't be
// read is dropped: the mail behind it still counts.
func splitPayload(payload []byte) (envelope, []byte) {
	var e envelope
	if !bytes.HasPrefix(payload, []byte(envelopeHead)) {
		return e, payload
	}
	line, raw, found := bytes.Cut(payload, []byte("\n"))
	if !found {
		raw = nil
	}
	if err := json.Unmarshal(line, &e); err != nil {
		// A field of the wrong type leaves the others; they were read already.
		return e, raw
	}
	return e, raw
}
