package email

import (
	"bytes"
	"encoding/json"
	"time"
)

// envelopeHead begins a stored payload that has an envelope; any other payload is a bare mail.
const envelopeHead = `{"v":`

// envelope is the first line of a stored payload: what the mailbox knows of a mail besides its bytes.
// Shape: {"v":1,"folder":"INBOX","uid":7,"uidvalidity":1,…} + "\n" + raw mail
type envelope struct {
	V            int       `json:"v"`
	Folder       string    `json:"folder"`
	UID          uint32    `json:"uid"`
	UIDValidity  uint32    `json:"uidvalidity"`
	InternalDate time.Time `json:"internal_date"`
	SizeBytes    int64     `json:"size"`
	Truncated    bool      `json:"truncated"`      // the mail is too large: only its headers were fetched
	Historical   bool      `json:"historical"`     // imported
	Sent         bool      `json:"sent,omitempty"` // Folder is the mailbox's Sent folder
}

// splitPayload separates the envelope from the mail. It ignores fields of the envelope that can't be
// read.
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
		return e, raw // e has the fields that could be read
	}
	return e, raw
}
