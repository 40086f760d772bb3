package message

import (
	"bytes"
	"encoding/json"
	"time"
)

// envelopePrefix begins a payload that has an envelope. A payload without it is a bare mail.
const envelopePrefix = `{"v":`

// Envelope is what the IMAP server says about a mail besides its bytes. The payload in which a mail is stored has it as
// its first line:
//
//	{"v":1,"folder":"INBOX","uid":7,"uidvalidity":1,…}
//	From: Ann Lee <ann@customer.test>
//	…
type Envelope struct {
	V            int       `json:"v"` // the version of the format
	Folder       string    `json:"folder"`
	UID          uint32    `json:"uid"`
	UIDValidity  uint32    `json:"uidvalidity"`
	InternalDate time.Time `json:"internal_date"`
	SizeBytes    int64     `json:"size"`
	Truncated    bool      `json:"truncated"`      // the mail is too large: only its headers were fetched
	Historical   bool      `json:"historical"`     // the mail was imported
	Sent         bool      `json:"sent,omitempty"` // Folder is the Sent folder
}

// Line returns the envelope as the first line of a payload, with its newline.
func (e Envelope) Line() []byte {
	line, err := json.Marshal(e)
	if err != nil { // the date is after the year 9999
		e.InternalDate = time.Time{}
		line, _ = json.Marshal(e) // can't fail: the other fields are strings, numbers and bools
	}
	return append(line, '\n')
}

// SplitPayload splits a payload into the envelope and the mail, which is a part of payload. Fields of the envelope that
// are missing or invalid are zero.
func SplitPayload(payload []byte) (Envelope, []byte) {
	var e Envelope
	if !bytes.HasPrefix(payload, []byte(envelopePrefix)) {
		return e, payload
	}
	line, raw, _ := bytes.Cut(payload, []byte("\n"))
	_ = json.Unmarshal(line, &e) // on an error, e has the fields that could be read
	return e, raw
}
