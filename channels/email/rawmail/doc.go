// Package rawmail parses mails: the header, the tree of MIME parts, transfer encodings, charsets, addresses, dates and
// file names. It tolerates whatever real mail programs send, and never fails: there is always something to read. The
// same bytes give the same result on every machine, because stored IDs depend on it. All work is bounded, so that a
// hostile mail can't cost much.
//
// What does not belong here: what a text or a mail means for a conversation.
package rawmail
