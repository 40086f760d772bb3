// Package rawmail reads the form of a mail: its header, its MIME parts, and the encodings, character
// sets, addresses, dates and file names in them. It is as tolerant as real mail needs: whatever the
// bytes are, there is something to read. The same bytes give the same result on every machine, because
// stored ids depend on it, and what is read of one mail is limited, so that no mail costs much.
//
// What does not belong here: what a text says to its reader, and what a mail means for a conversation.
package rawmail
