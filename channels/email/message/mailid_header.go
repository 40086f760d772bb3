package message

import "strings"

// CopyHeader marks the copies of our mails that we file in the folder of sent mail ourselves. A mail of ours without
// it was filed by the server. Reconcile needs that difference.
const CopyHeader = "X-Parley-Copy"

// MessageHeader repeats the Message-ID of a mail that Parley sends. Some servers replace the Message-ID,
// and we must recognise the mail in the folder of sent mail.
const MessageHeader = "X-Parley-Message"

// OriginalHeader is the header in which Outlook.com keeps the Message-ID that it replaced.
const OriginalHeader = "X-Microsoft-Original-Message-ID"

// maxIDBytes is the length of the longest Message-ID that is written into a header. Lines of a header may have 998.
const maxIDBytes = 500

// Clean returns a Message-ID without its brackets, or "" if it can't be written into a header.
func Clean(id string) string {
	id = strings.TrimSpace(id)
	id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	if len(id) > maxIDBytes || strings.ContainsAny(id, "<>") {
		return ""
	}
	isPrintable := func(r rune) bool { return r > ' ' && r <= '~' } // in ASCII, and no blank
	if strings.ContainsFunc(id, func(r rune) bool { return !isPrintable(r) }) {
		return ""
	}
	return id
}
