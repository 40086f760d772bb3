package inbound

// These tests are about the parts of a mail: which of them are its text, and which are files.

// part is a part of a multipart.
type part struct {
	contentType string // with further fields, perhaps
	body        string
}
