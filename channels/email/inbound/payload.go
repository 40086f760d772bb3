package inbound

import (
	"bytes"
	"encoding/json"
	"time"
)

// envelopeHead begins a stored payload that has an envelope; any other payload is a bare mail.
const envelopeHead = `{"v":`

// Envelope is the first line of a stored payload: what the mailbox knows of a mail besides its bytes.
// Shape: {"v":1,"folder":"INBOX","uid":7,"uidvalidity":1,…} + "\n" + raw mail
type Envelope struct {
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

// Line returns the envelope as the first line of a payload, with its line end.
func (e Envelope) Line() []byte {
	line, err := json.Marshal(e)
	if err != nil { // a date beyond the year 9999
		e.InternalDate = time.Time{}
		line, _ = json.Marshal(e) // can't fail: all other fields are texts, numbers and bools
	}
	return append(line, '\n')
}

// SplitPayload separates the envelope from the mail. It ignores fields of the envelope that can't be read.
func SplitPayload(payload []byte) (Envelope, []byte) {
	var e Envelope
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
